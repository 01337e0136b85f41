//! Statements 87 and 88: subscriptions, and what two of them cannot have in common.

use cloudkit_core::Environment;
use serde_json::{Value, json};

use super::support::{Server, check_contains, check_failed, filter, int64, string, text, zone_operation};

/// A subscription to accounts in the red, with the given events.
fn overdrawn(id: &str, fires_on: &[&str]) -> Value {
    json!({
        "subscriptionID": id,
        "subscriptionType": "query",
        "query": { "recordType": "Account", "filterBy": [filter("cents", "LESS_THAN", int64(0))] },
        "firesOn": fires_on,
    })
}

#[tokio::test]
async fn c087_a_query_subscription_is_kept_as_it_was_sent() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let info = json!({
        "alertBody": "Overdrawn", "alertLocalizationKey": "K", "alertLocalizationArgs": ["owner"],
        "alertActionLocalizationKey": "OPEN", "alertLaunchImage": "l.png", "soundName": "ping.caf",
        "shouldBadge": true, "shouldSendContentAvailable": false, "category": "c",
        "additionalFields": ["owner", "cents"], "somethingNew": { "a": [1.50, null] },
    });
    for database in ["public", "private"] {
        let mut wanted = overdrawn("sub-1", &["create", "update"]);
        wanted["firesOnce"] = true.into();
        wanted["zoneWide"] = false.into();
        wanted["notificationInfo"] = info.clone();
        let made = alice.subscribe(database, wanted.clone()).await;
        assert_eq!(made, wanted);

        let listed = alice.get(&format!("{database}/subscriptions/list")).await;
        assert_eq!(listed.list("subscriptions"), [wanted.clone()]);
        let body = json!({ "subscriptions": [{ "subscriptionID": "sub-1" }, { "subscriptionID": "x" }] });
        let found = alice.post(&format!("{database}/subscriptions/lookup"), body).await;
        assert_eq!(found.list("subscriptions")[0], wanted);
        check_failed(&found.list("subscriptions")[1], "NOT_FOUND", "Subscription not found");
        assert_eq!(found.list("subscriptions")[1]["subscriptionID"], "x");

        let mut changed = wanted.clone();
        changed["notificationInfo"] = json!({ "alertBody": "In the red" });
        changed["firesOn"] = json!(["create", "update", "delete"]);
        assert_eq!(alice.subscription(database, "update", changed.clone()).await, changed);
        let listed = alice.get(&format!("{database}/subscriptions/list")).await;
        assert_eq!(listed.list("subscriptions"), [changed]);

        let gone = alice.subscription(database, "delete", json!({ "subscriptionID": "sub-1" })).await;
        assert_eq!(gone, json!({ "subscriptionID": "sub-1", "deleted": true }));
        let listed = alice.get(&format!("{database}/subscriptions/list")).await;
        assert_eq!(listed.list("subscriptions"), [Value::Null; 0]);
        for operation_type in ["update", "delete"] {
            let entry = alice.subscription(database, operation_type, wanted.clone()).await;
            check_failed(&entry, "NOT_FOUND", "Subscription not found");
        }
    }
}

#[tokio::test]
async fn c087_defaults_are_filled_in() {
    let server = Server::start().await;
    let mut wanted = overdrawn("", &["delete", "create", "delete"]);
    wanted.as_object_mut().unwrap().remove("subscriptionID");
    let made = server.key().subscribe("public", wanted).await;
    assert_eq!(text(&made["subscriptionID"]).len(), 36, "{made}");
    check_contains(&made, &json!({ "firesOn": ["create", "delete"], "firesOnce": false, "zoneWide": true }));
    assert!(made.get("notificationInfo").is_none(), "{made}");
}

