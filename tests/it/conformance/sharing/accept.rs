//! Resolving and accepting the address of a share.

use cloudkit_test_container::User;
use serde_json::json;

use super::super::support::{Server, check_contains};
use super::{Library, ZONE, accept, invited, library, resolve_one, server, shared_with_bob, short_guid};

#[tokio::test]
async fn c093_an_invitation_is_resolved_and_accepted() {
    let server = server().await;
    let library = library(&server).await;
    let share = library.share("NONE", json!([invited("bob@example.com", "READ_WRITE")])).await;
    let bob = server.user("bob");
    let (alice_name, bob_name) = (server.user("alice").name().await, bob.name().await);

    let result = resolve_one(&bob, "resolve", &share).await;
    check_contains(
        &result,
        &json!({
            "shortGUID": { "value": share["shortGUID"] }, "environment": "development",
            "containerIdentifier": server.container.container_id(), "databaseScope": "SHARED",
            "zoneID": { "zoneName": ZONE, "ownerRecordName": alice_name, "zoneType": "REGULAR_CUSTOM_ZONE" },
            "rootRecordName": "root", "share": { "recordName": "share", "recordType": "cloudkit.share" },
            "ownerIdentity": { "userRecordName": alice_name, "nameComponents": { "givenName": "Alice" } },
            "participantType": "USER", "participantStatus": "INVITED", "participantPermission": "READ_WRITE",
        }),
    );
    assert!(result.get("rootRecord").is_none(), "{result}");
    assert!(library.zone_names("bob").await.is_empty());
    library.lookup("bob", "root").await.failed(0, "ZONE_NOT_FOUND", "");

    let asked = json!([{ "value": share["shortGUID"], "shouldFetchRootRecord": true, "rootRecordDesiredKeys": ["cents"] }]);
    let reply = short_guid(&bob, "accept", asked.clone()).await;
    let accepted = &reply.ok().body["results"][0];
    check_contains(
        accepted,
        &json!({ "databaseScope": "SHARED", "participantStatus": "ACCEPTED", "shortGUID": asked[0],
            "share": { "currentUserParticipant": { "acceptanceStatus": "ACCEPTED", "userIdentity": { "userRecordName": bob_name } } },
            "rootRecord": { "recordName": "root", "recordType": "Account", "fields": {} } }),
    );
    assert_eq!(accepted["rootRecord"]["fields"], json!({}), "only the desired keys");

    assert_eq!(library.zone_names("bob").await, [ZONE]);
    let reply = library.lookup("bob", "grandchild").await;
    check_contains(reply.record(0), &json!({ "zoneID": library.zone, "parent": { "recordName": "child" } }));

    // Once more is no harm; that it is none is inferred.
    let tag = library.tag("share").await;
    accept(&server, "bob", &share).await;
    assert_eq!(library.tag("share").await, tag);
    let mine = resolve_one(&server.user("alice"), "resolve", &share).await;
    check_contains(
        &mine,
        &json!({ "databaseScope": "PRIVATE", "participantType": "OWNER", "participantStatus": "ACCEPTED" }),
    );
}

#[tokio::test]
async fn c093_addresses_are_answered_one_by_one() {
    let server = server().await;
    let library = library(&server).await;
    let share = library.share("NONE", json!([invited("bob@example.com", "READ_ONLY")])).await;
    let asked = json!([{ "value": "0nobody" }, { "value": share["shortGUID"] }]);
    for action in ["resolve", "accept"] {
        let reply = short_guid(&server.user("bob"), action, asked.clone()).await;
        let results = reply.ok().body["results"].as_array().unwrap();
        check_contains(
            &results[0],
            &json!({ "serverErrorCode": "NOT_FOUND", "shortGUID": { "value": "0nobody" } }),
        );
        check_contains(&results[1], &json!({ "participantType": "USER" }));

        server
            .token()
            .post(&format!("public/records/{action}"), json!({ "shortGUIDs": asked }))
            .await
            .refused(421, "AUTHENTICATION_REQUIRED", "");
        short_guid(&server.key(), action, asked.clone()).await.refused(401, "AUTHENTICATION_FAILED", "");
        for (database, called) in [("private", "privatedb"), ("shared", "sharedb")] {
            let body = json!({ "shortGUIDs": asked });
            let reply = server.user("bob").post(&format!("{database}/records/{action}"), body).await;
            reply.refused(400, "BAD_REQUEST", &format!("database type '{called}'"));
        }
        let many = vec![json!({ "value": "0" }); 201];
        short_guid(&server.user("bob"), action, many.into()).await.refused(400, "BAD_REQUEST", "200");
        short_guid(&server.user("bob"), action, json!([{}])).await.refused(400, "BAD_REQUEST", "'value'");
        // An address of one environment is none of the other.
        let elsewhere = short_guid(&server.user("bob").production(), action, asked.clone()).await;
        check_contains(&elsewhere.ok().body["results"][1], &json!({ "serverErrorCode": "NOT_FOUND" }));
    }
}

