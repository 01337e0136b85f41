//! Teams and containers, and who may ask.

use serde_json::{Value, json};

use super::{CONTAINER, MANAGEMENT_TOKEN, Raw, start};

#[tokio::test]
async fn teams_and_containers_are_listed_without_the_version_in_the_path() {
    let container = start(|builder| builder.team_id("TEAM123456").management_token("m-token")).await;
    assert_eq!((container.team_id(), container.management_token()), ("TEAM123456", "m-token"));

    let teams = Raw::new("GET", "/users/current/teams").managed(&container).send(&container).await.json(200);
    assert_eq!(teams["teams"][0]["teamId"], "TEAM123456");
    assert!(teams["teams"][0]["teamName"].is_string());

    let list = async |query: &str| -> Value {
        let target = format!("/teams/TEAM123456/containers{query}");
        Raw::new("GET", target).managed(&container).send(&container).await.json(200)
    };
    let expected = json!([{ "id": CONTAINER, "teamId": "TEAM123456", "name": "News", "isHidden": false }]);
    for query in ["", "?limit=0&sortDirection=ASC&sortBy=ID&showHidden=false", "?q=news", "?q=com.example"] {
        assert_eq!(list(query).await["containers"], expected, "{query}");
    }
    for query in ["?q=Sport", &format!("?startingAfterKey={CONTAINER}")] {
        assert_eq!(list(query).await["containers"], json!([]), "{query}");
    }
}

#[tokio::test]
async fn without_the_management_token_nothing_is_told() {
    let container = start(|builder| builder).await;
    let team = container.team_id();
    for target in [
        "/users/current/teams".to_owned(),
        format!("/teams/{team}/containers"),
        format!("/v1/database/teams/{team}/containers/{CONTAINER}/environments/DEVELOPMENT/schema/export"),
    ] {
        let nobody = Raw::new("GET", &target).send(&container).await;
        nobody.refused(401, "AUTHENTICATION_FAILED", MANAGEMENT_TOKEN.to_ascii_lowercase().as_str());
        let wrong = Raw::new("GET", &target).header(MANAGEMENT_TOKEN, "wrong").send(&container).await;
        wrong.refused(401, "AUTHENTICATION_FAILED", "unknown management token");
        // Apple's site sends the same in a cookie.
        let cookie = format!("other=1; myacinfo={}", container.management_token());
        let cookie = Raw::new("GET", &target).header("Cookie", cookie).send(&container).await;
        assert_eq!(cookie.status, 200, "{cookie:?}");
    }
}

#[tokio::test]
async fn other_teams_and_containers_are_not_found() {
    let container = start(|builder| builder).await;
    let team = container.team_id();
    for (team, id, reason) in [
        ("OTHERTEAM1", CONTAINER, "no such team: 'OTHERTEAM1'"),
        (team, "iCloud.com.example.Other", "no such container: 'iCloud.com.example.Other'"),
    ] {
        let target =
            format!("/v1/database/teams/{team}/containers/{id}/environments/DEVELOPMENT/schema/export");
        let reply = Raw::new("GET", target).managed(&container).send(&container).await;
        reply.refused(404, "NOT_FOUND", reason);
    }
    let reply = Raw::new("GET", "/v1/database/nowhere").managed(&container).send(&container).await;
    reply.refused(404, "NOT_FOUND", "could not find handler for endpoint");
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let container = start(|builder| builder).await;
    let reply = Raw::new("POST", "/users/current/teams").managed(&container).send(&container).await;
    reply.refused(405, "BAD_REQUEST", "method not allowed");
    assert_eq!(reply.header("allow"), "GET, OPTIONS");
}

#[tokio::test]
async fn the_log_shows_no_token_and_debug_neither() {
    let container = start(|builder| builder).await;
    Raw::new("GET", "/users/current/teams").managed(&container).send(&container).await.json(200);
    let reply = Raw::new("GET", "/users/current/teams").send(&container).await;
    let requests = container.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!((requests[0].status, &requests[0].server_error_code), (200, &None));
    assert_eq!(requests[1].server_error_code.as_deref(), Some("AUTHENTICATION_FAILED"));
    assert_eq!(requests[1].uuid, reply.header("x-apple-request-uuid"));
    let shown = format!("{requests:?} {container:?}");
    assert!(!shown.contains(container.management_token()), "{shown}");
}