#[tokio::test]
async fn c087_a_zone_subscription_follows_one_custom_zone() {
    let server = Server::start().await;
    let alice = server.user("alice");
    alice.create_zone("books").await;
    let wanted = json!({
        "subscriptionID": "s", "subscriptionType": "zone", "zoneID": { "zoneName": "books" },
        "notificationInfo": { "shouldSendContentAvailable": true },
    });
    let made = alice.subscribe("private", wanted.clone()).await;
    check_contains(&made, &wanted);
    assert_eq!(made["zoneID"]["ownerRecordName"], alice.name().await);

    let entry = alice.subscription("public", "create", wanted.clone()).await;
    check_failed(&entry, "BAD_REQUEST", "not supported in the public database");
    let mut other = wanted.clone();
    other["subscriptionID"] = "other".into();
    other["zoneID"] = json!({ "zoneName": "_defaultZone" });
    let entry = alice.subscription("private", "create", other.clone()).await;
    check_failed(&entry, "BAD_REQUEST", "default zone");
    other["zoneID"] = json!({ "zoneName": "gone" });
    check_failed(&alice.subscription("private", "create", other.clone()).await, "ZONE_NOT_FOUND", "gone");
    other.as_object_mut().unwrap().remove("zoneID");
    check_failed(&alice.subscription("private", "create", other).await, "BAD_REQUEST", "'zoneID'");

    // It goes with its zone, and a new zone of the same name does not bring it back.
    alice.modify_zones(json!([zone_operation("delete", "books")])).await.list("zones");
    alice.create_zone("books").await;
    let listed = alice.get("private/subscriptions/list").await;
    assert_eq!(listed.list("subscriptions"), [Value::Null; 0]);
}

#[tokio::test]
async fn c087_subscriptions_belong_to_whoever_made_them() {
    let server = Server::start().await;
    let callers = [server.user("alice"), server.user("bob"), server.key()];
    for (at, caller) in callers.iter().enumerate() {
        let mut subscription = overdrawn("mine", &["create"]);
        subscription["notificationInfo"] = json!({ "alertBody": at.to_string() });
        caller.subscribe("public", subscription).await;
    }
    for (at, caller) in callers.iter().enumerate() {
        let listed = caller.get("public/subscriptions/list").await;
        let [only] = listed.list("subscriptions") else { panic!("{listed:?}") };
        assert_eq!(only["notificationInfo"]["alertBody"], at.to_string());
    }
    callers[0].subscription("public", "delete", json!({ "subscriptionID": "mine" })).await;
    assert_eq!(callers[1].get("public/subscriptions/list").await.list("subscriptions").len(), 1);
    // The database and the environment are others, too.
    assert_eq!(callers[1].get("private/subscriptions/list").await.list("subscriptions").len(), 0);
    let in_production = server.user("bob").production().get("public/subscriptions/list").await;
    assert_eq!(in_production.list("subscriptions").len(), 0);

    for path in ["public/subscriptions/lookup", "public/subscriptions/modify"] {
        let body = json!({ "subscriptions": [], "operations": [] });
        server.token().post(path, body.clone()).await.refused(421, "AUTHENTICATION_REQUIRED", "");
        let shared = path.replace("public", "shared");
        server.token().post(&shared, body.clone()).await.refused(421, "AUTHENTICATION_REQUIRED", "");
        let none = server.user("alice").post(&shared, body).await;
        assert_eq!(none.list("subscriptions").len(), 0);
    }
    server.token().get("public/subscriptions/list").await.refused(421, "AUTHENTICATION_REQUIRED", "");
}

