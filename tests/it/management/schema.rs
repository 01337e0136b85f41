//! Schemas over the management API.

use cloudkit_core::Environment;
use cloudkit_test_container::TestContainer;
use serde_json::json;

use super::{CONTAINER, Raw, Reply, start};

/// As CloudKit would export it.
const ARTICLE: &str = "DEFINE SCHEMA

    RECORD TYPE Article (
        \"___createTime\" TIMESTAMP,
        \"___createdBy\"  REFERENCE,
        \"___etag\"       STRING,
        \"___modTime\"    TIMESTAMP,
        \"___modifiedBy\" REFERENCE,
        \"___recordID\"   REFERENCE QUERYABLE,
        title           STRING QUERYABLE SEARCHABLE SORTABLE,
        views           INT64,
        GRANT WRITE TO \"_creator\",
        GRANT CREATE TO \"_icloud\",
        GRANT READ TO \"_world\"
    );

    RECORD TYPE Users (
        \"___createTime\" TIMESTAMP,
        \"___createdBy\"  REFERENCE,
        \"___etag\"       STRING,
        \"___modTime\"    TIMESTAMP,
        \"___modifiedBy\" REFERENCE,
        \"___recordID\"   REFERENCE,
        roles           LIST<INT64>,
        GRANT WRITE TO \"_creator\",
        GRANT READ TO \"_world\"
    );
";

fn path(container: &TestContainer, environment: &str, rest: &str) -> String {
    let team = container.team_id();
    format!("/v1/database/teams/{team}/containers/{CONTAINER}/environments/{environment}/{rest}")
}

async fn export(container: &TestContainer, environment: &str) -> Reply {
    Raw::new("GET", path(container, environment, "schema/export")).managed(container).send(container).await
}

async fn import(container: &TestContainer, text: &str) -> Reply {
    let target = path(container, "DEVELOPMENT", "schema");
    Raw::new("PUT", target).managed(container).schema_file(text).send(container).await
}

async fn validate(container: &TestContainer, text: &str) -> Reply {
    let target = path(container, "DEVELOPMENT", "schema/validate");
    Raw::new("POST", target).managed(container).schema_file(text).send(container).await
}

#[tokio::test]
async fn an_export_is_an_attachment_of_text_or_apples_client_calls_it_unexpected() {
    let container = start(|builder| builder.schema(ARTICLE)).await;
    for environment in ["DEVELOPMENT", "PRODUCTION", "development", "production"] {
        let reply = export(&container, environment).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(reply.header("content-disposition"), "attachment; filename=\"schema.ckdb\"");
        assert_eq!(reply.body, ARTICLE);
    }
}

#[tokio::test]
async fn a_fresh_container_exports_its_users() {
    let container = start(|builder| builder).await;
    let (head, users) = ARTICLE.split_once("    RECORD TYPE Article").unwrap();
    let users = users.split_once("\n    RECORD TYPE Users").unwrap().1;
    assert_eq!(export(&container, "PRODUCTION").await.body, format!("{head}    RECORD TYPE Users{users}"));
}

#[tokio::test]
async fn an_import_in_chunks_with_a_quoted_content_type_and_no_last_line_end_is_accepted() {
    let container = start(|builder| builder).await;
    import(&container, ARTICLE).await.empty(202);
    assert_eq!(export(&container, "DEVELOPMENT").await.body, ARTICLE);
    assert!(!export(&container, "PRODUCTION").await.body.contains("Article"));
    // What is imported again changes nothing.
    import(&container, ARTICLE).await.empty(202);
    assert_eq!(container.export_schema(Environment::Development), ARTICLE);
}

#[tokio::test]
async fn validating_is_no_error_and_changes_nothing() {
    let container = start(|builder| builder).await;
    let before = container.export_schema(Environment::Development);
    assert_eq!(validate(&container, ARTICLE).await.json(200), json!({ "isValid": true }));
    let wrong = validate(&container, &ARTICLE.replace("INT64", "BADTYPE")).await.json(200);
    assert_eq!(wrong["isValid"], false);
    let message = wrong["errorMessage"].as_str().unwrap();
    assert!(
        message.starts_with("Encountered \" <IDENTIFIER> \"BADTYPE \"\" at line 11, column 25."),
        "{message}"
    );
    assert!(message.contains("Was expecting"), "{message}");
    let text = ARTICLE.replace("views           INT64", "views           ASSET SORTABLE");
    let message = validate(&container, &text).await.json(200)["errorMessage"].to_string();
    assert!(["views", "ASSET", "SORTABLE"].iter().all(|part| message.contains(part)), "{message}");
    assert_eq!(container.export_schema(Environment::Development), before);
}

