//! The schemas of both environments: how they are kept, and how they change.

use std::sync::{Arc, MutexGuard, PoisonError};

use cloudkit_core::Environment;

use super::State;
use super::state::ENVIRONMENTS;
use crate::schema::{Schema, SchemaError, SchemaSource, check_import, complete, read};
use crate::snapshot::{DeclaredSchema, Snapshot};
use crate::store::{INDEX_FORM, LoadError, Store, StoreError};

/// The schema of each environment.
#[derive(Clone, Debug)]
pub(crate) struct Schemas {
    development: EnvironmentSchema,
    production: EnvironmentSchema,
}

/// The schema of one environment.
#[derive(Clone, Debug)]
struct EnvironmentSchema {
    /// What was imported, deployed, or created by saves.
    declared: Arc<cloudkit_schema::Schema>,
    /// The same as requests are checked by.
    served: Arc<Schema>,
    /// Whether somebody has declared it; otherwise saves alone have made it.
    imported: bool,
}

/// Why a schema did not change. Nothing of it did.
#[derive(Debug)]
pub(crate) enum SchemaFailure {
    Refused(SchemaError),
    Store(StoreError),
}

impl From<StoreError> for SchemaFailure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<SchemaError> for SchemaFailure {
    fn from(error: SchemaError) -> Self {
        Self::Refused(error)
    }
}

impl EnvironmentSchema {
    fn new(declared: cloudkit_schema::Schema, imported: bool, open_indexes: Option<bool>) -> Self {
        let declared = complete(declared, None);
        let mut served = Schema::of(&declared);
        if open_indexes.unwrap_or(!imported) {
            for record_type in served.record_types.values_mut() {
                *record_type = record_type.clone().with_open_indexes();
            }
        }
        Self { declared: Arc::new(declared), served: Arc::new(served), imported }
    }

    /// Reads what the store has kept of an environment.
    fn load(
        store: &Store,
        environment: Environment,
        open_indexes: Option<bool>,
    ) -> Result<Option<Self>, StoreError> {
        let Some(text) = store.read_meta(&format!("schema/{environment}"))? else { return Ok(None) };
        let declared = cloudkit_schema::Schema::parse(&text).map_err(|_| StoreError::DamagedSchema)?;
        let imported = store.read_meta(&format!("imported/{environment}"))?.as_deref() == Some("yes");
        Ok(Some(Self::new(declared, imported, open_indexes)))
    }

    fn save(&self, store: &Store, environment: Environment) -> Result<(), StoreError> {
        store.write_meta(&format!("schema/{environment}"), self.declared.to_string())?;
        store.write_meta(&format!("imported/{environment}"), if self.imported { "yes" } else { "no" })?;
        store.write_meta(&format!("indexes/{environment}"), self.indexes())
    }

    /// What the indexes depend on.
    fn indexes(&self) -> String {
        format!("{INDEX_FORM} {:?}", self.served)
    }
}

impl Schemas {
    /// The schema that the builder names, for both environments; or what the store has kept; or none.
    pub(crate) fn new(
        declared: Option<cloudkit_schema::Schema>,
        open_indexes: Option<bool>,
        store: &Store,
    ) -> Result<Self, StoreError> {
        let of = |environment| {
            if let Some(declared) = &declared {
                return Ok::<_, StoreError>(EnvironmentSchema::new(declared.clone(), true, open_indexes));
            }
            let kept = EnvironmentSchema::load(store, environment, open_indexes)?;
            Ok(kept.unwrap_or_else(|| {
                EnvironmentSchema::new(cloudkit_schema::Schema::new(), false, open_indexes)
            }))
        };
        Ok(Self { development: of(Environment::Development)?, production: of(Environment::Production)? })
    }

    fn get(&self, environment: Environment) -> &EnvironmentSchema {
        match environment {
            Environment::Development => &self.development,
            Environment::Production => &self.production,
        }
    }

