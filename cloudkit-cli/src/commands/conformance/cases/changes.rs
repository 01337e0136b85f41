//! Statements 76 to 88: change feeds, their tokens, and subscriptions.

use serde_json::{Value, json};

use super::{TYPE, bad_request, create, error, filter, make_zone, modify_zone, number, operation, text};
use crate::commands::conformance::case::{Case, Step, Who, case, post};

const ZONE: &str = "private/changes/zone";
const DATABASE: &str = "private/changes/database";
const ZONES: &str = "private/zones/changes";
const UNKNOWN: &str = "Unknown sync continuation type";
const TOKEN: &str = "/zones/0/syncToken";

/// One page of a zone's feed.
fn feed(more: Value) -> Step {
    let mut entry = json!({ "zoneID": { "zoneName": "~zone" } });
    if let (Some(all), Some(more)) = (entry.as_object_mut(), more.as_object()) {
        all.extend(more.clone());
    }
    post(Who::User, ZONE, json!({ "zones": [entry] }))
}

fn save(name: &str) -> Step {
    modify_zone("~zone", json!([operation("forceUpdate", name, json!({ "number": number(1) }))]))
}

fn page(names: &[&str], more: bool) -> Value {
    let records: Vec<Value> = names.iter().map(|name| json!({ "recordName": name })).collect();
    json!({ "zones": [{ "records": records, "moreComing": more, "syncToken": "<text>" }] })
}

fn unknown() -> Value {
    json!({ "zones": [error("BAD_REQUEST", UNKNOWN)] })
}

/// A subscription to what the case saves.
fn subscription(id: &str, more: Value) -> Value {
    let mut subscription = json!({ "subscriptionID": id, "subscriptionType": "query", "firesOn": ["create"],
        "query": { "recordType": TYPE, "filterBy": [filter("run", "EQUALS", text("~"))] } });
    if let (Some(all), Some(more)) = (subscription.as_object_mut(), more.as_object()) {
        all.extend(more.clone());
    }
    subscription
}

fn subscribe(database: &'static str, subscription: Value) -> Step {
    post(
        Who::User,
        database,
        json!({ "operations": [{ "operationType": "create", "subscription": subscription }] }),
    )
}

const PUBLIC: &str = "public/subscriptions/modify";
const PRIVATE: &str = "private/subscriptions/modify";

pub(super) fn cases() -> Vec<Case> {
    [databases(), zones(), deprecated(), subscriptions()].concat()
}

