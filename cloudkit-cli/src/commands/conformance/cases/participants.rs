//! Statements 92 and 93: shares as a second user meets them.

use serde_json::{Value, json};

use super::{create, error, make_zone, modify_zone, operation};
use crate::commands::conformance::case::{Case, Step, Who, case, get, post};

/// Asks who both users are, and makes a record that can be shared, with another beside it. Its short GUID is kept as
/// `guid`.
fn prepared() -> Vec<Step> {
    let who = |who, name| {
        get(who, "public/users/caller")
            .expect(200, json!({ "userRecordName": "<text>" }))
            .keep(name, "/userRecordName")
    };
    let mut root = create("~root", json!({}));
    root["record"]["createShortGUID"] = json!(true);
    vec![
        who(Who::User, "owner"),
        who(Who::OtherUser, "other"),
        make_zone("~zone"),
        modify_zone("~zone", json!([root, create("~beside", json!({}))]))
            .expect(200, json!({ "records": [{ "shortGUID": "<text>" }, {}] }))
            .keep("tag", "/records/0/recordChangeTag"),
    ]
}

/// Shares the record with these participants.
fn shared(public_permission: &str, participants: Value) -> Step {
    let share = json!({ "recordType": "cloudkit.share", "recordName": "~share", "publicPermission": public_permission,
        "forRecord": { "recordName": "~root", "recordChangeTag": "$tag" }, "participants": participants, "fields": {} });
    modify_zone("~zone", json!([{ "operationType": "create", "record": share }]))
        .expect(200, json!({ "records": [{ "recordName": "~share", "shortGUID": "<text>" }] }))
        .keep("guid", "/records/0/shortGUID")
}

/// The second user, invited.
fn invited(more: Value) -> Value {
    let mut participant = json!({ "userIdentity": { "lookupInfo": { "userRecordName": "$other" } },
        "type": "USER", "acceptanceStatus": "INVITED" });
    if let (Some(all), Some(more)) = (participant.as_object_mut(), more.as_object()) {
        all.extend(more.clone());
    }
    json!([participant])
}

/// The second user asks about the share.
fn by_guid(action: &'static str) -> Step {
    post(Who::OtherUser, action, json!({ "shortGUIDs": [{ "value": "$guid" }] }))
}

const RESOLVE: &str = "public/records/resolve";
const ACCEPT: &str = "public/records/accept";

fn accepted() -> Step {
    by_guid(ACCEPT)
        .expect(200, json!({ "results": [{ "participantStatus": "ACCEPTED", "databaseScope": "SHARED" }] }))
}

fn in_share(path: &'static str, mut body: Value) -> Step {
    body["zoneID"] = json!({ "zoneName": "~zone", "ownerRecordName": "$owner" });
    post(Who::OtherUser, path, body)
}

fn followed_by(mut steps: Vec<Step>, more: impl IntoIterator<Item = Step>) -> Vec<Step> {
    steps.extend(more);
    steps
}

