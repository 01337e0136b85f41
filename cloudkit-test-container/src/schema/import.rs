//! What an import may change, and what production keeps.

use cloudkit_core::record::RecordDescriptor;
use cloudkit_schema::model::{SHARE, SHARE_FIELDS, USERS};
use cloudkit_schema::{Document, Field, RecordType, Schema};

use super::declared::Source;
use super::{SchemaError, SchemaSource};

/// Reads a schema and checks it by itself.
pub(crate) fn read(source: &SchemaSource) -> Result<Schema, SchemaError> {
    let (schema, problems) = match &source.0 {
        Source::Text(text) => {
            let document = Document::parse(text);
            (document.schema, document.problems)
        }
        Source::Declared(schema) => (schema.clone(), schema.check()),
    };
    SchemaError::of_problems(&problems).map_or(Ok(schema), Err)
}

/// Whether CloudKit could have this record type.
pub(crate) fn check_record_type(record_type: &super::RecordType) -> Result<(), SchemaError> {
    let alone = super::Schema::new().record_type(record_type.clone());
    read(&SchemaSource::from(alone)).map(|_| ())
}

/// The schema that a builder describes; `None` if it describes none.
pub(crate) fn declared_schema(
    source: Option<&SchemaSource>,
    descriptors: &[RecordDescriptor],
) -> Result<Option<Schema>, SchemaError> {
    if source.is_none() && descriptors.is_empty() {
        return Ok(None);
    }
    let mut schema = source.map(read).transpose()?.unwrap_or_default();
    let described = cloudkit_core::schema::of_descriptors(descriptors)
        .map_err(|error| SchemaError::of(vec![error.to_string()]))?;
    let described = read(&described.into())?;
    schema.merge(&described).map_err(|error| SchemaError::of(vec![error.to_string()]))?;
    Ok(Some(schema))
}

/// Adds what CloudKit adds to every schema: the record type of users, and the fields of shares.
pub(crate) fn complete(mut schema: Schema, before: Option<&Schema>) -> Schema {
    match schema.record_types.iter_mut().find(|record_type| record_type.name == USERS) {
        None => {
            let users = before.and_then(|before| before.record_type(USERS)).cloned();
            schema.record_types.push(users.unwrap_or_else(RecordType::users));
        }
        Some(users) => {
            add_fields(users, RecordType::users().fields);
            if users.grants.is_empty() {
                users.grants = RecordType::users().grants;
            }
        }
    }
    if let Some(share) = schema.record_types.iter_mut().find(|record_type| record_type.name == SHARE) {
        add_fields(share, SHARE_FIELDS.map(|(name, data_type)| Field::new(name, data_type)).to_vec());
    }
    schema
}

fn add_fields(record_type: &mut RecordType, fields: Vec<Field>) {
    for field in fields {
        if record_type.field(&field.name).is_none() {
            record_type.fields.push(field);
        }
    }
}

/// Refuses an import that would lose what production has, or what CloudKit manages. What only development has may go.
pub(crate) fn check_import(
    wanted: &Schema,
    development: &Schema,
    production: &Schema,
) -> Result<(), SchemaError> {
    let diff = development.diff(wanted).against(production);
    let refusals = diff.changes.iter().filter_map(|change| Some((change.service_message()?, change)));
    let refusals: Vec<String> = refusals.map(|(message, change)| format!("{message}: {change}")).collect();
    if refusals.is_empty() { Ok(()) } else { Err(SchemaError::of(refusals)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(body: &str) -> Schema {
        complete(Schema::parse(&format!("DEFINE SCHEMA {body}")).expect("a schema"), None)
    }

    #[track_caller]
    fn check(wanted: &str, development: &str, production: &str, expected: &[&str]) {
        let (wanted, development, production) = (schema(wanted), schema(development), schema(production));
        let refusals = match check_import(&wanted, &development, &production) {
            Ok(()) => Vec::new(),
            Err(error) => error.to_string().lines().map(str::to_owned).collect(),
        };
        assert_eq!(refusals.len(), expected.len(), "{refusals:?}");
        for (refusal, expected) in refusals.iter().zip(expected) {
            assert!(refusal.starts_with(expected), "{refusal:?} is not {expected:?}");
        }
    }

    const A: &str = "RECORD TYPE A ( f STRING QUERYABLE, GRANT READ TO \"_world\" );";

    #[test]
    fn what_production_has_cannot_go() {
        let deleted = "invalid attempt to delete a record type which is active in a production container";
        check("", A, A, &[deleted]);
        check("RECORD TYPE A ( g STRING );", A, A, &["invalid attempt to delete a field"]);
        for other in ["INT64", "LIST<STRING>", "ENCRYPTED STRING"] {
            let wanted = format!("RECORD TYPE A ( f {other} );");
            check(&wanted, A, A, &["invalid attempt to change the type of a field"]);
        }
        check("", "CREATE ROLE r;", "CREATE ROLE r;", &["invalid attempt to delete a role"]);
        let managed = "RECORD TYPE \"cloudkit.share\" ( );";
        check("", managed, "", &["invalid attempt to delete cloudkit managed record type"]);
        check("", managed, managed, &["invalid attempt to delete cloudkit managed record type"]);
    }

    #[test]
    fn what_only_development_has_can_go_and_whatever_loses_no_data_can_change() {
        check("", A, "", &[]);
        check("RECORD TYPE A ( f INT64 );", A, "", &[]);
        check("", "CREATE ROLE r;", "", &[]);
        // Without the index, with other grants, and with more of everything.
        check(
            "CREATE ROLE r; RECORD TYPE A ( f STRING, g INT64, GRANT READ TO r ); RECORD TYPE B ( );",
            A,
            A,
            &[],
        );
    }

    #[test]
    fn a_number_settles_once() {
        let number = |kind: &str| format!("RECORD TYPE A ( n NUMBER{kind} );");
        check(&number(" PREFERRED AS INT64"), &number(""), &number(""), &[]);
        let settled = number(" PREFERRED AS INT64");
        check(
            &number(" PREFERRED AS DOUBLE"),
            &settled,
            &settled,
            &["invalid attempt to change the type of a field"],
        );
        check(
            "RECORD TYPE A ( n INT64 );",
            &settled,
            &settled,
            &["invalid attempt to change the type of a field"],
        );
    }

    #[test]
    fn shares_and_users_are_completed() {
        let schema = schema("RECORD TYPE Users ( nick STRING ); RECORD TYPE \"cloudkit.share\" ( );");
        let has = |record_type: &str, field: &str| {
            schema.record_type(record_type).is_some_and(|record_type| record_type.field(field).is_some())
        };
        assert!(has(USERS, "nick") && has(USERS, "roles") && has(SHARE, "cloudkit.title"));
    }
}
