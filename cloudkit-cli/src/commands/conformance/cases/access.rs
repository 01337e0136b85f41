//! Statements 10 to 18: no credentials, API tokens, and users.

use serde_json::{Value, json};

use super::{LOOKUP, MODIFY, QUERY, create, error, filter, modify, names, text};
use crate::commands::conformance::case::{Case, Who, case, get, post};

const CALLER: &str = "public/users/caller";
const UNKNOWN_TOKEN: &str = "ckAPIToken=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn sign_in() -> Value {
    json!({ "serverErrorCode": "AUTHENTICATION_REQUIRED", "redirectURL": "<text>" })
}

fn nobody() -> Value {
    json!({ "records": [{ "recordName": "ckc-nobody" }] })
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "c010",
            "without credentials nothing is allowed, and the reason says so",
            vec![
                post(Who::Nobody, LOOKUP, nobody())
                    .reading("401, no auth method found", 401, error("AUTHENTICATION_FAILED", "no auth method found"))
                    .reading("401, with another reason", 401, json!({}))
                    .reading("400", 400, json!({}))
                    .reading("421, a user has to sign in", 421, json!({})),
            ],
        ).settles(&["NO_CREDENTIALS"])
        .row("R11"),
        case(
            "c011",
            "an unknown API token is refused",
            vec![
                post(Who::Nobody, LOOKUP, nobody())
                    .query(UNKNOWN_TOKEN)
                    .expect(401, error("AUTHENTICATION_FAILED", "")),
            ],
        ).settles(&["UNKNOWN_API_TOKEN"]),
        case(
            "c012a",
            "an API token alone reads what the world may read",
            vec![
                modify(json!([create("~one", json!({ "text": text("Ines") }))])),
                post(Who::ApiToken, LOOKUP, names(&["~one"])).expect(
                    200,
                    json!({ "records": [{ "recordName": "~one", "fields": { "text": { "value": "Ines" } } }] }),
                ),
            ],
        ),
        case(
            "c012b",
            "an API token alone does not open private databases, and tells where to sign in",
            vec![post(Who::ApiToken, "private/records/lookup", nobody()).expect(421, sign_in())],
        ),
        case(
            "c012c",
            "a write with nothing but an API token",
            vec![
                post(Who::ApiToken, MODIFY, json!({ "operations": [create("~one", json!({}))] }))
                    .reading("a user has to sign in", 421, json!({ "serverErrorCode": "AUTHENTICATION_REQUIRED" }))
                    .reading("the item is denied", 200, super::item("ACCESS_DENIED", ""))
                    .reading("the request is denied", 403, json!({}))
                    .reading("the credentials are refused", 401, json!({}))
                    .reading("it is done", 200, names(&["~one"])),
            ],
        )
        .settles(&["TOKEN_ONLY_WRITE"]),
        case(
            "c013",
            "users/caller and users/current need a user who signed in",
            vec![
                get(Who::ApiToken, CALLER).expect(421, sign_in()),
                get(Who::ApiToken, "public/users/current").expect(421, sign_in()),
            ],
        ),
        case(
            "c016a",
            "each answer to a user has a new token in a header",
            vec![get(Who::User, CALLER).expect(200, json!({ "userRecordName": "<text>" })).header("x-apple-cloudkit-web-auth-token")],
        ).settles(&["TOKEN_ON_EVERY_ANSWER"]),
        case(
            "c016c",
            "whether a token is good after its answer had a new one",
            vec![
                get(Who::User, CALLER).expect(200, json!({ "userRecordName": "<text>" })),
                get(Who::UserAtFirst, CALLER)
                    .reading("it is", 200, json!({ "userRecordName": "<text>" }))
                    .reading("a user has to sign in", 421, json!({}))
                    .reading("it is refused", 401, json!({})),
            ],
        )
        .settles(&["TOKENS_OUTLIVE_THEIR_ANSWER"]),
        case(
            "c016b",
            "an error to a user has one as well",
            vec![
                post(Who::User, QUERY, json!({}))
                    .expect(400, json!({}))
                    .header("x-apple-cloudkit-web-auth-token"),
            ],
        ).settles(&["TOKEN_ON_EVERY_ANSWER"]),
        case(
            "c026c",
            "a key cannot change what a user has saved, if its role may not",
            vec![
                post(Who::User, MODIFY, json!({ "operations": [create("~one", json!({ "text": text("U") }))] })),
                modify(json!([super::operation("forceUpdate", "~one", json!({ "text": text("K") }))]))
                    .expect(200, super::item("ACCESS_DENIED", "WRITE operation not permitted")),
            ],
        )
        .settles(&["KEYS_HAVE_ROLES"]),
        case(
            "c026b",
            "a query of a type that the caller may not read",
            vec![
                post(Who::Key, QUERY, json!({ "query": { "recordType": "CKConformanceHidden",
                    "filterBy": [filter("run", "EQUALS", text("~"))] } }))
                .reading("is refused as a whole", 403, error("ACCESS_DENIED", ""))
                .reading("finds nothing", 200, json!({ "records": "<empty>" }))
                .reading("is another error", 400, json!({}))
                .reading("is another error", 404, json!({})),
            ],
        )
        .settles(&["QUERY_WITHOUT_READ"]),
        case(
            "c009",
            "the private and the public database do not mix",
            vec![
                post(
                    Who::User,
                    "private/records/modify",
                    json!({ "operations": [create("~one", json!({ "run": text("~") }))] }),
                ),
                post(Who::User, LOOKUP, names(&["~one"])).expect(200, super::item("NOT_FOUND", "")),
                post(
                    Who::User,
                    QUERY,
                    json!({ "query": { "recordType": super::TYPE,
                        "filterBy": [filter("run", "EQUALS", text("~"))] } }),
                )
                .expect(200, json!({ "records": "<empty>" })),
            ],
        ),
        case(
            "c026",
            "a user cannot change what a key has saved",
            vec![
                modify(json!([create("~one", json!({ "text": text("K") }))])),
                post(
                    Who::User,
                    MODIFY,
                    json!({ "operations": [super::operation("forceUpdate", "~one", json!({ "text": text("U") }))] }),
                )
                .expect(200, super::item("ACCESS_DENIED", "WRITE operation not permitted")),
            ],
        ),
    ]
}
