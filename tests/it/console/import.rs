//! Records as lines of JSON, out of one container and into another.

use cloudkit_test_container::RecordsOf;
use reqwest::Method;
use serde_json::{Value, json};

use super::Page;
use crate::conformance::support::{Server, int64, string, typed};

const PUBLIC: &str = "records?environment=development&database=public";

fn lines(answer: &Value) -> String {
    let records = answer["records"].as_array().unwrap().iter().rev();
    records.map(|record| format!("{record}\n")).collect()
}

#[tokio::test]
async fn records_go_from_one_container_to_another() {
    let server = Server::start().await;
    let fields = json!({
        "cents": int64(9_007_199_254_740_993),
        "rate": typed("DOUBLE", 0.1),
        "owner": string("Ines"),
        "tags": typed("STRING_LIST", json!(["a", "b"])),
        "opened": typed("TIMESTAMP", 1_767_225_600_000_i64),
        "place": typed("LOCATION", json!({ "latitude": 48.1, "longitude": 11.5 })),
        "photo": typed("BYTES", "AAEC"),
    });
    server.user("alice").create("public", "Account", "of-alice", fields.clone()).await;
    server.key().create("public", "Account", "of-a-key", fields).await;
    let reference = typed("REFERENCE", json!({ "recordName": "of-alice", "action": "VALIDATE" }));
    let friend = json!({ "friend": reference });
    server.user("bob").create("public", "Account", "friend", friend).await;
    let exported = Page::load(&server).await.get(&format!("{PUBLIC}&type=Account")).await;

    let other = Server::start().await;
    let page = Page::load(&other).await;
    let done = page.post(PUBLIC, lines(&exported)).await;
    assert_eq!(done, json!({ "saved": 3, "failed": [] }));
    let imported = page.get(&format!("{PUBLIC}&type=Account")).await;
    for (was, is) in
        exported["records"].as_array().unwrap().iter().zip(imported["records"].as_array().unwrap())
    {
        for member in ["recordName", "fields"] {
            assert_eq!(is[member], was[member]);
        }
    }
    // Each belongs to whoever has created it, so that they can go on with it.
    let creators = |answer: &Value| {
        let records = answer["records"].as_array().unwrap().iter();
        records.map(|record| record["created"]["by"]["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(creators(&imported), [json!("bob"), Value::Null, json!("alice")]);
    let tag = imported["records"][2]["recordChangeTag"].clone();
    let change = json!([{ "operationType": "update", "record": { "recordName": "of-alice",
        "recordChangeTag": tag, "fields": { "cents": int64(1) } } }]);
    other.user("alice").modify("public", change).await.record(0);
    // Once more they replace what is there.
    assert_eq!(page.post(PUBLIC, lines(&exported)).await["saved"], 3);
    assert_eq!(
        page.get(&format!("{PUBLIC}&type=Account")).await["records"][2]["fields"],
        exported["records"][2]["fields"]
    );
}

#[tokio::test]
async fn more_lines_than_one_request_may_have_go_into_a_zone_of_somebodys_own() {
    let server = Server::start().await;
    server.user("alice").create_zone("books").await;
    let line = |number: usize| {
        let fields = json!({ "cents": { "value": number.to_string(), "type": "INT64" } });
        format!(
            "{}\n",
            json!({ "recordName": format!("r-{number}"), "recordType": "Account", "fields": fields })
        )
    };
    let page = Page::load(&server).await;
    let zone = "records?environment=development&database=private&user=alice&zone=books";
    let done = page.post(zone, (0..450).map(line).collect::<String>()).await;
    assert_eq!(done, json!({ "saved": 450, "failed": [] }));
    let last = page.get(&format!("{zone}&limit=1")).await["records"][0].clone();
    assert_eq!((&last["recordName"], &last["fields"]["cents"]["value"]), (&json!("r-449"), &json!("449")));
    assert_eq!(last["created"]["by"]["name"], "alice");
}

#[tokio::test]
async fn lines_that_cannot_be_saved_are_named() {
    let server = Server::start().await;
    let page = Page::load(&server).await;
    let good = r#"{"recordName":"good","recordType":"Account","fields":{}}"#;
    for (text, expected) in [
        (format!("{good}\n\nnonsense"), "line 3 is no record: "),
        (
            format!("{good}\n{{\"recordType\":\"Account\"}}"),
            "line 2 is no record: missing field `recordName`",
        ),
    ] {
        let (status, error) = page.refused(Method::POST, PUBLIC, &text).await;
        assert_eq!((status, error.contains(expected)), (400, true), "{error}");
        server.key().lookup("public", &["good"]).await.failed(0, "NOT_FOUND", "");
    }
    let odd =
        r#"{"recordName":"odd","recordType":"Account","fields":{"cents":{"value":"many","type":"INT64"}}}"#;
    let unknown = r#"{"recordName":"unknown","recordType":"Dragon"}"#;
    let done = page.post(PUBLIC, format!("{odd}\n{good}\n{unknown}\n")).await;
    assert_eq!(
        (&done["saved"], &done["failed"][0]["line"], &done["failed"][1]["line"]),
        (&json!(1), &json!(1), &json!(3)),
        "{done}"
    );
    assert_eq!(done["failed"][1]["recordName"], "unknown");
    assert!(done["failed"][0]["error"].as_str().unwrap().starts_with("BAD_REQUEST: "), "{done}");
    server.key().lookup("public", &["good"]).await.record(0);
    let shared = "records?environment=development&database=shared&user=bob&owner=alice&zone=books";
    super::share_with_bob(&server).await;
    let (status, error) = page.refused(Method::POST, shared, good).await;
    assert_eq!((status, error.contains("somebody's own")), (400, true), "{error}");
}

#[tokio::test]
async fn code_exports_and_imports_what_the_page_does() {
    let server = Server::start().await;
    let fields = json!({ "cents": int64(9_007_199_254_740_993), "owner": string("Ines") });
    server.user("alice").create("public", "Account", "first", fields.clone()).await;
    server.user("bob").create("public", "Account", "second", fields).await;
    server.user("alice").create_zone("books").await;
    let exported = server.container.export_records(&RecordsOf::public().record_type("Account")).unwrap();
    let page = Page::load(&server).await;
    assert_eq!(exported, lines(&page.get(&format!("{PUBLIC}&type=Account")).await));
    assert_eq!(exported.lines().count(), 2);
    assert_eq!(server.container.export_records(&RecordsOf::public().record_type("Nothing")).unwrap(), "");

    // Into a zone of somebody's own, with a line that its schema refuses.
    let books = RecordsOf::private("alice").zone("books");
    let wrong = r#"{"recordName":"wrong","recordType":"Account","fields":{"nothing":{"value":1}}}"#;
    let imported = server.container.import_records(&books, &format!("{exported}{wrong}\n")).unwrap();
    assert_eq!((imported.saved, imported.failed.len()), (2, 1));
    assert_eq!((imported.failed[0].line, imported.failed[0].record_name.as_str()), (3, "wrong"));
    let copied: Vec<Value> = server
        .container
        .export_records(&books)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(copied.len(), 2);
    assert_eq!(copied[1]["recordName"], "second");
    assert_eq!(copied[1]["fields"]["cents"]["value"], "9007199254740993");

    // The later of two lines for one record is what stays, as if they had come in two files.
    let line = |owner: &str| {
        let fields = json!({ "owner": string(owner) });
        format!("{}\n", json!({ "recordName": "twice", "recordType": "Account", "fields": fields }))
    };
    let twice = format!("{}{}", line("Ines"), line("Nils"));
    let imported = server.container.import_records(&books, &twice).unwrap();
    assert_eq!((imported.saved, imported.failed), (2, Vec::new()));
    let exported = server.container.export_records(&books).unwrap();
    assert!(exported.contains("Nils") && exported.matches("\"twice\"").count() == 1, "{exported}");

    let nowhere = server.container.export_records(&RecordsOf::private("alice").zone("nowhere"));
    assert_eq!(nowhere.unwrap_err().to_string(), "there is no zone `nowhere` in that database");
    let broken = server.container.import_records(&RecordsOf::public(), "{}\nnothing\n");
    assert!(broken.unwrap_err().to_string().starts_with("line 1 is no record"));
}