/// A record may have an address before it is shared. That others do not find anything there is inferred.
#[tokio::test]
async fn c093_an_address_without_a_share_is_its_owners() {
    let server = server().await;
    let library = library(&server).await;
    let root = library.lookup("alice", "root").await.record(0).clone();
    let mine = resolve_one(&server.user("alice"), "resolve", &root).await;
    check_contains(&mine, &json!({ "rootRecordName": "root", "participantType": "OWNER" }));
    let other = resolve_one(&server.user("bob"), "accept", &root).await;
    check_contains(&other, &json!({ "serverErrorCode": "NOT_FOUND" }));
}

#[tokio::test]
async fn c093_a_private_share_is_for_those_invited() {
    let server = server().await;
    let (library, share) = shared_with_bob(&server, "READ_ONLY").await;
    for action in ["resolve", "accept"] {
        let result = resolve_one(&server.user("carol"), action, &share).await;
        check_contains(&result, &json!({ "serverErrorCode": "ACCESS_DENIED" }));
        assert!(!result.to_string().contains("root"), "{result}");
    }
    assert!(library.zone_names("carol").await.is_empty());
}

#[tokio::test]
async fn c093_an_invitation_to_an_unknown_address_may_be_anybodys() {
    let server = server().await;
    let library = library(&server).await;
    let share = library.share("NONE", json!([invited("someone@elsewhere.example", "READ_ONLY")])).await;
    let result = resolve_one(&server.user("carol"), "resolve", &share).await;
    check_contains(
        &result,
        &json!({ "participantPermission": "NONE", "potentialMatchList": [
            { "participantId": share["participants"][1]["participantId"],
              "contactInformation": { "emailAddress": "someone@elsewhere.example" } }] }),
    );
    assert!(result.get("rootRecordName").is_none() && result.get("share").is_none(), "{result}");
    let result = resolve_one(&server.user("carol"), "accept", &share).await;
    check_contains(&result, &json!({ "serverErrorCode": "ACCESS_DENIED" }));
}

/// Who was invited by an address that nobody had is known as soon as somebody has it.
#[tokio::test]
async fn c093_an_invitation_waits_for_whoever_gets_the_address() {
    let directory = tempfile::tempdir().unwrap();
    let start = async |later: bool| {
        Server::start_with(|builder| {
            let builder = builder.user("carol").data(directory.path()).seed(11);
            if later {
                let dora = User::new("dora").email("Someone@elsewhere.example").phone("+351210000000");
                builder.user(dora).user(User::new("emil").phone("+351211111111").hidden())
            } else {
                builder
            }
        })
        .await
    };
    let server = start(false).await;
    let library = library(&server).await;
    let by_phone = json!({ "userIdentity": { "lookupInfo": { "phoneNumber": "+351211111111" } },
        "permission": "READ_WRITE" });
    let participants = json!([invited("someone@elsewhere.example", "READ_ONLY"), by_phone]);
    let share = library.share("NONE", participants).await;
    let identity = &share["participants"][1]["userIdentity"];
    assert_eq!(*identity, json!({ "lookupInfo": { "emailAddress": "someone@elsewhere.example" } }));
    let zone = library.zone.clone();
    server.container.stop().await;

    let server = start(true).await;
    let library = Library { server: &server, zone };
    // Whoever can be discovered is shown; whoever is hidden is not, and takes part all the same.
    let shown = library.lookup("alice", "share").await.record(0)["participants"].clone();
    check_contains(
        &shown[1]["userIdentity"],
        &json!({ "userRecordName": server.user("dora").name().await, "nameComponents": { "givenName": "Dora" } }),
    );
    assert_eq!(shown[2]["userIdentity"], json!({ "lookupInfo": { "phoneNumber": "+351211111111" } }));
    for (user, at, permission) in [("dora", 1, "READ_ONLY"), ("emil", 2, "READ_WRITE")] {
        let result = resolve_one(&server.user(user), "resolve", &share).await;
        check_contains(
            &result,
            &json!({ "participantType": "USER", "participantStatus": "INVITED", "participantPermission": permission }),
        );
        accept(&server, user, &share).await;
        assert_eq!(library.names(user).await, ["child", "grandchild", "root"]);
        let participant = library.lookup("alice", "share").await.record(0)["participants"][at].clone();
        assert_eq!(participant["userIdentity"]["userRecordName"], server.user(user).name().await);
        assert_eq!(participant["participantId"], share["participants"][at]["participantId"]);
    }
    let result = resolve_one(&server.user("carol"), "accept", &share).await;
    check_contains(&result, &json!({ "serverErrorCode": "ACCESS_DENIED" }));
}