#[tokio::test]
async fn c087_what_could_never_fire_fails_the_item() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let with = |member: &str, value: Value| {
        let mut subscription = overdrawn("s", &["create"]);
        subscription[member] = value;
        subscription
    };
    let query = |record_type: &str, filters: Value| {
        with("query", json!({ "recordType": record_type, "filterBy": filters }))
    };
    let not_queryable = json!([filter("note", "EQUALS", string("x"))]);
    for (subscription, code, reason) in [
        (with("subscriptionType", Value::Null), "BAD_REQUEST", "missing required field 'subscriptionType'"),
        (with("subscriptionType", json!("database")), "BAD_REQUEST", "unexpected input"),
        (with("query", Value::Null), "BAD_REQUEST", "missing required field 'query'"),
        (with("query", json!({})), "BAD_REQUEST", "missing required field 'recordType'"),
        (query("NoSuchType", json!([])), "NOT_FOUND", "could not find record_type with name 'NoSuchType'"),
        (query("Users", json!([])), "BAD_REQUEST", "system types"),
        (query("Account", not_queryable), "BAD_REQUEST", "Field 'note' is not marked queryable"),
        (
            query("Account", json!([filter("nix", "EQUALS", string("x"))])),
            "BAD_REQUEST",
            "Unknown field 'nix'",
        ),
        (with("firesOn", Value::Null), "BAD_REQUEST", "missing required field 'firesOn'"),
        (with("firesOn", json!([])), "BAD_REQUEST", "missing required field 'firesOn'"),
        (with("firesOn", json!(["created"])), "BAD_REQUEST", "unexpected input"),
        (with("firesOnce", json!("yes")), "BAD_REQUEST", "unexpected input"),
        (with("zoneID", json!({ "zoneName": "gone" })), "ZONE_NOT_FOUND", "gone"),
        (with("notificationInfo", json!({ "alertBody": 7 })), "BAD_REQUEST", "unexpected input"),
        (with("notificationInfo", json!({ "additionalFields": "a" })), "BAD_REQUEST", "unexpected input"),
        (with("subscriptionID", json!("")), "BAD_REQUEST", "invalid subscription ID"),
        (with("subscriptionID", json!("s".repeat(256))), "BAD_REQUEST", "invalid subscription ID"),
    ] {
        let entry = alice.subscription("public", "create", subscription).await;
        check_failed(&entry, code, reason);
        assert!(entry["subscriptionID"].is_string(), "{entry}");
    }
    // A query would need an index on record names; a subscription to all records of a type does not.
    let all = json!({
        "subscriptionID": "all", "subscriptionType": "query", "query": { "recordType": "Sparse" },
        "firesOn": ["create"],
    });
    alice.subscribe("public", all).await;
    assert_eq!(alice.get("public/subscriptions/list").await.list("subscriptions").len(), 1);

    let unreadable = json!({
        "subscriptionID": "locked", "subscriptionType": "query", "query": { "recordType": "Locked" },
        "firesOn": ["create"],
    });
    alice.subscribe("public", unreadable).await;
}

#[tokio::test]
async fn c087_what_is_no_operation_refuses_the_request() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let good = json!({ "operationType": "create", "subscription": overdrawn("s", &["create"]) });
    for (operations, reason) in [
        (json!([good, { "operationType": "replace", "subscription": {} }]), "unexpected input"),
        (json!([good, { "operationType": "create" }]), "missing required field 'subscription'"),
        (json!([good, { "subscription": {} }]), "missing required field 'operationType'"),
        (
            json!([good, { "operationType": "delete", "subscription": {} }]),
            "missing required field 'subscriptionID'",
        ),
        (Value::Array(vec![good.clone(); 201]), "201 exceeds the limit of 200"),
    ] {
        let reply = alice.post("public/subscriptions/modify", json!({ "operations": operations })).await;
        reply.refused(400, "BAD_REQUEST", reason);
    }
    assert_eq!(alice.get("public/subscriptions/list").await.list("subscriptions").len(), 0);
}

#[tokio::test]
async fn c088_the_same_id_again_answers_with_the_one_that_exists() {
    let server = Server::start().await;
    let key = server.key();
    let made = key.subscribe("public", overdrawn("sub-1", &["create"])).await;
    assert_eq!(key.subscribe("public", overdrawn("sub-1", &["create"])).await, made);
    assert_eq!(key.subscribe("public", overdrawn("sub-1", &["delete"])).await, made);
    assert_eq!(key.get("public/subscriptions/list").await.list("subscriptions"), [made]);
}