fn databases() -> Vec<Case> {
    vec![
        case(
            "c076a",
            "the feed of a database lists a new zone, and after its token nothing",
            vec![
                make_zone("~zone"),
                post(Who::User, DATABASE, json!({ "resultsLimit": 200 }))
                    .expect(200, json!({ "zones": ["<some>", { "zoneID": { "zoneName": "~zone" } }], "syncToken": "<text>" }))
                    .keep("token", "/syncToken"),
                post(Who::User, DATABASE, json!({ "syncToken": "$token" }))
                    .expect(200, json!({ "zones": "<empty>", "moreComing": false })),
            ],
        ),
        case(
            "c076b",
            "after a save the feed of a database lists its zone once",
            vec![
                make_zone("~zone"),
                post(Who::User, DATABASE, json!({ "resultsLimit": 200 }))
                    .expect(200, json!({ "syncToken": "<text>" }))
                    .keep("token", "/syncToken"),
                save("~one"),
                save("~one"),
                post(Who::User, DATABASE, json!({ "syncToken": "$token" }))
                    .expect(200, json!({ "zones": [{ "zoneID": { "zoneName": "~zone" } }] })),
            ],
        ),
        case(
            "c076c",
            "whether a change in the default zone shows in the feed of its database",
            vec![
                post(Who::User, DATABASE, json!({ "resultsLimit": 200 }))
                    .expect(200, json!({ "syncToken": "<text>" }))
                    .keep("token", "/syncToken"),
                post(Who::User, "private/records/modify", json!({ "operations": [create("~one", json!({}))] })),
                post(Who::User, DATABASE, json!({ "syncToken": "$token" }))
                    .reading("it does not", 200, json!({ "zones": "<empty>" }))
                    .reading("it does", 200, json!({ "zones": [{ "zoneID": { "zoneName": "_defaultZone" } }] })),
            ],
        )
        .settles(&["DEFAULT_ZONE_OUTSIDE_DATABASE_FEED"]),
        case(
            "c076d",
            "whether a feed without a token tells of zones that are gone",
            vec![
                make_zone("~zone"),
                post(Who::User, "private/zones/modify", super::zone_operations(&[("delete", "~zone")])),
                post(Who::User, DATABASE, json!({ "resultsLimit": 200 }))
                    .reading("it does not", 200, json!({ "zones": ["<none>", { "zoneID": { "zoneName": "~zone" } }] }))
                    .reading("it does", 200, json!({ "zones": ["<some>", { "zoneID": { "zoneName": "~zone" } }] })),
            ],
        )
        .settles(&["NEW_READERS_HEAR_OF_LIVING_ZONES"]),
        case(
            "c076e",
            "whether changes/database takes a token of zones/changes",
            vec![
                post(Who::User, ZONES, json!({}))
                    .expect(200, json!({ "metaSyncToken": "<text>" }))
                    .keep("token", "/metaSyncToken"),
                post(Who::User, DATABASE, json!({ "syncToken": "$token" }))
                    .reading("it does not", 400, json!({}))
                    .reading("it does", 200, json!({ "zones": "<any>" })),
            ],
        )
        .settles(&["TOKENS_OF_ZONES_CHANGES"]),
        case(
            "c086",
            "a lookup in a zone that asks for its sync token",
            vec![
                make_zone("~zone"),
                post(
                    Who::User,
                    "private/records/lookup",
                    json!({ "records": [{ "recordName": "ckc-nobody" }], "zoneID": { "zoneName": "~zone" } }),
                )
                .query("getCurrentSyncToken=true")
                    .reading("is answered with one", 200, json!({ "syncToken": "<text>" }))
                    .reading("is answered without", 200, json!({ "syncToken": "<absent>" })),
            ],
        )
        .settles(&["CURRENT_SYNC_TOKEN"]),
        case(
            "c085",
            "the public database has no feed",
            vec![
                post(Who::Key, "public/changes/database", json!({})).expect(400, bad_request("publicdb")),
            ],
        ).settles(&["NO_PUBLIC_FEED"]),
    ]
}

