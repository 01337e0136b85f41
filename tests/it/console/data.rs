//! Databases, records, files, schemas and subscriptions.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Page, share_with_bob};
use crate::conformance::support::{Server, int64, one, string};

fn names(answer: &Value) -> Vec<&str> {
    let records = answer["records"].as_array().unwrap_or_else(|| panic!("{answer}"));
    records.iter().map(|record| record["recordName"].as_str().unwrap()).collect()
}

const PUBLIC: &str = "environment=development&database=public";

#[tokio::test]
async fn records_are_listed_the_latest_first_and_page_by_page() {
    let server = Server::start().await;
    let page = Page::load(&server).await;
    for name in ["a", "b", "c", "d"] {
        server.key().create("public", "Account", name, one("note", string(&format!("Note {name}")))).await;
    }
    server.key().create("public", "Everything", "e", json!({})).await;

    let accounts = page.get(&format!("records?{PUBLIC}&type=Account&limit=3")).await;
    assert_eq!(names(&accounts), ["d", "c", "b"]);
    let next = accounts["next"].as_i64().unwrap();
    let rest = page.get(&format!("records?{PUBLIC}&type=Account&limit=3&before={next}")).await;
    assert_eq!((names(&rest), &rest["next"]), (vec!["a"], &Value::Null));
    // Exactly so many are no reason to ask for more.
    assert_eq!(page.get(&format!("records?{PUBLIC}&type=Account&limit=4")).await["next"], Value::Null);
    assert_eq!(names(&page.get(&format!("records?{PUBLIC}&text=NOTE%20B")).await), ["b"]);
    assert_eq!(names(&page.get(&format!("records?{PUBLIC}&text=note+c&type=Account")).await), ["c"]);
    assert_eq!(names(&page.get(&format!("records?{PUBLIC}&text=%25")).await), [""; 0]);
    let production = page.get("records?environment=production&database=public&type=Account").await;
    assert_eq!(names(&production), [""; 0]);

    let databases = page.get("databases").await;
    let public = &databases["databases"][0];
    assert_eq!((&public["environment"], &public["database"]), (&json!("development"), &json!("public")));
    assert_eq!(public["zones"][0]["zoneName"], "_defaultZone");
    let counts = public["zones"][0]["recordTypes"].as_array().unwrap();
    assert!(counts.contains(&json!({ "recordType": "Account", "records": 4 })), "{counts:?}");
    assert!(counts.contains(&json!({ "recordType": "Everything", "records": 1 })), "{counts:?}");
}

#[tokio::test]
async fn a_record_is_shown_with_all_that_is_known_of_it() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let name = alice.name().await;
    let saved = alice.create("private", "Account", "mine", one("cents", int64(9_007_199_254_740_993))).await;
    let page = Page::load(&server).await;
    let place = "environment=development&database=private&user=alice";
    let record = page.get(&format!("record?{place}&name=mine")).await;
    assert_eq!(record["recordType"], "Account");
    assert_eq!(record["recordChangeTag"], saved["recordChangeTag"]);
    // A number that a page would not read exactly.
    assert_eq!(record["fields"]["cents"], json!({ "value": "9007199254740993", "type": "INT64" }));
    assert_eq!(record["created"]["at"], saved["created"]["timestamp"]);
    assert_eq!(record["created"]["by"], json!({ "recordName": name, "name": "alice" }));
    let by_record_name = format!("record?environment=development&database=private&user={name}&name=mine");
    assert_eq!(page.get(&by_record_name).await, record);

    for (what, status, expected) in [
        (format!("record?{place}&name=other"), 404, "no record `other`"),
        (format!("record?{place}"), 400, "`name` is missing"),
        (format!("record?{place}&zone=none&name=mine"), 404, "no zone `none`"),
        ("records?environment=development&database=private".to_owned(), 400, "`user` is missing"),
        ("records?environment=development&database=private&user=eve".to_owned(), 404, "no user `eve`"),
        ("records?environment=dev&database=public".to_owned(), 400, "`dev` is not an environment"),
        ("records?environment=production&database=x".to_owned(), 400, "`x` is not a database"),
    ] {
        let (given, error) = page.refused(Method::GET, &what, "").await;
        assert_eq!((given, error.contains(expected)), (status, true), "{what}: {error}");
    }
    // Looking makes no databases.
    let before = page.get("databases").await;
    page.refused(Method::GET, "records?environment=production&database=private&user=bob", "").await;
    assert_eq!(page.get("databases").await, before);
}

