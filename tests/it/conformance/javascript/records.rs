//! Records, zones, files, subscriptions and notifications, as a page works with them.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Generation, Page};
use crate::conformance::support::{Server, check_contains, filter, int64, text};

/// Values go out as the page has them: a type only where the page has given one.
#[tokio::test]
async fn c102_save_query_change_delete() {
    for (generation, database) in
        [(Generation::Of2016, "public"), (Generation::Of2024, "public"), (Generation::Of2024, "private")]
    {
        let server = Server::start().await;
        let mut page = Page::of(&server, "alice");
        page.generation = generation;
        let record = json!({ "recordType": "Account", "fields": { "owner": { "value": "Ines" }, "cents": { "value": 7 } } });
        let made =
            page.modify(database, json!({ "operationType": "create", "record": record }), json!({})).await;
        check_contains(&made["fields"], &json!({ "owner": { "value": "Ines", "type": "STRING" } }));

        let query = json!({ "recordType": "Account", "filterBy": [filter("cents", "GREATER_THAN", json!({ "value": 1 }))] });
        let payload = json!({ "query": query, "resultsLimit": 1, "desiredKeys": ["owner"] });
        let found = page.post(&format!("{database}/records/query"), payload).await;
        assert_eq!(found.list("records")[0]["recordName"], made["recordName"]);

        // What was read goes back whole, with a field changed.
        let mut changed = made.clone();
        changed["fields"]["cents"]["value"] = 8.into();
        let changed =
            page.modify(database, json!({ "operationType": "update", "record": changed }), json!({})).await;
        assert_eq!(changed["fields"]["cents"]["value"], 8);
        assert_ne!(changed["recordChangeTag"], made["recordChangeTag"]);
        let stale = json!({ "operations": [{ "operationType": "update", "record": made }] });
        let stale = page.post(&format!("{database}/records/modify"), stale).await;
        assert_eq!(stale.list("records")[0]["serverErrorCode"], "CONFLICT");

        let names = json!({ "records": [{ "recordName": made["recordName"] }, { "recordName": "nobody" }] });
        let fetched = page.post(&format!("{database}/records/lookup"), names).await;
        assert_eq!(fetched.list("records")[0], changed);
        assert_eq!(fetched.list("records")[1]["serverErrorCode"], "NOT_FOUND");

        let gone = json!({ "operationType": "forceDelete", "record": { "recordName": made["recordName"] } });
        let gone = page.modify(database, gone, json!({})).await;
        assert_eq!(gone, json!({ "recordName": made["recordName"], "deleted": true }));
        let none = page
            .post(&format!("{database}/records/query"), json!({ "query": { "recordType": "Account" } }))
            .await;
        assert!(none.list("records").is_empty());
    }
}

/// Each page of results is asked for with everything that the first was asked with.
#[tokio::test]
async fn c102_a_query_goes_on() {
    let server = Server::start().await;
    let mut page = Page::of(&server, "alice");
    for at in 0..5 {
        let record = json!({ "recordType": "Account", "fields": { "cents": { "value": at } } });
        page.modify(
            "private",
            json!({ "operationType": "create", "record": record }),
            json!({ "zoneID": { "zoneName": "_defaultZone" } }),
        )
        .await;
    }
    let mut payload = json!({ "query": { "recordType": "Account", "sortBy": [{ "fieldName": "cents" }] }, "resultsLimit": 2,
        "zoneID": { "zoneName": "_defaultZone" } });
    let mut cents = Vec::new();
    loop {
        let seen = page.post("private/records/query", payload.clone()).await;
        cents.extend(seen.list("records").iter().map(|record| record["fields"]["cents"]["value"].clone()));
        let Some(marker) = seen.body.get("continuationMarker") else { break };
        payload["continuationMarker"] = marker.clone();
    }
    assert_eq!(cents, [0, 1, 2, 3, 4]);
}

#[tokio::test]
async fn c105_zones_and_their_changes() {
    let server = Server::start().await;
    let mut page = Page::of(&server, "alice");
    // A zone goes out with whatever else the page's object has.
    let zone = json!({ "zoneID": { "zoneName": "books" }, "atomic": true, "note": "mine" });
    let make = json!({ "operations": [{ "operationType": "create", "zone": zone }] });
    let made = page.post("private/zones/modify", make).await;
    let zone_id = made.list("zones")[0]["zoneID"].clone();
    assert_eq!(page.get("private/zones/list").await.list("zones").len(), 2);
    let found = page.post("private/zones/lookup", json!({ "zones": [zone_id] })).await;
    assert_eq!(found.list("zones")[0]["zoneID"], zone_id);

    let database = page.post("private/changes/database", json!({})).await;
    assert_eq!(database.list("zones")[0]["zoneID"], zone_id);
    let database_token = database.body["syncToken"].clone();
    let zones = page.post("private/changes/zone", json!({ "zones": [{ "zoneID": zone_id }] })).await;
    let token = zones.list("zones")[0]["syncToken"].clone();

    let record = json!({ "recordType": "Account", "recordName": "a-1", "fields": {} });
    let options = json!({ "zoneID": zone_id, "atomic": true });
    page.modify("private", json!({ "operationType": "create", "record": record }), options).await;
    let database = page.post("private/changes/database", json!({ "syncToken": database_token })).await;
    assert_eq!((database.list("zones").len(), &database.body["moreComing"]), (1, &json!(false)));
    // Everything stands with the zone that it is for.
    let entry = json!({ "zoneID": zone_id, "syncToken": token, "resultsLimit": 10, "desiredKeys": [], "numbersAsStrings": false });
    let zones = page.post("private/changes/zone", json!({ "zones": [entry] })).await;
    let zone = &zones.list("zones")[0];
    assert_eq!(
        (zone["records"][0]["recordName"].as_str(), zone["moreComing"].as_bool()),
        (Some("a-1"), Some(false))
    );

    page.generation = Generation::Of2016;
    let old = page.post("private/records/changes", json!({ "zoneID": zone_id, "syncToken": token })).await;
    assert_eq!(old.list("records")[0]["recordName"], "a-1");
    let old = page.post("private/zones/changes", json!({})).await;
    assert_eq!(old.list("zones")[0]["zoneID"], zone_id);

    let gone = json!({ "operations": [{ "operationType": "delete", "zone": { "zoneID": zone_id } }] });
    assert_eq!(page.post("private/zones/modify", gone).await.list("zones")[0]["deleted"], true);
}