fn zones() -> Vec<Case> {
    vec![
        case(
            "c077a",
            "the feed of a zone has the whole history, and after its token what is later",
            vec![
                make_zone("~zone"),
                save("~one"),
                save("~two"),
                feed(json!({})).expect(200, page(&["~one", "~two"], false)).keep("token", TOKEN),
                save("~three"),
                feed(json!({ "syncToken": "$token" })).expect(200, page(&["~three"], false)),
            ],
        ),
        case(
            "c077b",
            "what was deleted is told as deleted",
            vec![
                make_zone("~zone"),
                save("~one"),
                feed(json!({})).expect(200, page(&["~one"], false)).keep("token", TOKEN),
                modify_zone("~zone", json!([operation("forceDelete", "~one", json!({}))])),
                feed(json!({ "syncToken": "$token" }))
                    .expect(200, json!({ "zones": [{ "records": [{ "recordName": "~one", "deleted": true }] }] })),
            ],
        ).settles(&["DELETED_IN_FEEDS"]),
        case(
            "c077c",
            "a record that changed twice is told once",
            vec![
                make_zone("~zone"),
                save("~one"),
                save("~two"),
                save("~one"),
                feed(json!({})).expect(200, page(&["~two", "~one"], false)),
            ],
        ).settles(&["LATEST_STATE_ONCE"]),
        case(
            "c078",
            "pages have tokens of their own",
            vec![
                make_zone("~zone"),
                save("~one"),
                save("~two"),
                save("~three"),
                feed(json!({ "resultsLimit": 2 })).expect(200, page(&["~one", "~two"], true)).keep("token", TOKEN),
                feed(json!({ "resultsLimit": 2, "syncToken": "$token" })).expect(200, page(&["~three"], false)),
                feed(json!({ "resultsLimit": 2, "syncToken": "$token" })).expect(200, page(&["~three"], false)),
            ],
        ),
        case(
            "c080a",
            "garbage is no token, and fails the zone",
            vec![make_zone("~zone"), feed(json!({ "syncToken": "garbage" })).expect(200, unknown())],
        )
        .settles(&["UNKNOWN_SYNC_TOKEN"]),
        case(
            "c080b",
            "an empty token",
            vec![
                make_zone("~zone"),
                save("~one"),
                feed(json!({ "syncToken": "" }))
                    .reading("is refused", 200, unknown())
                    .reading("is refused with another text", 200, json!({ "zones": [{ "serverErrorCode": "<text>" }] }))
                    .reading("refuses the request", 400, json!({}))
                    .reading("means the beginning", 200, page(&["~one"], false))
                    .reading("means the end", 200, page(&[], false)),
            ],
        )
        .settles(&["EMPTY_SYNC_TOKEN"]),
        case(
            "c080c",
            "the token of a database is none of a zone",
            vec![
                make_zone("~zone"),
                post(Who::User, DATABASE, json!({}))
                    .expect(200, json!({ "syncToken": "<text>" }))
                    .keep("token", "/syncToken"),
                feed(json!({ "syncToken": "$token" })).expect(200, unknown()),
            ],
        )
        .settles(&["UNKNOWN_SYNC_TOKEN"]),
        case(
            "c080d",
            "a token that was cut off",
            vec![
                make_zone("~zone"),
                feed(json!({})).expect(200, page(&[], false)).keep("token", TOKEN),
                feed(json!({ "syncToken": "$token:20" }))
                    .reading(
                        "is refused with a text of its own",
                        200,
                        json!({ "zones": [error("BAD_REQUEST", "Invalid continuation format")] }),
                    )
                    .reading("is refused like garbage", 200, unknown())
                    .reading("is refused with another text", 200, json!({ "zones": [{ "serverErrorCode": "<text>" }] }))
                    .reading("refuses the request", 400, json!({})),
            ],
        )
        .settles(&["SYNC_TOKEN_CUT_OFF"]),
        case(
            "c081",
            "one bad zone among good ones fails alone",
            vec![
                make_zone("~zone"),
                post(
                    Who::User,
                    ZONE,
                    json!({ "zones": [{ "zoneID": { "zoneName": "~none" } }, { "zoneID": { "zoneName": "~zone" } }] }),
                )
                .expect(200, json!({ "zones": [error("ZONE_NOT_FOUND", ""), { "syncToken": "<text>" }] })),
            ],
        ),
        case(
            "c082",
            "whether desiredRecordTypes keeps tombstones back",
            vec![
                make_zone("~zone"),
                save("~one"),
                modify_zone("~zone", json!([operation("forceDelete", "~one", json!({}))])),
                feed(json!({ "desiredRecordTypes": ["CKConformanceNone"] }))
                    .reading("it does not", 200, page(&["~one"], false))
                    .reading("it does", 200, page(&[], false)),
            ],
        )
        .settles(&["TOMBSTONES_PASS_TYPE_FILTERS"]),
        case(
            "c082b",
            "whether reverse goes from the latest change to the first",
            vec![
                make_zone("~zone"),
                save("~one"),
                save("~two"),
                feed(json!({ "reverse": true }))
                    .reading("it does", 200, page(&["~two", "~one"], false))
                    .reading("it is ignored", 200, page(&["~one", "~two"], false)),
            ],
        )
        .settles(&["REVERSE_FEED"]),
        case(
            "c084b",
            "the default zone has no feed",
            vec![
                post(Who::User, ZONE, json!({ "zones": [{ "zoneID": { "zoneName": "_defaultZone" } }] }))
                    .expect(200, json!({ "zones": [error("BAD_REQUEST", "cannot get changes in default zone")] })),
            ],
        )
        .settles(&["NO_FEED_IN_DEFAULT_ZONE"]),
    ]
}

