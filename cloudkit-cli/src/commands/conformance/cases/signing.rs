//! Statements 19 to 28: server-to-server keys, and how much of a signature may be different.

use serde_json::{Value, json};

use super::{LOOKUP, create, error, item, lookup, modify};
use crate::commands::conformance::case::{Case, Place, Signing, Step, Who, case, get, post};

const CALLER: &str = "public/users/caller";

fn ask() -> Step {
    post(Who::Key, LOOKUP, json!({ "records": [{ "recordName": "ckc-nobody" }] }))
}

fn refused() -> Value {
    json!({ "uuid": "<uuid>", "serverErrorCode": "AUTHENTICATION_FAILED", "reason": "Authentication failed" })
}

/// A case whose signature is wrong in one way.
fn wrong(id: &'static str, statement: &'static str, signing: Signing) -> Case {
    case(id, statement, vec![ask().signed(signing).expect(401, refused())])
}

/// A step that says whether this is accepted; the container accepts it.
fn accepted(step: Step, yes: &'static str, no: &'static str) -> Step {
    step.reading(yes, 200, json!({})).reading(no, 401, json!({}))
}

/// The same where the container refuses it.
fn refused_by_container(step: Step, no: &'static str, yes: &'static str) -> Step {
    step.reading(no, 401, json!({})).reading(yes, 200, json!({}))
}