#[tokio::test]
async fn a_refused_import_says_why_and_changes_nothing() {
    let container = start(|builder| builder.schema(ARTICLE)).await;
    for (text, reason) in [
        (
            "DEFINE SCHEMA\n    RECORD TYPE \"Article\" (\n        title STRIN\n    );\n",
            "at line 3, column 15",
        ),
        ("", "Encountered"),
        (
            "DEFINE SCHEMA",
            "invalid attempt to delete a record type which is active in a production container",
        ),
        (&ARTICLE.replace("INT64,", "DOUBLE,"), "`views` of `Article`: INT64 becomes DOUBLE"),
        (&ARTICLE.replace("        views           INT64,\n", ""), "invalid attempt to delete a field"),
    ] {
        import(&container, text).await.refused(400, "BAD_REQUEST", reason);
        let invalid = validate(&container, text).await.json(200);
        assert!(invalid["errorMessage"].as_str().unwrap().contains(reason), "{invalid}");
    }
    assert_eq!(export(&container, "DEVELOPMENT").await.body, ARTICLE);
}

#[tokio::test]
async fn a_refusal_of_many_lines_has_them_all_in_the_details() {
    let container = start(|builder| builder.schema(ARTICLE)).await;
    let text = ARTICLE.replace("INT64,", "DOUBLE,").replace("title ", "name  ");
    let body = import(&container, &text).await.refused(400, "BAD_REQUEST", "`title` of `Article`");
    let details = body["detailedMessage"].as_str().unwrap();
    assert!(
        details.contains("`title` of `Article`") && details.contains("`views` of `Article`"),
        "{details}"
    );
}

#[tokio::test]
async fn production_takes_no_import_no_validation_and_no_reset() {
    let container = start(|builder| builder).await;
    for environment in ["PRODUCTION", "production"] {
        for (method, rest) in [("PUT", "schema"), ("POST", "schema/validate")] {
            let request = Raw::new(method, path(&container, environment, rest)).schema_file(ARTICLE);
            let reply = request.managed(&container).send(&container).await;
            reply.refused(400, "BAD_REQUEST", "endpoint not applicable in the environment 'production'");
        }
        let reset = Raw::new("POST", path(&container, environment, "reset")).header("Content-Length", "0");
        let reply = reset.managed(&container).send(&container).await;
        reply.refused(400, "BAD_REQUEST", "endpoint not applicable in the environment 'production'");
    }
}

#[tokio::test]
async fn a_form_that_holds_no_schema_is_refused() {
    let container = start(|builder| builder).await;
    let target = path(&container, "DEVELOPMENT", "schema");
    let plain = Raw::new("PUT", &target).header("Content-Type", "text/plain").chunked(ARTICLE.as_bytes());
    let reply = plain.managed(&container).send(&container).await;
    reply.refused(400, "BAD_REQUEST", "multipart/form-data");
    let reply =
        Raw::new("PUT", target).header("Content-Length", "0").managed(&container).send(&container).await;
    reply.refused(400, "BAD_REQUEST", "multipart/form-data");
}

#[tokio::test]
async fn a_reset_without_body_returns_to_production() {
    let container = start(|builder| builder).await;
    import(&container, ARTICLE).await.empty(202);
    let reset = Raw::new("POST", path(&container, "DEVELOPMENT", "reset")).header("Content-Length", "0");
    reset.managed(&container).send(&container).await.empty(202);
    assert_eq!(
        container.export_schema(Environment::Development),
        container.export_schema(Environment::Production)
    );

    let team = container.team_id();
    let target = format!("/v1/database/teams/{team}/containers/{CONTAINER}/containerConfig/reset");
    let reset = Raw::new("POST", target).header("Content-Length", "0").managed(&container);
    reset.send(&container).await.empty(202);
}