#[tokio::test]
async fn c088_an_equivalent_one_under_another_id_fails() {
    let server = Server::start().await;
    let key = server.key();
    key.subscribe("public", overdrawn("sub-1", &["create", "update"])).await;
    let text_of_apple = "could not find subscription we just created";
    // Neither the order of the events nor the notification makes a difference.
    let mut twin = overdrawn("sub-2", &["update", "create"]);
    twin["notificationInfo"] = json!({ "alertBody": "other" });
    let entry = key.subscription("public", "create", twin.clone()).await;
    check_failed(&entry, "INTERNAL_ERROR", text_of_apple);
    assert_eq!(entry["subscriptionID"], "sub-2");

    key.subscribe("public", overdrawn("sub-3", &["create"])).await;
    let mut other_filter = overdrawn("sub-4", &["create"]);
    other_filter["query"]["filterBy"] = json!([filter("cents", "LESS_THAN", int64(100))]);
    key.subscribe("public", other_filter).await;
    // Nor can one be made equivalent afterwards; and what is deleted is in nobody's way.
    let entry = key.subscription("public", "update", overdrawn("sub-3", &["create", "update"])).await;
    check_failed(&entry, "INTERNAL_ERROR", text_of_apple);
    key.subscription("public", "delete", json!({ "subscriptionID": "sub-1" })).await;
    key.subscribe("public", twin).await;
    // Somebody else's is no obstacle.
    server.user("alice").subscribe("public", overdrawn("sub-9", &["create", "update"])).await;
}

#[tokio::test]
async fn production_takes_deployed_shapes_only() {
    let server = Server::start().await;
    let in_production = server.key().production();
    let refused = async |subscription: Value| {
        let entry = in_production.subscription("public", "create", subscription).await;
        check_failed(&entry, "BAD_REQUEST", "attempting to create a subscription in a production container");
    };
    refused(overdrawn("sub-1", &["create"])).await;
    let container = &server.container;
    assert_eq!(container.subscription_shapes(Environment::Development).unwrap(), []);
    server.key().subscribe("public", overdrawn("sub-1", &["create"])).await;
    refused(overdrawn("sub-1", &["create"])).await;
    container.deploy_schema().unwrap();
    let shapes = container.subscription_shapes(Environment::Production).unwrap();
    let shown: Vec<String> = shapes.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["Account where cents LESS_THAN, fires on create"]);

    // The value of the filter is not part of the shape; its field and comparator and the events are.
    let mut other_value = overdrawn("sub-2", &["create"]);
    other_value["query"]["filterBy"] = json!([filter("cents", "LESS_THAN", int64(500))]);
    in_production.subscribe("public", other_value).await;
    in_production.subscribe("public", overdrawn("sub-1", &["create"])).await;
    refused(overdrawn("sub-3", &["create", "update"])).await;
    let mut other_comparator = overdrawn("sub-4", &["create"]);
    other_comparator["query"]["filterBy"] = json!([filter("cents", "GREATER_THAN", int64(0))]);
    refused(other_comparator).await;
    let entry = in_production.subscription("public", "update", overdrawn("sub-1", &["delete"])).await;
    check_failed(&entry, "BAD_REQUEST", "attempting to create a subscription in a production container");
    // Development learns from what was ever created there, though it be gone.
    server.key().subscribe("public", overdrawn("sub-5", &["delete"])).await;
    server.key().subscription("public", "delete", json!({ "subscriptionID": "sub-5" })).await;
    container.deploy_schema().unwrap();
    in_production.subscribe("public", overdrawn("sub-5", &["delete"])).await;

    // A subscription to a zone has no shape that could be deployed.
    let alice = server.user("alice").production();
    alice.create_zone("books").await;
    let zone =
        json!({ "subscriptionID": "z", "subscriptionType": "zone", "zoneID": { "zoneName": "books" } });
    alice.subscribe("private", zone).await;
}

#[tokio::test]
async fn a_reset_of_development_takes_its_subscriptions_and_their_shapes() {
    let server = Server::start().await;
    let (key, container) = (server.key(), &server.container);
    key.subscribe("public", overdrawn("sub-1", &["create"])).await;
    container.deploy_schema().unwrap();
    key.subscribe("public", overdrawn("sub-2", &["delete"])).await;
    key.production().subscribe("public", overdrawn("sub-1", &["create"])).await;

    container.reset_development().unwrap();
    let development = container.subscription_shapes(Environment::Development).unwrap();
    assert_eq!(development, container.subscription_shapes(Environment::Production).unwrap());
    assert_eq!(development.len(), 1);
    assert_eq!(server.key().get("public/subscriptions/list").await.list("subscriptions").len(), 0);
    let in_production = server.key().production().get("public/subscriptions/list").await;
    assert_eq!(in_production.list("subscriptions").len(), 1);
}