fn deprecated() -> Vec<Case> {
    vec![
        case(
            "c083",
            "by which name zones/changes takes its token",
            vec![
                make_zone("~zone"),
                post(Who::User, ZONES, json!({}))
                    .expect(200, json!({ "metaSyncToken": "<text>" }))
                    .keep("token", "/metaSyncToken"),
                post(Who::User, ZONES, json!({ "metaSyncToken": "$token" }))
                    .reading("metaSyncToken is taken", 200, json!({ "zones": "<empty>" }))
                    .reading("metaSyncToken is ignored", 200, json!({})),
                post(Who::User, ZONES, json!({ "syncToken": "$token" }))
                    .reading("syncToken is ignored", 200, json!({ "zones": ["<some>", { "zoneID": { "zoneName": "~zone" } }] }))
                    .reading("syncToken is taken", 200, json!({ "zones": "<empty>" })),
            ],
        )
        .settles(&["META_SYNC_TOKEN"]),
        case(
            "c084a",
            "records/changes is the feed of one zone",
            vec![
                make_zone("~zone"),
                save("~one"),
                post(Who::User, "private/records/changes", json!({ "zoneID": { "zoneName": "~zone" } })).expect(
                    200,
                    json!({ "records": [{ "recordName": "~one" }], "moreComing": false, "syncToken": "<text>" }),
                ),
            ],
        ),
    ]
}