    fn set(&mut self, environment: Environment, schema: EnvironmentSchema) {
        match environment {
            Environment::Development => self.development = schema,
            Environment::Production => self.production = schema,
        }
    }
}

impl State {
    fn schemas(&self) -> MutexGuard<'_, Schemas> {
        self.schemas.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The schema that requests are checked by.
    pub(crate) fn schema(&self, environment: Environment) -> Arc<Schema> {
        Arc::clone(&self.schemas().get(environment).served)
    }

    /// The declared schema, as text in the form in which CloudKit exports it.
    pub(crate) fn export_schema(&self, environment: Environment) -> String {
        let declared = Arc::clone(&self.schemas().get(environment).declared);
        declared.to_string()
    }

    /// Whether an import of this text into development would be taken.
    pub(crate) fn validate_schema(&self, text: &str) -> Result<(), SchemaError> {
        self.wanted(text).map(|_| ())
    }

    /// Makes this text the whole schema of development. What it leaves out is gone, with its values.
    pub(crate) fn import_schema(&self, text: &str) -> Result<(), SchemaFailure> {
        let mut store = self.store();
        let schema = self.wanted(text)?;
        let schema = EnvironmentSchema::new(schema, true, self.settings().open_indexes);
        let known = self.schema(Environment::Development);
        self.replace(&mut store, Environment::Development, schema, |store, schema| {
            if *known == *schema { Ok(()) } else { store.conform(Environment::Development, schema) }
        })?;
        Ok(())
    }

    /// Adds to production what development has and production has not.
    pub(crate) fn deploy_schema(&self) -> Result<(), SchemaFailure> {
        let mut store = self.store();
        let (development, production) = {
            let schemas = self.schemas();
            (Arc::clone(&schemas.development.declared), Arc::clone(&schemas.production.declared))
        };
        let mut merged = cloudkit_schema::Schema::clone(&production);
        merged.merge(&development).map_err(|conflict| SchemaError::of(vec![conflict.to_string()]))?;
        let schema = EnvironmentSchema::new(merged, true, self.settings().open_indexes);
        self.replace(&mut store, Environment::Production, schema, |store, _| {
            store.deploy_subscription_shapes()
        })?;
        Ok(())
    }

    /// Makes development's schema equal to production's and deletes all of development's data.
    pub(crate) fn reset_development(&self) -> Result<(), StoreError> {
        {
            let mut store = self.store();
            let schema = self.schemas().production.clone();
            self.replace(&mut store, Environment::Development, schema, |store, _| {
                store.clear(Environment::Development)?;
                store.reset_subscription_shapes()?;
                // Whoever comes with one has data that is no more, and no feed tells of it.
                store.expire_sync_tokens(Environment::Development)
            })?;
        }
        self.ensure_user_records(Environment::Development)
    }

    /// Takes over the types and fields that saves in development have created.
    pub(crate) fn grow_schema(&self, store: &mut Store, grown: &Schema) -> Result<(), StoreError> {
        let (mut declared, imported) = {
            let schemas = self.schemas();
            (cloudkit_schema::Schema::clone(&schemas.development.declared), schemas.development.imported)
        };
        for record_type in grown.record_types.values() {
            let name = &record_type.name;
            if declared.record_type(name).is_none() {
                declared.record_types.push(cloudkit_schema::RecordType::new(name).with_default_grants());
            }
            let Some(known) = declared.record_types.iter_mut().find(|known| known.name == *name) else {
                continue;
            };
            for field in record_type.fields.values() {
                if known.field(&field.name).is_none() {
                    known.fields.push(field.declare());
                }
            }
        }
        let schema = EnvironmentSchema::new(declared, imported, self.settings().open_indexes);
        self.replace(store, Environment::Development, schema, |_, _| Ok(()))
    }

