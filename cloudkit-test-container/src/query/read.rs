//! Reads query dictionaries, and refuses what the schema does not allow.

use cloudkit_core::record::Index;
use cloudkit_core::value::{ScalarType, ValueType};

use super::Comparator;
use super::comparator::IndexNeed;
use crate::api::ApiError;
use crate::facts;
use crate::json::{Node, Object};
use crate::schema::{FieldDef, RecordType};
use crate::store::words;
use crate::value::{Content, Location, RawField, Scalar, Tag};

/// A query that may be run. Its debug form is what its markers are bound to.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) filters: Vec<Filter>,
    pub(crate) sorts: Vec<Sort>,
}

/// One condition. All of them must hold.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    pub(crate) target: Target,
    pub(crate) comparator: Comparator,
    /// The values on the right: one, or the elements of a list.
    pub(crate) operand: Vec<Scalar>,
    /// The words of a token search.
    pub(crate) words: Vec<String>,
    /// The radius of `NEAR`, in metres.
    pub(crate) distance: f64,
}

/// What a filter or a sort looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Field(String),
    /// A field that CloudKit adds, under its name with underscores.
    System(&'static str),
    /// All searchable fields.
    AnyText(Vec<String>),
}

/// One part of the order of results.
#[derive(Clone, Debug)]
pub(crate) struct Sort {
    pub(crate) target: Target,
    pub(crate) descending: bool,
    pub(crate) kind: SortKind,
}

#[derive(Clone, Debug)]
pub(crate) enum SortKind {
    /// By the value.
    Value,
    /// By the distance from a place.
    Distance(Location),
    /// By an encrypted value: allowed, without meaning.
    Encrypted,
}

/// A field that every record has without declaring it.
struct SystemField {
    name: &'static str,
    mapped: &'static str,
    scalar: ScalarType,
}

const SYSTEM_FIELDS: [SystemField; 8] = [
    SystemField { name: "___recordID", mapped: "recordName", scalar: ScalarType::Reference },
    SystemField { name: "___share", mapped: "share", scalar: ScalarType::Reference },
    SystemField { name: "___parent", mapped: "parent", scalar: ScalarType::Reference },
    SystemField { name: "___createdBy", mapped: "createdUserRecordName", scalar: ScalarType::Reference },
    SystemField { name: "___createTime", mapped: "createdTimestamp", scalar: ScalarType::Timestamp },
    SystemField { name: "___modTime", mapped: "modifiedTimestamp", scalar: ScalarType::Timestamp },
    SystemField { name: "___modifiedBy", mapped: "modifiedUserRecordName", scalar: ScalarType::Reference },
    SystemField { name: "___etag", mapped: "___etag", scalar: ScalarType::String },
];

/// A field with what the schema says about it.
struct Known<'a> {
    target: Target,
    value_type: ValueType,
    encrypted: Option<&'a FieldDef>,
    index: Index,
    /// The name in the refusals of filters, and in those of sorts.
    filter_name: &'a str,
    sort_name: &'a str,
}

struct Reader<'a> {
    record_type: &'a RecordType,
}

/// Reads the filters alone of the dictionary `query`: what a subscription needs.
pub(crate) fn read_filters(query: &Object<'_>, record_type: &RecordType) -> Result<Vec<Filter>, ApiError> {
    let reader = Reader { record_type };
    entries(query, "filterBy")?.iter().map(|node| reader.filter(node)).collect()
}

/// Reads the dictionary `query`, whose record type is known.
pub(crate) fn read_query(query: &Object<'_>, record_type: &RecordType) -> Result<Query, ApiError> {
    if !record_type.has_any_index() {
        return Err(ApiError::bad_request("Queried type is not marked indexable"));
    }
    let filters = read_filters(query, record_type)?;
    let record_name = record_type.system.record_name;
    if filters.is_empty() && facts::EMPTY_FILTER_NEEDS_RECORD_NAME.value && !record_name.queryable {
        return Err(not_marked("recordName", "queryable"));
    }
    let mut sorts = Vec::new();
    for node in entries(query, "sortBy")? {
        sorts.push(Reader { record_type }.sort(node)?);
    }
    Ok(Query { filters, sorts })
}

fn entries<'n, 'a>(query: &'n Object<'a>, member: &str) -> Result<&'n [Node<'a>], ApiError> {
    match query.get(member) {
        None => Ok(&[]),
        Some(node) => node.as_array().ok_or_else(|| ApiError::unexpected(node)),
    }
}

fn not_marked(field: &str, option: &str) -> ApiError {
    ApiError::bad_request(format!("Field '{field}' is not marked {option}"))
}

