//! The record types of the tests.

use cloudkit_core::record::{Index, SystemIndexes};
use cloudkit_core::value::{ScalarType, ValueType};
use cloudkit_test_container::{FieldDef, Permission, RecordType, Role, Schema};

use super::field_of;

/// The record types of the tests.
pub(super) fn schema() -> Schema {
    let any = Index { queryable: true, sortable: true, searchable: false };
    let equality = Index { queryable: true, sortable: false, searchable: false };
    let system = SystemIndexes {
        record_name: equality,
        created_at: any,
        modified_at: any,
        created_by: equality,
        modified_by: equality,
    };
    let field = |name: &str, scalar| FieldDef::new(name, ValueType::one(scalar));
    let list = |name: &str, scalar| FieldDef::new(name, ValueType::list_of(scalar));

    let account = RecordType::new("Account")
        .field(field("owner", ScalarType::String).queryable().sortable().searchable())
        .field(field("cents", ScalarType::Int64).queryable().sortable())
        .field(field("rate", ScalarType::Double).queryable().sortable())
        .field(field("opened", ScalarType::Timestamp).queryable().sortable())
        .field(field("place", ScalarType::Location).queryable().sortable())
        .field(field("friend", ScalarType::Reference).queryable())
        .field(field("photo", ScalarType::Bytes))
        .field(field("note", ScalarType::String))
        .field(list("tags", ScalarType::String).queryable())
        .system_indexes(system)
        .default_grants();

    // Every type and its list form, each with every index it can have.
    let mut everything = RecordType::new("Everything").system_indexes(system).default_grants();
    for scalar in ScalarType::ALL {
        let (one, many) = (ValueType::one(scalar), ValueType::list_of(scalar));
        let (mut one, mut many) =
            (FieldDef::new(field_of(one.as_str()), one), FieldDef::new(field_of(many.as_str()), many));
        if scalar != ScalarType::Asset {
            one = one.queryable();
            many = many.queryable();
        }
        if !matches!(scalar, ScalarType::Asset | ScalarType::Reference) {
            one = one.sortable();
        }
        if scalar == ScalarType::String {
            one = one.searchable();
            many = many.searchable();
        }
        everything = everything.field(one).field(many);
    }

    // One field of each encryptable type, and a plain one.
    let mut secret = RecordType::new("Secret")
        .field(field("label", ScalarType::String).queryable())
        .system_indexes(system)
        .default_grants();
    for (name, scalar) in ENCRYPTABLE {
        secret = secret.field(field(name, scalar).encrypted());
    }

    let node = RecordType::new("Node")
        .field(field("label", ScalarType::String).queryable())
        .field(field("up", ScalarType::Reference).queryable())
        .field(list("others", ScalarType::Reference))
        .system_indexes(system)
        .default_grants();

    // Some indexes, and none on record names.
    let sparse = RecordType::new("Sparse")
        .field(field("name", ScalarType::String).queryable())
        .field(field("code", ScalarType::String).sortable())
        .field(field("text", ScalarType::String))
        .default_grants();
    // No index at all.
    let bare = RecordType::new("Bare").field(field("text", ScalarType::String)).default_grants();

    // The world reads, and nobody writes.
    let locked = RecordType::new("Locked")
        .field(field("text", ScalarType::String).queryable())
        .record_name_queryable()
        .grant(Permission::Read, Role::World);
    // Only who made it reads it.
    let diary = RecordType::new("Diary")
        .field(field("text", ScalarType::String).queryable())
        .record_name_queryable()
        .grant(Permission::Create, Role::ICloud)
        .grant(Permission::Read, Role::Creator)
        .grant(Permission::Write, Role::Creator);

    [account, everything, secret, node, sparse, bare, locked, diary]
        .into_iter()
        .fold(Schema::new(), Schema::record_type)
}

/// The encrypted fields of `Secret`.
pub(crate) const ENCRYPTABLE: [(&str, ScalarType); 6] = [
    ("string", ScalarType::String),
    ("int64", ScalarType::Int64),
    ("double", ScalarType::Double),
    ("timestamp", ScalarType::Timestamp),
    ("bytes", ScalarType::Bytes),
    ("location", ScalarType::Location),
];