pub(super) fn cases() -> Vec<Case> {
    let mail = || json!({ "lookupInfos": [{ "emailAddress": "nobody@example.com" }] });
    vec![
        wrong("c019a", "a signature with one wrong bit is refused, and nothing tells why", Signing::Broken),
        wrong("c019b", "a signature of another body is refused", Signing::OtherBody),
        case(
            "c020",
            "whether the query of an address is signed",
            vec![
                accepted(
                    ask().query("x=1"),
                    "path and query may be signed",
                    "path and query may not be signed",
                ),
                accepted(
                    ask().query("x=1").signed(Signing::PathAlone),
                    "the path alone may be signed",
                    "the path alone may not be signed",
                ),
            ],
        )
        .row("M8")
        .settles(&["PATH_ALONE_MAY_BE_SIGNED"]),
        case(
            "c021",
            "what stands for the body of a request without one",
            vec![
                accepted(
                    get(Who::Key, CALLER),
                    "the hash of nothing is right",
                    "the hash of nothing is wrong",
                ),
                accepted(
                    get(Who::Key, CALLER).signed(Signing::EmptyHash),
                    "nothing at all is right",
                    "nothing at all is wrong",
                ),
            ],
        )
        .row("M17")
        .settles(&["EMPTY_BODY_MAY_HASH_TO_NOTHING"]),
        case(
            "c022a",
            "how long a signature is good",
            vec![
                accepted(
                    ask().signed(Signing::Shifted(-300)),
                    "5 minutes old: good",
                    "5 minutes old: refused",
                ),
                accepted(
                    ask().signed(Signing::Shifted(-540)),
                    "9 minutes old: good",
                    "9 minutes old: refused",
                ),
                refused_by_container(
                    ask().signed(Signing::Shifted(-660)),
                    "11 minutes old: refused",
                    "11 minutes old: good",
                ),
                refused_by_container(
                    ask().signed(Signing::Shifted(-1200)),
                    "20 minutes old: refused",
                    "20 minutes old: good",
                ),
                accepted(
                    ask().signed(Signing::Shifted(300)),
                    "5 minutes early: good",
                    "5 minutes early: refused",
                ),
                accepted(
                    ask().signed(Signing::Shifted(540)),
                    "9 minutes early: good",
                    "9 minutes early: refused",
                ),
                refused_by_container(
                    ask().signed(Signing::Shifted(660)),
                    "11 minutes early: refused",
                    "11 minutes early: good",
                ),
                refused_by_container(
                    ask().signed(Signing::Shifted(1200)),
                    "20 minutes early: refused",
                    "20 minutes early: good",
                ),
            ],
        )
        .row("T1")
        .settles(&["CLOCK_WINDOW"]),
        wrong("c022b", "a date with milliseconds is refused", Signing::Milliseconds),
        wrong("c022c", "a date with an offset instead of Z is refused", Signing::Offset),
        wrong("c022d", "a signature a day old is refused", Signing::Shifted(-86_400)),
        case(
            "c023a",
            "whether a key is of one environment",
            vec![refused_by_container(
                ask().at(Place::Production),
                "a key for development is refused in production",
                "a key for development is good in production",
            )],
        )
        .settles(&["KEY_OF_ONE_ENVIRONMENT"])
        .row("K1"),
        wrong("c023b", "an unknown key ID is refused like everything else", Signing::UnknownKeyId),
        case(
            "c023c",
            "what a key is told that was revoked",
            vec![
                ask()
                    .signed(Signing::RevokedKeyId)
                    .reading("the same as an unknown one", 401, refused())
                    .reading("something of its own", 401, json!({}))
                    .reading("something of its own", 403, json!({}))
                    .reading("it is still good", 200, json!({})),
            ],
        )
        .row("K3")
        .settles(&["REVOKED_KEY_LOOKS_UNKNOWN"]),
        wrong("c024a", "a signature that is not DER is refused", Signing::Raw),
        wrong("c024b", "a hash in hexadecimal digits is refused", Signing::HexHash),
        wrong("c024c", "a whole address in the place of the path is refused", Signing::WholeAddress),
        wrong("c024d", "a method in the signed text is refused", Signing::WithMethod),
        case(
            "c024e",
            "which of the two valid numbers for s is accepted",
            vec![
                accepted(ask().signed(Signing::LowS), "the low one is", "the low one is not"),
                accepted(ask().signed(Signing::HighS), "the high one is", "the high one is not"),
            ],
        )
        .settles(&["BOTH_S_ARE_GOOD"])
        .row("S6"),
        case(
            "c025a",
            "a server-to-server key in the private database",
            vec![
                post(
                    Who::Key,
                    "private/records/lookup",
                    json!({ "records": [{ "recordName": "ckc-nobody" }] }),
                )
                .reading("the credentials are refused", 401, error("AUTHENTICATION_FAILED", ""))
                .reading("a user has to sign in", 421, json!({}))
                .reading("it is not allowed", 403, json!({}))
                .reading("it is a malformed request", 400, json!({}))
                .reading("it is accepted", 200, json!({})),
            ],
        )
        .settles(&["KEY_IN_PRIVATE_DATABASE"]),
        case(
            "c025b",
            "which endpoints for users a server-to-server key may call",
            vec![
                accepted(get(Who::Key, CALLER), "users/caller: yes", "users/caller: no"),
                accepted(get(Who::Key, "public/users/current"), "users/current: yes", "users/current: no"),
                refused_by_container(
                    post(Who::Key, "public/users/discover", mail()),
                    "users/discover: no",
                    "users/discover: yes",
                ),
                accepted(
                    post(
                        Who::Key,
                        "public/users/lookup/email",
                        json!({ "users": [{ "emailAddress": "nobody@example.com" }] }),
                    ),
                    "users/lookup/email: yes",
                    "users/lookup/email: no",
                ),
            ],
        )
        .settles(&["KEYS_AND_USERS"])
        .row("R2"),
        case(
            "c025c",
            "whether a token beside a signature does harm",
            vec![
                ask()
                    .query("ckAPIToken=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")
                    .reading("the signature decides", 200, json!({}))
                    .reading("the token decides, and is refused", 401, json!({}))
                    .reading("both at once are a malformed request", 400, json!({})),
            ],
        )
        .row("R7")
        .settles(&["SIGNATURE_WINS_OVER_TOKENS"]),
        case(
            "c027",
            "records of a key bear the key's own user record name",
            vec![
                get(Who::Key, CALLER)
                    .expect(200, json!({ "userRecordName": "<text>" }))
                    .keep("me", "/userRecordName"),
                modify(json!([create("~one", json!({}))])).expect(
                    200,
                    json!({ "records": [{ "created": { "userRecordName": "$me" },
                        "modified": { "userRecordName": "$me" } }] }),
                ),
            ],
        )
        .settles(&["KEY_HAS_A_USER_RECORD"]),
        case(
            "c027b",
            "writes over the web carry the device ID 2",
            vec![
                modify(json!([create("~one", json!({}))]))
                    .expect(200, json!({ "records": [{ "created": { "deviceID": "2" } }] })),
            ],
        )
        .settles(&["DEVICE_ID"]),
        wrong("c028", "a key ID in capitals is refused", Signing::UpperCaseKeyId),
        case(
            "c019c",
            "a signed request can be repeated",
            vec![
                lookup(&["ckc-nobody"]).expect(200, item("NOT_FOUND", "")),
                lookup(&["ckc-nobody"]).expect(200, item("NOT_FOUND", "")),
            ],
        )
        .settles(&["SIGNATURES_CAN_BE_REPEATED"]),
    ]
}