fn subscriptions() -> Vec<Case> {
    let is = |value: Value| json!({ "subscriptions": [value] });
    vec![
        case(
            "c087",
            "a subscription comes back as it was made",
            vec![
                subscribe(PUBLIC, subscription("~s", json!({ "notificationInfo": { "alertBody": "x" } }))),
                post(
                    Who::User,
                    "public/subscriptions/lookup",
                    json!({ "subscriptions": [{ "subscriptionID": "~s" }] }),
                )
                .expect(
                    200,
                    is(json!({ "subscriptionID": "~s", "firesOn": ["create"],
                        "notificationInfo": { "alertBody": "x" } })),
                ),
            ],
        ),
        case(
            "c087b",
            "a subscription that is deleted answers deleted",
            vec![
                subscribe(PUBLIC, subscription("~s", json!({}))),
                post(
                    Who::User,
                    PUBLIC,
                    json!({ "operations": [{ "operationType": "delete", "subscription": { "subscriptionID": "~s" } }] }),
                )
                .reading("with its ID", 200, is(json!({ "subscriptionID": "~s", "deleted": true })))
                .reading("in another form", 200, is(json!({}))),
            ],
        )
        .settles(&["DELETED_SUBSCRIPTION"]),
        case(
            "c087c",
            "a subscription with a filter on a field that is not QUERYABLE",
            vec![
                subscribe(
                    PUBLIC,
                    subscription("~s", json!({ "query": { "recordType": TYPE,
                        "filterBy": [filter("plain", "EQUALS", text("x"))] } })),
                )
                .reading("is refused", 200, is(json!({ "serverErrorCode": "<text>" })))
                .reading("refuses the request", 400, json!({}))
                .reading("is made", 200, is(json!({ "subscriptionID": "~s" }))),
            ],
        )
        .settles(&["SUBSCRIPTIONS_NEED_INDEXES"]),
        case(
            "c087d",
            "a subscription without an ID",
            vec![
                {
                    let mut unnamed = subscription("~s", json!({}));
                    unnamed.as_object_mut().and_then(|members| members.remove("subscriptionID"));
                    subscribe(PUBLIC, unnamed)
                }
                .reading("is given one", 200, is(json!({ "subscriptionID": "<text>", "serverErrorCode": "<absent>" })))
                .reading("is refused", 200, is(json!({ "serverErrorCode": "<text>" })))
                .reading("refuses the request", 400, json!({})),
            ],
        )
        .settles(&["SUBSCRIPTIONS_ARE_NAMED"]),
        case(
            "c088a",
            "a subscription under an ID that exists",
            vec![
                subscribe(PUBLIC, subscription("~s", json!({}))),
                subscribe(PUBLIC, subscription("~s", json!({ "firesOn": ["delete"] })))
                    .reading("answers with the one that exists", 200, is(json!({ "firesOn": ["create"] })))
                    .reading("takes its place", 200, is(json!({ "firesOn": ["delete"] })))
                    .reading("is an error", 200, is(json!({ "serverErrorCode": "<text>" }))),
            ],
        )
        .settles(&["SUBSCRIPTION_CREATED_AGAIN"]),
        case(
            "c088b",
            "an equivalent subscription under another ID",
            vec![
                subscribe(PUBLIC, subscription("~s", json!({}))),
                subscribe(PUBLIC, subscription("~t", json!({})))
                    .reading(
                        "fails",
                        200,
                        is(error("INTERNAL_ERROR", "could not find subscription we just created")),
                    )
                    .reading("fails with another error", 200, is(json!({ "serverErrorCode": "<text>" })))
                    .reading("is made", 200, is(json!({ "subscriptionID": "~t" }))),
            ],
        )
        .settles(&["EQUIVALENT_SUBSCRIPTION"]),
        case(
            "c088c",
            "a subscription of the type database",
            vec![
                subscribe(PRIVATE, json!({ "subscriptionID": "~s", "subscriptionType": "database" }))
                    .reading("is made", 200, is(json!({ "subscriptionID": "~s", "serverErrorCode": "<absent>" })))
                    .reading("is refused", 200, is(json!({ "serverErrorCode": "<text>" })))
                    .reading("refuses the request", 400, json!({})),
            ],
        )
        .settles(&["DATABASE_SUBSCRIPTIONS"]),
        case(
            "c088f",
            "a subscription to a query in the shared database",
            vec![
                subscribe("shared/subscriptions/modify", subscription("~s", json!({})))
                    .reading("is refused", 200, is(json!({ "serverErrorCode": "<text>" })))
                    .reading("refuses the request", 400, json!({}))
                    .reading("is made", 200, is(json!({ "subscriptionID": "~s" }))),
            ],
        )
        .settles(&["SHARED_SUBSCRIPTIONS"]),
        case(
            "c088d",
            "a subscription of the type zone without a zone",
            vec![
                subscribe(PRIVATE, json!({ "subscriptionID": "~s", "subscriptionType": "zone" }))
                    .reading("is refused", 200, is(json!({ "serverErrorCode": "<text>" })))
                    .reading("refuses the request", 400, json!({}))
                    .reading("is made", 200, is(json!({ "subscriptionID": "~s" }))),
            ],
        )
        .settles(&["ZONE_SUBSCRIPTION_NAMES_ITS_ZONE"]),
        case(
            "c088e",
            "what zoneWide is if a query subscription does not say it",
            vec![
                subscribe(PUBLIC, subscription("~s", json!({})))
                    .reading("true", 200, is(json!({ "zoneWide": true })))
                    .reading("false", 200, is(json!({ "zoneWide": false })))
                    .reading(
                        "not told",
                        200,
                        is(json!({ "zoneWide": "<absent>", "serverErrorCode": "<absent>" })),
                    ),
            ],
        )
        .settles(&["SUBSCRIPTION_ZONES"]),
    ]
}