impl<'a> Reader<'a> {
    fn known(&self, object: &Object<'_>) -> Result<Option<Known<'a>>, ApiError> {
        if let Some(node) = object.get("fieldName") {
            let name = node.as_str().ok_or_else(|| ApiError::unexpected(node))?;
            if let Some(def) = self.record_type.fields.get(name) {
                return Ok(Some(Known {
                    target: Target::Field(def.name.clone()),
                    value_type: def.value_type,
                    encrypted: def.encrypted.then_some(def),
                    index: def.index,
                    filter_name: &def.name,
                    sort_name: &def.name,
                }));
            }
            let name = if name == "___recordId" { "___recordID" } else { name };
            let system = SYSTEM_FIELDS.iter().find(|system| system.name == name);
            let system =
                system.ok_or_else(|| ApiError::bad_request(format!("Unknown field '{}'", shown(name))))?;
            return Ok(Some(self.known_system(system)));
        }
        let Some(node) = object.get("systemFieldName") else { return Ok(None) };
        let name = node.as_str().ok_or_else(|| ApiError::unexpected(node))?;
        let system = SYSTEM_FIELDS.iter().find(|system| system.mapped == name);
        let system =
            system.ok_or_else(|| ApiError::bad_request(format!("Unknown field '{}'", shown(name))))?;
        Ok(Some(self.known_system(system)))
    }

    fn known_system(&self, system: &SystemField) -> Known<'a> {
        let indexes = self.record_type.system;
        let index = match system.name {
            "___recordID" => indexes.record_name,
            "___createTime" => indexes.created_at,
            "___modTime" => indexes.modified_at,
            "___createdBy" => indexes.created_by,
            "___modifiedBy" => indexes.modified_by,
            _ => Index::default(),
        };
        Known {
            target: Target::System(system.name),
            value_type: ValueType::one(system.scalar),
            encrypted: None,
            index,
            filter_name: if facts::FILTER_ERROR_NAMES.value { system.mapped } else { system.name },
            sort_name: system.name,
        }
    }

    fn filter(&self, node: &Node<'_>) -> Result<Filter, ApiError> {
        let object = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
        let comparator = object.get("comparator").ok_or_else(|| ApiError::missing("comparator"))?;
        let comparator = comparator
            .as_str()
            .and_then(Comparator::from_wire)
            .ok_or_else(|| ApiError::unexpected(comparator))?;
        let value = object.get("fieldValue").ok_or_else(|| ApiError::missing("fieldValue"))?;
        let raw = RawField::read(value)?;
        let known = match self.known(object)? {
            Some(known) => known,
            None if comparator.is_token_search() => self.any_text()?,
            None => return Err(ApiError::missing("fieldName")),
        };
        if let Some(def) = known.encrypted {
            return Err(ApiError::bad_request(format!(
                "Field '{}' has a value type of {} and cannot be queried using filter type {}",
                def.name,
                def.type_text(),
                comparator.as_str()
            )));
        }
        let Some(wanted) = comparator.operand(known.value_type) else {
            return Err(ApiError::bad_request(format!(
                "Field '{}' has a value type of {} and cannot be queried using filter type {}",
                known.filter_name,
                known.value_type,
                comparator.as_str()
            )));
        };
        let operand = read_operand(&raw, wanted, &known)?;
        let (marked, option) = match comparator.index_need() {
            IndexNeed::Queryable => (known.index.queryable, "queryable"),
            IndexNeed::Ordered => {
                let sortable = facts::RANGE_ACCEPTS_EITHER_INDEX.value && known.index.sortable;
                (known.index.queryable || sortable, "queryable")
            }
            IndexNeed::Searchable => (known.index.searchable, "searchable"),
        };
        if !marked {
            return Err(not_marked(known.filter_name, option));
        }
        let distance = match object.get("distance") {
            None if comparator == Comparator::Near => return Err(ApiError::missing("distance")),
            None => 0.0,
            Some(node) => {
                let metres = node.as_number().and_then(|text| text.parse().ok());
                metres
                    .filter(|metres: &f64| metres.is_finite() && *metres >= 0.0)
                    .ok_or_else(|| ApiError::unexpected(node))?
            }
        };
        let searched = operand.first().filter(|_| comparator.is_token_search());
        let words = match searched {
            Some(Scalar::String(text)) => words(text).into_iter().collect(),
            _ => Vec::new(),
        };
        Ok(Filter { target: known.target, comparator, operand, words, distance })
    }

