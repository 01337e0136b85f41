//! Statements 89 to 100: users, short GUIDs and push tokens, as far as one caller sees them.

use serde_json::{Value, json};

use super::{bad_request, error};
use crate::commands::conformance::case::{Case, Place, Who, case, get, post};

const CREATE_TOKEN: &str = "tokens/create";

fn development() -> Value {
    json!({ "apnsEnvironment": "development" })
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "c089",
            "users/caller tells the caller at top level and in a list",
            vec![
                get(Who::Key, "public/users/caller")
                    .reading(
                        "in both places",
                        200,
                        json!({ "userRecordName": "<text>", "users": [{ "userRecordName": "<text>" }] }),
                    )
                    .reading("at top level", 200, json!({ "userRecordName": "<text>" }))
                    .reading("in the list", 200, json!({ "users": [{ "userRecordName": "<text>" }] })),
            ],
        )
        .settles(&["CALLER_IN_BOTH_FORMS"]),
        case(
            "c089b",
            "users/caller of the private database",
            vec![
                get(Who::User, "private/users/caller")
                    .reading(
                        "answers like that of the public one",
                        200,
                        json!({ "userRecordName": "<text>" }),
                    )
                    .reading("answers in another form", 200, json!({ "users": "<any>" }))
                    .reading("is not applicable", 400, json!({}))
                    .reading("asks to sign in", 421, json!({})),
            ],
        )
        .settles(&["CALLER_OF_EVERY_DATABASE"]),
        case(
            "c090a",
            "users/discover is for the public database",
            vec![
                post(
                    Who::User,
                    "private/users/discover",
                    json!({ "lookupInfos": [{ "emailAddress": "nobody@example.com" }] }),
                )
                .expect(400, bad_request("")),
            ],
        )
        .settles(&["DISCOVER_IS_PUBLIC"]),
        case(
            "c090b",
            "somebody whom users/discover does not find",
            vec![
                post(
                    Who::User,
                    "public/users/discover",
                    json!({ "lookupInfos": [{ "emailAddress": "ckc-nobody@example.invalid" }] }),
                )
                .reading("is left out", 200, json!({ "users": "<empty>" }))
                .reading(
                    "is told as an error",
                    200,
                    json!({ "users": [{ "serverErrorCode": "<text>" }] }),
                ),
            ],
        )
        .settles(&["DISCOVER_LEAVES_OUT_UNKNOWN"]),
        case(
            "c091",
            "the calls that read the address book",
            vec![
                get(Who::User, "public/users/discover")
                    .reading("fail", 500, json!({ "serverErrorCode": "INTERNAL_ERROR" }))
                    .reading("fail with another error", 400, json!({}))
                    .reading("fail with another error", 404, json!({}))
                    .reading("answer", 200, json!({ "users": "<any>" })),
            ],
        )
        .settles(&["ADDRESS_BOOK_CALLS"]),
        case(
            "c091b",
            "somebody whom users/lookup does not find",
            vec![
                post(
                    Who::User,
                    "public/users/lookup/email",
                    json!({ "users": [{ "emailAddress": "ckc-nobody@example.invalid" }] }),
                )
                .reading("is NOT_FOUND in their place", 200, json!({ "users": [error("NOT_FOUND", "")] }))
                .reading("is left out", 200, json!({ "users": "<empty>" }))
                .reading(
                    "is told without a name",
                    200,
                    json!({ "users": [{ "userRecordName": "<absent>" }] }),
                ),
            ],
        )
        .settles(&["LOOKUP_OF_NOBODY"]),
        case(
            "c093",
            "a short GUID that nothing has",
            vec![
                post(
                    Who::User,
                    "public/records/resolve",
                    json!({ "shortGUIDs": [{ "value": "0aBcDeFgHiJkLmNoPqRsTuVw" }] }),
                )
                .reading("fails by itself", 200, json!({ "results": [error("NOT_FOUND", "")] }))
                .reading(
                    "fails by itself, with another code",
                    200,
                    json!({ "results": [{ "serverErrorCode": "<text>" }] }),
                )
                .reading("fails the request", 404, json!({}))
                .reading("is a malformed request", 400, json!({})),
            ],
        )
        .settles(&["UNKNOWN_SHORT_GUID"]),
        case(
            "c100a",
            "a push token is made under /device",
            vec![
                post(Who::User, CREATE_TOKEN, development())
                    .at(Place::Device)
                    .expect(200, json!({ "apnsToken": "<text>", "webcourierURL": "<text>" })),
            ],
        )
        .settles(&["TOKENS_UNDER_DEVICE"]),
        case(
            "c100d",
            "what registering a push token answers",
            vec![
                post(Who::User, CREATE_TOKEN, development())
                    .at(Place::Device)
                    .expect(200, json!({ "apnsToken": "<text>" }))
                    .keep("token", "/apnsToken"),
                post(
                    Who::User,
                    "tokens/register",
                    json!({ "apnsEnvironment": "development", "apnsToken": "$token" }),
                )
                .at(Place::Device)
                .reading("the token", 200, json!({ "apnsToken": "$token" }))
                .reading("something else", 200, json!("<any>")),
            ],
        )
        .settles(&["REGISTERED_TOKEN"]),
        case(
            "c100b",
            "whether a server-to-server key can make push tokens",
            vec![
                post(Who::Key, CREATE_TOKEN, development())
                    .at(Place::Device)
                    .reading("it cannot", 401, json!({}))
                    .reading("it can", 200, json!({ "apnsToken": "<text>" }))
                    .reading("it is a malformed request", 400, json!({}))
                    .reading("a user has to sign in", 421, json!({})),
            ],
        )
        .settles(&["KEYS_HAVE_NO_PUSH_TOKENS"]),
        case(
            "c100c",
            "under /database there are no push tokens",
            vec![post(Who::User, CREATE_TOKEN, development()).expect(405, json!("<any>"))],
        )
        .settles(&["TOKENS_UNDER_DEVICE"]),
    ]
}
