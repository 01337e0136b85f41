//! Statements 89 to 91: who the caller is, and finding others.

use cloudkit_test_container::User;
use serde_json::{Value, json};

use super::support::{Server, check_contains, text};

/// A container with a user whom others find by telephone too, and one who does not want to be found.
async fn server() -> Server {
    Server::start_with(|builder| {
        builder
            .user(User::new("ines").full_name("Ines", "Roy").email("ines@example.com").phone("+49301234567"))
            .user(User::new("hugo").hidden())
    })
    .await
}

#[tokio::test]
async fn c089_the_caller_has_a_name_where_others_may_find_it() {
    let server = server().await;
    let caller = server.user("ines").get("public/users/caller").await;
    let expected = json!({ "nameComponents": { "givenName": "Ines", "familyName": "Roy" },
        "lookupInfo": { "emailAddress": "ines@example.com" } });
    check_contains(&caller.ok().body, &expected);
    check_contains(&caller.body["users"][0], &expected);
    let current = server.user("ines").get("public/users/current").await;
    check_contains(&current.ok().body, &json!({ "firstName": "Ines", "lastName": "Roy" }));
    let private = server.user("ines").get("private/users/caller").await;
    assert_eq!(private.ok().body, caller.body);

    let hidden = server.user("hugo").get("public/users/caller").await;
    assert!(hidden.ok().body.get("nameComponents").is_none(), "{hidden:?}");
    let hidden = server.user("hugo").get("public/users/current").await;
    assert!(hidden.ok().body.get("firstName").is_none(), "{hidden:?}");
}

/// That those who are not found are left out is inferred.
#[tokio::test]
async fn c090_people_are_discovered_by_address_telephone_and_name() {
    let server = server().await;
    let bob = server.user("bob");
    let ines = server.user("ines").name().await;
    let hugo = server.user("hugo").name().await;
    let infos = [
        json!({ "emailAddress": "ines@example.com" }),
        json!({ "emailAddress": "INES@example.com" }),
        json!({ "phoneNumber": "+49301234567" }),
        json!({ "userRecordName": ines }),
    ];
    for info in &infos {
        let reply = bob.post("public/users/discover", json!({ "lookupInfos": [info] })).await;
        let users = reply.ok().body["users"].as_array().unwrap();
        assert_eq!(users.len(), 1, "{info}: {reply:?}");
        check_contains(
            &users[0],
            &json!({ "userRecordName": ines, "lookupInfo": info,
                "nameComponents": { "givenName": "Ines", "familyName": "Roy" } }),
        );
    }
    let many = json!([{ "emailAddress": "nobody@example.com" }, infos[0], { "phoneNumber": "+1" },
        { "emailAddress": "hugo@example.com" }, { "userRecordName": hugo }, { "emailAddress": "bob@example.com" }]);
    let reply = bob.post("public/users/discover", json!({ "lookupInfos": many })).await;
    let found: Vec<&Value> =
        reply.ok().body["users"].as_array().unwrap().iter().map(|user| &user["lookupInfo"]).collect();
    assert_eq!(found, [&infos[0], &json!({ "emailAddress": "bob@example.com" })]);

    for bad in [
        json!([{}]),
        json!([{ "name": "ines" }]),
        json!(["ines@example.com"]),
        json!([{ "emailAddress": "a", "phoneNumber": "b" }]),
        json!([{ "emailAddress": 1 }]),
    ] {
        bob.post("public/users/discover", json!({ "lookupInfos": bad })).await.refused(
            400,
            "BAD_REQUEST",
            "",
        );
    }
    server.token().post("public/users/discover", json!({ "lookupInfos": [] })).await.refused(
        421,
        "AUTHENTICATION_REQUIRED",
        "",
    );
    server.key().post("public/users/discover", json!({ "lookupInfos": [] })).await.refused(
        401,
        "AUTHENTICATION_FAILED",
        "",
    );
}

#[tokio::test]
async fn c090_the_address_book_fails_unless_there_is_one() {
    let server = server().await;
    server.user("bob").get("public/users/discover").await.refused(500, "INTERNAL_ERROR", "");
    server.user("bob").get("public/users/lookup/contacts").await.refused(500, "INTERNAL_ERROR", "");

    let server =
        Server::start_with(|builder| builder.user(User::new("hugo").hidden()).address_books(true)).await;
    let (alice, bob) = (server.user("alice").name().await, server.user("bob"));
    let reply = bob.get("public/users/discover").await;
    check_contains(
        &reply.ok().body,
        &json!({ "users": [{ "userRecordName": alice, "nameComponents": { "givenName": "Alice" },
            "lookupInfo": { "emailAddress": "alice@example.com" } }] }),
    );
    for reply in [
        bob.get("public/users/lookup/contacts").await,
        bob.post("public/users/lookup/contacts", json!({})).await,
    ] {
        let contact = json!({ "userRecordName": alice, "firstName": "Alice", "lastName": null });
        assert_eq!(reply.ok().body["users"], json!([contact]));
    }
    bob.get("private/users/discover").await.refused(400, "BAD_REQUEST", "database type 'privatedb'");
}

/// That a miss is an error in its place is inferred.
#[tokio::test]
async fn c091_the_old_lookups_answer_in_the_order_asked() {
    let server = server().await;
    let ines = server.user("ines").name().await;
    for caller in [server.user("bob"), server.key()] {
        let users = json!([{ "emailAddress": "nobody@example.com" }, { "emailAddress": "ines@example.com" },
            { "emailAddress": "hugo@example.com" }]);
        let reply = caller.post("public/users/lookup/email", json!({ "users": users })).await;
        let found = reply.ok().body["users"].as_array().unwrap();
        assert_eq!(found.len(), 3, "{reply:?}");
        check_contains(
            &found[0],
            &json!({ "emailAddress": "nobody@example.com", "serverErrorCode": "NOT_FOUND" }),
        );
        let user = json!({ "userRecordName": ines, "firstName": "Ines", "lastName": "Roy" });
        check_contains(&found[1], &user);
        assert_eq!(text(&found[1]["emailAddress"]), "ines@example.com");
        check_contains(&found[2], &json!({ "serverErrorCode": "NOT_FOUND" }));

        let users = json!([{ "userRecordName": ines }, { "userRecordName": "_nobody" }]);
        let reply = caller.post("public/users/lookup/id", json!({ "users": users })).await;
        let found = reply.ok().body["users"].as_array().unwrap();
        assert_eq!(found[0], user, "without an address");
        check_contains(&found[1], &json!({ "userRecordName": "_nobody", "serverErrorCode": "NOT_FOUND" }));
    }
    for (call, member) in [("email", "emailAddress"), ("id", "userRecordName")] {
        let path = format!("public/users/lookup/{call}");
        let reply = server.user("bob").post(&path, json!({ "users": [{}] })).await;
        reply.refused(400, "BAD_REQUEST", &format!("'{member}'"));
        let many = vec![json!({}); 201];
        server.user("bob").post(&path, json!({ "users": many })).await.refused(400, "BAD_REQUEST", "200");
        let path = format!("private/users/lookup/{call}");
        server.user("bob").post(&path, json!({ "users": [] })).await.refused(
            400,
            "BAD_REQUEST",
            "'privatedb'",
        );
    }
}
