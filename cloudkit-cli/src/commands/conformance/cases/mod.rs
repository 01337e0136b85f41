//! The cases, a file for each subject. The numbers are those of the statements that `tests/it/conformance` checks.

mod access;
mod changes;
mod files;
mod lookup;
mod modify;
mod participants;
mod push;
mod query;
mod sharing;
mod signing;
mod transport;
mod unseen;
mod users;
mod values;
mod zones;

use serde_json::{Value, json};

use super::case::{Case, Step, Who, post};
pub(super) use unseen::UNSEEN;

/// All cases, in the order of their numbers.
pub(super) fn all() -> Vec<Case> {
    let mut all = [
        transport::cases(),
        access::cases(),
        signing::cases(),
        modify::cases(),
        lookup::cases(),
        values::cases(),
        query::cases(),
        zones::cases(),
        changes::cases(),
        sharing::cases(),
        files::cases(),
        users::cases(),
        participants::cases(),
        push::cases(),
    ]
    .concat();
    all.sort_by_key(|case: &Case| case.id);
    all
}

const LOOKUP: &str = "public/records/lookup";
const MODIFY: &str = "public/records/modify";
const QUERY: &str = "public/records/query";

/// The type of every record.
const TYPE: &str = "CKConformance";

fn typed(type_name: &str, value: impl Into<Value>) -> Value {
    json!({ "value": value.into(), "type": type_name })
}

pub(super) fn text(value: &str) -> Value {
    typed("STRING", value)
}

fn number(value: i64) -> Value {
    typed("INT64", value)
}

pub(super) fn filter(field: &str, comparator: &str, value: Value) -> Value {
    json!({ "fieldName": field, "comparator": comparator, "fieldValue": value })
}

/// An operation on a record of the type, without a change tag.
fn operation(kind: &str, name: &str, fields: Value) -> Value {
    json!({ "operationType": kind, "record": { "recordType": TYPE, "recordName": name, "fields": fields } })
}

/// The same with a change tag.
fn tagged(kind: &str, name: &str, tag: &str, fields: Value) -> Value {
    json!({ "operationType": kind,
        "record": { "recordType": TYPE, "recordName": name, "recordChangeTag": tag, "fields": fields } })
}

fn create(name: &str, fields: Value) -> Value {
    operation("create", name, fields)
}

/// Operations in the public database, by the server key.
fn modify(operations: Value) -> Step {
    post(Who::Key, MODIFY, json!({ "operations": operations }))
}

/// Operations in a zone of the user's private database.
fn modify_zone(zone: &str, operations: Value) -> Step {
    post(
        Who::User,
        "private/records/modify",
        json!({ "operations": operations, "zoneID": { "zoneName": zone } }),
    )
}

fn lookup(names: &[&str]) -> Step {
    let records: Vec<Value> = names.iter().map(|name| json!({ "recordName": name })).collect();
    post(Who::Key, LOOKUP, json!({ "records": records }))
}

/// A query of what the case has saved with `run` set, in ascending order of `number`.
fn find(filters: Vec<Value>) -> Step {
    let mut filter_by = vec![filter("run", "EQUALS", text("~"))];
    filter_by.extend(filters);
    post(
        Who::Key,
        QUERY,
        json!({ "query": { "recordType": TYPE, "filterBy": filter_by,
        "sortBy": [{ "fieldName": "number" }] } }),
    )
}

fn make_zone(name: &str) -> Step {
    post(Who::User, "private/zones/modify", zone_operations(&[("create", name)]))
}

fn zone_operations(operations: &[(&str, &str)]) -> Value {
    let operations: Vec<Value> = operations
        .iter()
        .map(|(kind, name)| json!({ "operationType": kind, "zone": { "zoneID": { "zoneName": name } } }))
        .collect();
    json!({ "operations": operations })
}

/// The one item of an answer is this error.
fn item(code: &str, reason: &str) -> Value {
    json!({ "records": [error(code, reason)] })
}

fn error(code: &str, reason: &str) -> Value {
    json!({ "serverErrorCode": code, "reason": format!("<has {reason}>") })
}

fn bad_request(reason: &str) -> Value {
    error("BAD_REQUEST", reason)
}

fn names(names: &[&str]) -> Value {
    let records: Vec<Value> = names.iter().map(|name| json!({ "recordName": name })).collect();
    json!({ "records": records })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use cloudkit_test_container::facts;

    use super::*;

    #[test]
    fn numbers_are_used_once_and_facts_exist() {
        let cases = all();
        let numbers: HashSet<_> = cases.iter().map(|case| case.id).collect();
        assert_eq!(numbers.len(), cases.len());
        for case in cases {
            for fact in case.facts {
                assert!(facts::ALL.iter().any(|row| row.id == fact), "{} names no fact: {fact}", case.id);
            }
        }
    }

    /// What no case sees has a reason, and nothing has both.
    #[test]
    fn every_fact_has_a_case_or_a_reason() {
        let seen: HashSet<_> = all().into_iter().flat_map(|case| case.facts).collect();
        for fact in facts::ALL {
            let has_reason = UNSEEN.iter().any(|(id, _)| *id == fact.id);
            assert_ne!(seen.contains(fact.id), has_reason, "{} has a case, or a reason for none", fact.id);
        }
        for (id, reason) in UNSEEN {
            assert!(facts::ALL.iter().any(|fact| fact.id == *id) && !reason.is_empty(), "{id}");
        }
    }

    /// A case of preparations alone would check nothing.
    #[test]
    fn every_case_expects_something() {
        for case in all() {
            assert!(case.steps.iter().any(|step| !step.readings.is_empty()), "{}", case.id);
        }
    }

    /// Those whose readings disagree are told apart, whatever the answer.
    #[test]
    fn every_disputed_fact_that_a_key_or_user_can_see_has_a_probe() {
        let probes: HashSet<_> =
            all().into_iter().filter(Case::is_probe).flat_map(|case| case.facts).collect();
        for fact in facts::ALL.iter().filter(|fact| fact.standing == facts::Standing::Disputed) {
            assert!(probes.contains(fact.id), "{} has no probe", fact.id);
        }
        for row in ["M8", "M17", "K1", "K3", "S6", "R2", "R7", "R11", "T1"] {
            assert!(
                all().iter().any(|case| case.is_probe() && case.rows.contains(&row)),
                "{row} has no probe"
            );
        }
    }
}