/// A file is uploaded before the record that holds it is saved; the tokens are matched by their place.
#[tokio::test]
async fn c105_a_file_is_saved_copied_and_read() {
    let server = Server::start().await;
    let mut page = Page::of(&server, "alice");
    let tokens = json!({ "tokens": [{ "recordType": "Everything", "fieldName": "assetid" }] });
    let upload = page.post("public/assets/upload", tokens).await;
    let token = upload.list("tokens")[0].clone();
    let sent = page.fetch(Method::POST, text(&token["url"]), b"a photo").await;
    let file = sent.json()["singleFile"].clone();
    let record = json!({ "recordType": "Everything", "recordName": token["recordName"], "fields": { "assetid": { "value": file } } });
    let saved =
        page.modify("public", json!({ "operationType": "create", "record": record }), json!({})).await;

    let url = text(&saved["fields"]["assetid"]["value"]["downloadURL"]).replace("${f}", "photo.png");
    assert_eq!(page.fetch(Method::GET, &url, &[]).await.body, b"a photo");

    // A field that names a record and a field is a reference to the file there: the object itself is sent.
    let place = json!({ "recordName": saved["recordName"], "fieldName": "assetid" });
    let copies = page.post("public/assets/rereference", json!({ "assets": [place] })).await;
    let copy = json!({ "recordType": "Everything", "recordName": "copy", "fields": { "assetid": { "value": copies.list("assets")[0] } } });
    let copied = page.modify("public", json!({ "operationType": "create", "record": copy }), json!({})).await;
    assert_eq!(copied["fields"]["assetid"]["value"]["fileChecksum"], file["fileChecksum"]);
}

/// The push token is of the device module, and fetching the notifications needs no credentials.
#[tokio::test]
async fn c105_notifications_come_by_long_poll() {
    let server = Server::start().await;
    let mut page = Page::of(&server, "alice");
    let query = json!({ "recordType": "Account", "filterBy": [filter("cents", "LESS_THAN", int64(0))] });
    let subscription = json!({ "subscriptionType": "query", "subscriptionID": "s", "query": query, "firesOn": ["create"],
        "notificationInfo": { "alertBody": "Overdrawn" } });
    let make = json!({ "operations": [{ "operationType": "create", "subscription": subscription }] });
    assert_eq!(
        page.post("public/subscriptions/modify", make).await.list("subscriptions")[0]["subscriptionID"],
        "s"
    );
    assert_eq!(page.get("public/subscriptions/list").await.list("subscriptions").len(), 1);

    let device = |token: Value| {
        let mut body =
            json!({ "apnsEnvironment": "development", "clientId": "735f8b19-3218-4493-80e4-7ab0b39041ac" });
        if !token.is_null() {
            body["apnsToken"] = token;
        }
        Some(body)
    };
    let made = page.send("device", "tokens/create", device(Value::Null)).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let registered = page.send("device", "tokens/register", device(made.body["apnsToken"].clone())).await;
    assert_eq!(registered.status, 200, "{}", registered.body);

    let url = text(&made.body["webcourierURL"]).to_owned();
    let poll = page.fetch(Method::GET, &url, &[]);
    let write = async {
        let fields = json!({ "cents": int64(-1) });
        server.user("bob").create("public", "Account", "a-1", fields).await;
    };
    let (raw, ()) = tokio::join!(poll, write);
    let notification = raw.json();
    // What the library reads of it.
    assert_eq!(notification["aps"]["alert"]["body"], "Overdrawn");
    assert!(notification["ck"].get("fet").is_none(), "{notification}");
    check_contains(
        &notification["ck"],
        &json!({ "cid": server.container.container_id(),
            "qry": { "sid": "s", "rid": "a-1", "zid": "_defaultZone", "dbs": 0, "fo": 1 } }),
    );
    assert!(notification["ck"]["nid"].is_string(), "{notification}");

    let gone =
        json!({ "operations": [{ "operationType": "delete", "subscription": { "subscriptionID": "s" } }] });
    assert_eq!(page.post("public/subscriptions/modify", gone).await.list("subscriptions").len(), 1);
}