    fn any_text(&self) -> Result<Known<'a>, ApiError> {
        let searchable = self.record_type.fields.values().filter(|def| def.index.searchable);
        let names: Vec<String> = searchable.map(|def| def.name.clone()).collect();
        let index = Index { searchable: !names.is_empty(), ..Index::default() };
        Ok(Known {
            target: Target::AnyText(names),
            value_type: ValueType::one(ScalarType::String),
            encrypted: None,
            index,
            filter_name: "self",
            sort_name: "self",
        })
    }

    fn sort(&self, node: &Node<'_>) -> Result<Sort, ApiError> {
        let object = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
        let known = self.known(object)?.ok_or_else(|| ApiError::missing("fieldName"))?;
        let descending = match object.get("ascending") {
            None => false,
            Some(node) => !node.as_bool().ok_or_else(|| ApiError::unexpected(node))?,
        };
        if known.encrypted.is_some() {
            return Ok(Sort { target: known.target, descending, kind: SortKind::Encrypted });
        }
        if !known.index.sortable {
            return Err(not_marked(known.sort_name, "sortable"));
        }
        let place = ValueType::one(ScalarType::Location);
        let kind = if known.value_type == place {
            let node = object.get("relativeLocation").ok_or_else(|| ApiError::missing("relativeLocation"))?;
            let operand = read_operand(&RawField::read(node)?, place, &known)?;
            match operand.into_iter().next() {
                Some(Scalar::Location(location)) => SortKind::Distance(location),
                _ => return Err(ApiError::unexpected(node)),
            }
        } else {
            SortKind::Value
        };
        Ok(Sort { target: known.target, descending, kind })
    }
}

fn shown(name: &str) -> String {
    name.chars().take(255).collect()
}

fn read_operand(
    raw: &RawField<'_, '_>,
    wanted: ValueType,
    known: &Known<'_>,
) -> Result<Vec<Scalar>, ApiError> {
    let mismatch = |given: &str| {
        ApiError::bad_request(format!(
            "Field '{}' has a value type of {} and cannot be queried using filter value type {given}",
            known.filter_name, known.value_type
        ))
    };
    let is_system_reference =
        matches!(known.target, Target::System(_)) && wanted.scalar == ScalarType::Reference;
    let mut read_as = wanted;
    match &raw.tag {
        Some(Tag::Type(given)) if *given == wanted => {}
        Some(Tag::Type(given)) if wanted.list && !given.list => {
            return Err(ApiError::bad_request(facts::UNTAGGED_LIST_OPERAND.value));
        }
        // Record names may come as plain texts too.
        Some(Tag::Type(given))
            if is_system_reference && given.scalar == ScalarType::String && given.list == wanted.list =>
        {
            read_as = *given;
        }
        Some(Tag::Type(given)) => return Err(mismatch(given.as_str())),
        Some(Tag::Encrypted(given)) => return Err(mismatch(given)),
        Some(Tag::UnknownList) if wanted.list => {}
        Some(Tag::UnknownList) => return Err(mismatch("UNKNOWN_LIST")),
        None if wanted.list => return Err(ApiError::bad_request(facts::UNTAGGED_LIST_OPERAND.value)),
        None => {
            let inferred = raw.inferred();
            let scalar = inferred.filter(|inferred| !inferred.list).map(|inferred| inferred.scalar);
            let fits = match (scalar, wanted.scalar) {
                (_, ScalarType::Timestamp | ScalarType::Bytes) => false,
                (Some(ScalarType::String), ScalarType::Reference) if is_system_reference => {
                    read_as = ValueType::one(ScalarType::String);
                    true
                }
                // What cannot be a reference is refused as such below.
                (_, ScalarType::Reference) => true,
                (Some(ScalarType::Int64), ScalarType::Double) => true,
                (Some(scalar), wanted) => scalar == wanted,
                (None, _) => false,
            };
            if !fits {
                return Err(match (inferred, wanted.scalar) {
                    (_, ScalarType::Timestamp | ScalarType::Bytes) | (None, _) => {
                        ApiError::bad_request(format!("Invalid value, expected type {wanted}"))
                    }
                    (Some(inferred), _) => mismatch(inferred.as_str()),
                });
            }
        }
    }
    let content = raw.operand(read_as).map_err(ApiError::bad_request)?;
    let mut scalars = match content {
        Content::One(scalar) => vec![scalar],
        Content::List(scalars) => scalars,
    };
    if is_system_reference {
        // Names of records and users are compared as the texts they are.
        for scalar in &mut scalars {
            if let Scalar::Reference(reference) = scalar {
                *scalar = Scalar::String(std::mem::take(&mut reference.record_name));
            }
        }
    }
    Ok(scalars)
}