#[tokio::test]
async fn a_shared_database_shows_what_its_reader_sees() {
    let server = Server::start().await;
    share_with_bob(&server).await;
    let page = Page::load(&server).await;
    let place = "environment=development&database=shared&user=bob&owner=alice&zone=books";
    assert_eq!(names(&page.get(&format!("records?{place}&type=Account")).await), ["root"]);
    let root = page.get(&format!("record?{place}&name=root")).await;
    assert_eq!(
        (&root["sharing"]["share"], &root["owner"]["name"]),
        (&json!("share"), &json!("alice")),
        "{root}"
    );
    let share = page.get(&format!("record?{place}&name=share")).await;
    let participants = &share["sharing"]["terms"]["participants"];
    assert_eq!(participants[1]["user"]["name"], "bob", "{share}");
    assert_eq!(
        (&participants[1]["permission"], &participants[1]["acceptanceStatus"]),
        (&json!("READ_ONLY"), &json!("ACCEPTED"))
    );
    let (status, _) = page.refused(Method::GET, &format!("record?{place}&name=beside"), "").await;
    assert_eq!(status, 404, "what is not shared is not seen");
    let mine = "environment=development&database=private&user=alice&zone=books";
    assert_eq!(page.get(&format!("record?{mine}&name=beside")).await["recordName"], "beside");
    let databases = page.get("databases").await;
    let of_bob = |database: &&Value| database["database"] == "shared" && database["user"]["name"] == "bob";
    let shared = databases["databases"].as_array().unwrap().iter().find(of_bob).unwrap();
    assert_eq!(shared["zones"][0]["owner"]["name"], "alice");
}

#[tokio::test]
async fn the_file_of_a_record_is_fetched_and_its_key_is_not() {
    let server = Server::start().await;
    let alice = server.user("alice");
    crate::conformance::assets::saved(&server, &alice, "private", "photo", b"\xff\xd8 no text").await;
    let page = Page::load(&server).await;
    let record = page.get("record?environment=development&database=private&user=alice&name=photo").await;
    let asset = &record["fields"]["assetid"]["value"];
    assert_eq!((&asset["size"], asset.get("wrappingKey")), (&json!(10), None), "{asset}");
    let checksum = crate::conformance::support::escape(asset["fileChecksum"].as_str().unwrap());
    let file = page.ask(Method::GET, &format!("file?checksum={checksum}"), b"").await;
    assert_eq!((file.status, file.body.as_slice()), (200, &b"\xff\xd8 no text"[..]));
    assert_eq!(page.refused(Method::GET, "file?checksum=x", "").await.0, 404);
}

#[tokio::test]
async fn the_schemas_differ_in_what_was_not_deployed() {
    let server = Server::start().await;
    let page = Page::load(&server).await;
    assert_eq!(page.get("schema").await["changes"], json!([]));
    let text = server.container.export_schema(cloudkit_core::Environment::Development);
    let grown =
        text.replacen("RECORD TYPE Account (", "RECORD TYPE Account (\n        colour STRING QUERYABLE,", 1);
    server.container.import_schema(&grown).unwrap();
    let schemas = page.get("schema").await;
    assert!(schemas["development"].as_str().unwrap().contains("colour"), "{schemas}");
    assert_eq!(schemas["production"], text);
    let [change] = schemas["changes"].as_array().unwrap().as_slice() else { panic!("{schemas}") };
    assert_eq!(
        (&change["class"], &change["recordType"], &change["field"]),
        (&json!("addition"), &json!("Account"), &json!("colour"))
    );

    let deployed = page.post("schema/deploy", "").await;
    assert_eq!((&deployed["changes"], &deployed["production"]), (&json!([]), &schemas["development"]));
    // Production has the field now, and keeps it.
    let (status, error) = page.refused(Method::POST, "schema", &text).await;
    assert_eq!((status, error.contains("colour")), (400, true), "{error}");
    let imported = page.post("schema", grown.replace("colour STRING QUERYABLE,", "colour STRING,")).await;
    assert_eq!(imported["changes"][0]["class"], "index-removed", "{imported}");
    let (status, error) = page.refused(Method::POST, "schema", "DEFINE SCHEME").await;
    assert_eq!((status, error.is_empty()), (400, false), "{error}");
}

#[tokio::test]
async fn subscriptions_are_listed_with_their_owners() {
    let server = Server::start().await;
    let alice = server.user("alice");
    alice.create_zone("books").await;
    let subscription = json!({ "subscriptionID": "books", "subscriptionType": "zone",
        "zoneID": { "zoneName": "books" } });
    alice.subscribe("private", subscription).await;
    let listed = Page::load(&server).await.get("subscriptions").await;
    let [one] = listed["subscriptions"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert_eq!(
        (
            &one["subscriptionID"],
            &one["database"],
            &one["owner"]["name"],
            &one["subscription"]["subscriptionType"]
        ),
        (&json!("books"), &json!("private"), &json!("alice"), &json!("zone"))
    );
}