    /// The schema of a text, if development may have it.
    fn wanted(&self, text: &str) -> Result<cloudkit_schema::Schema, SchemaError> {
        let wanted = read(&SchemaSource::from(text))?;
        let (development, production) = {
            let schemas = self.schemas();
            (Arc::clone(&schemas.development.declared), Arc::clone(&schemas.production.declared))
        };
        check_import(&wanted, &development, &production)?;
        Ok(complete(wanted, Some(&development)))
    }

    /// Gives an environment another schema, with what it does to the records and their indexes: all of it or nothing.
    fn replace(
        &self,
        store: &mut Store,
        environment: Environment,
        schema: EnvironmentSchema,
        change: impl FnOnce(&mut Store, &Schema) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let known = self.schema(environment);
        store.transaction(|store| {
            change(store, &schema.served)?;
            // Whoever starts a container again imports the schema that it has.
            if known != schema.served {
                for database in store.databases(environment)? {
                    store.rebuild_index(database, |record| schema.served.get(&record.record_type))?;
                }
            }
            schema.save(store, environment)
        })?;
        self.schemas().set(environment, schema);
        Ok(())
    }

    /// Keeps the schemas, and builds the indexes of a store from a file anew if it was last used with others, or was
    /// left behind.
    pub(super) fn settle_schemas(&self) -> Result<(), StoreError> {
        let mut store = self.store();
        let schemas = self.schemas();
        store.transaction(|store| {
            let was_behind = store.forget_lag()?;
            for environment in ENVIRONMENTS {
                let schema = schemas.get(environment);
                let indexes = store.read_meta(&format!("indexes/{environment}"))?;
                if was_behind || indexes.as_deref() != Some(&schema.indexes()) {
                    for database in store.databases(environment)? {
                        store.rebuild_index(database, |record| schema.served.get(&record.record_type))?;
                    }
                }
                schema.save(store, environment)?;
            }
            Ok(())
        })
    }

    /// Everything that the container holds.
    pub(crate) fn snapshot(&self) -> Result<Snapshot, StoreError> {
        // Schemas do not change as long as the store is held.
        let mut store = self.store();
        let schemas = self.schemas().clone();
        let declared = |environment| {
            let schema = schemas.get(environment);
            (environment, DeclaredSchema { text: schema.declared.to_string(), imported: schema.imported })
        };
        Ok(Snapshot {
            container_id: self.settings().container_id.clone(),
            schemas: ENVIRONMENTS.into_iter().map(declared).collect(),
            content: store.dump()?,
        })
    }

    /// Puts a snapshot in place of everything that the container holds: all of it or nothing.
    pub(crate) fn restore(&self, snapshot: &Snapshot) -> Result<(), SnapshotFailure> {
        {
            let mut store = self.store();
            let mut schemas = self.schemas().clone();
            for (environment, DeclaredSchema { text, imported }) in &snapshot.schemas {
                let declared = cloudkit_schema::Schema::parse(text)
                    .map_err(|errors| SnapshotFailure::Schema(*environment, errors.to_string()))?;
                let schema = EnvironmentSchema::new(declared, *imported, self.settings().open_indexes);
                schemas.set(*environment, schema);
            }
            store.transaction(|store| {
                store.load(&snapshot.content)?;
                for environment in ENVIRONMENTS {
                    let schema = schemas.get(environment);
                    for database in store.databases(environment)? {
                        store.rebuild_index(database, |record| schema.served.get(&record.record_type))?;
                    }
                    schema.save(store, environment)?;
                }
                Ok::<_, LoadError>(())
            })?;
            *self.schemas() = schemas;
        }
        for environment in ENVIRONMENTS {
            self.ensure_user_records(environment).map_err(LoadError::from)?;
        }
        Ok(())
    }
}

/// Why a snapshot was not restored. Nothing has changed.
#[derive(Debug)]
pub(crate) enum SnapshotFailure {
    Schema(Environment, String),
    Load(LoadError),
}

impl From<LoadError> for SnapshotFailure {
    fn from(error: LoadError) -> Self {
        Self::Load(error)
    }
}