pub(super) fn cases() -> Vec<Case> {
    let read_only = || invited(json!({ "permission": "READ_ONLY" }));
    let result = |members: Value| json!({ "results": [members] });
    let looked_up =
        |name: &str| in_share("shared/records/lookup", json!({ "records": [{ "recordName": name }] }));
    vec![
        case(
            "c092f",
            "what a participant is told of a record that is not shared",
            followed_by(
                prepared(),
                [
                    shared("NONE", read_only()),
                    accepted(),
                    looked_up("~root").expect(200, super::names(&["~root"])),
                    looked_up("~beside")
                        .reading("that there is none", 200, super::item("NOT_FOUND", ""))
                        .reading("that it is not allowed", 200, super::item("ACCESS_DENIED", ""))
                        .reading("another error", 200, json!({ "records": [{ "serverErrorCode": "<text>" }] }))
                        .reading("what it holds", 200, super::names(&["~beside"])),
                ],
            ),
        )
        .settles(&["HIDDEN_RECORD"]),
        case(
            "c092g",
            "what a participant without permission may do",
            followed_by(
                prepared(),
                [
                    shared("NONE", invited(json!({}))),
                    by_guid(RESOLVE)
                        .reading("read", 200, result(json!({ "participantPermission": "READ_ONLY" })))
                        .reading("read and write", 200, result(json!({ "participantPermission": "READ_WRITE" })))
                        .reading("nothing", 200, result(json!({ "participantPermission": "NONE" })))
                        .reading("it is not told", 200, result(json!({ "participantPermission": "<absent>" }))),
                ],
            ),
        )
        .settles(&["PARTICIPANT_PERMISSION"]),
        case(
            "c092h",
            "what becomes of a share that a participant deletes",
            followed_by(
                prepared(),
                [
                    shared("NONE", read_only()),
                    accepted(),
                    in_share(
                        "shared/records/modify",
                        json!({ "operations": [{ "operationType": "forceDelete", "record": { "recordName": "~share" } }] }),
                    )
                    .expect(200, json!({ "records": [{ "recordName": "~share" }] })),
                    post(
                        Who::User,
                        "private/records/lookup",
                        json!({ "records": [{ "recordName": "~share" }], "zoneID": { "zoneName": "~zone" } }),
                    )
                    .reading(
                        "it stays, and the participant is off its list",
                        200,
                        json!({ "records": [{ "participants": [{ "type": "OWNER" }] }] }),
                    )
                    .reading("it stays, with the participant", 200, json!({ "records": [{ "participants": "<any>" }] }))
                    .reading("it is gone", 200, super::item("NOT_FOUND", "")),
                ],
            ),
        )
        .settles(&["DELETING_A_SHARED_SHARE_LEAVES_IT"]),
        case(
            "c093b",
            "what somebody is told who was not invited",
            followed_by(
                prepared(),
                [
                    shared("NONE", json!([])),
                    by_guid(RESOLVE)
                        .reading("that it is not allowed", 200, result(error("ACCESS_DENIED", "")))
                        .reading("that there is none", 200, result(error("NOT_FOUND", "")))
                        .reading("another error", 200, result(json!({ "serverErrorCode": "<text>" })))
                        .reading("who was invited instead", 200, result(json!({ "potentialMatchList": "<any>" })))
                        .reading("what is shared", 200, result(json!({ "share": "<any>" })))
                        .reading("nothing that is known", 200, result(json!({}))),
                ],
            ),
        )
        .settles(&["NOT_INVITED"]),
        case(
            "c093c",
            "accepting a share twice",
            followed_by(
                prepared(),
                [
                    shared("NONE", read_only()),
                    accepted(),
                    by_guid(ACCEPT)
                        .reading("is the same as once", 200, result(json!({ "participantStatus": "ACCEPTED" })))
                        .reading("is an error", 200, result(json!({ "serverErrorCode": "<text>" }))),
                ],
            ),
        )
        .settles(&["ACCEPTED_TWICE"]),
        case(
            "c092k",
            "whether accepting a share changes the share",
            followed_by(
                prepared(),
                [
                    shared("NONE", read_only()).keep("before", "/records/0/recordChangeTag"),
                    accepted(),
                    post(
                        Who::User,
                        "private/records/lookup",
                        json!({ "records": [{ "recordName": "~share" }], "zoneID": { "zoneName": "~zone" } }),
                    )
                    .reading("it does", 200, json!({ "records": ["<none>", { "recordChangeTag": "$before" },
                        { "serverErrorCode": "<text>" }] }))
                    .reading("it does not", 200, json!({ "records": [{ "recordChangeTag": "$before" }] })),
                ],
            ),
        )
        .settles(&["SHARES_ARE_RECORDS_THAT_CHANGE"]),
        case(
            "c093d",
            "a share with public permission lets everybody in who has its address",
            followed_by(
                prepared(),
                [
                    shared("READ_ONLY", json!([])),
                    by_guid(RESOLVE).expect(200, result(json!({ "participantPermission": "READ_ONLY" }))),
                    accepted(),
                    in_share(
                        "shared/records/modify",
                        json!({ "operations": [operation("forceUpdate", "~root", json!({}))], "atomic": false }),
                    )
                    .expect(200, super::item("ACCESS_DENIED", "")),
                ],
            ),
        ),
        case(
            "c082c",
            "reverse in the shared database",
            followed_by(
                prepared(),
                [
                    shared("NONE", read_only()),
                    accepted(),
                    post(
                        Who::OtherUser,
                        "shared/changes/zone",
                        json!({ "zones": [{ "zoneID": { "zoneName": "~zone", "ownerRecordName": "$owner" }, "reverse": true }] }),
                    )
                    .reading("is refused", 200, json!({ "zones": [{ "serverErrorCode": "BAD_REQUEST" }] }))
                    .reading("is refused with another error", 200, json!({ "zones": [{ "serverErrorCode": "<text>" }] }))
                    .reading("refuses the request", 400, json!({}))
                    .reading("is answered", 200, json!({ "zones": [{ "records": "<any>" }] })),
                ],
            ),
        )
        .settles(&["NO_REVERSE_IN_SHARED"]),
        case(
            "c092i",
            "how many participants a share may have beside its owner",
            followed_by(
                prepared(),
                [
                    modify_zone("~zone", json!([share_of_many(101)]))
                        .reading("fewer than 101", 400, json!({ "records": [{ "serverErrorCode": "<text>" }] }))
                        .reading("fewer than 101", 200, json!({ "records": [{ "serverErrorCode": "<text>" }] }))
                        .reading("101", 200, json!({ "records": [{ "recordName": "~share" }] })),
                    modify_zone("~zone", json!([share_of_many(100)]))
                        .reading("100", 200, json!({ "records": [{ "recordName": "~share", "serverErrorCode": "<absent>" }] }))
                        .reading("fewer", 200, json!({ "records": [{ "serverErrorCode": "<text>" }] }))
                        .reading("fewer", 400, json!({})),
                ],
            ),
        )
        .settles(&["MAX_PARTICIPANTS"])
        .not_live("it invites a hundred people"),
    ]
}

/// A share with so many people that nobody knows.
fn share_of_many(count: usize) -> Value {
    let participants: Vec<Value> = (0..count)
        .map(|at| {
            json!({ "userIdentity": { "lookupInfo": { "emailAddress": format!("ckc-{at}@example.invalid") } },
                "permission": "READ_ONLY", "type": "USER", "acceptanceStatus": "INVITED" })
        })
        .collect();
    json!({ "operationType": "create", "record": { "recordType": "cloudkit.share", "recordName": "~share",
        "publicPermission": "NONE", "forRecord": { "recordName": "~root", "recordChangeTag": "$tag" },
        "participants": participants, "fields": {} } })
}
