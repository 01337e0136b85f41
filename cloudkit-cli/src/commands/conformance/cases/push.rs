//! Statement 101: notifications, as the long poll delivers them.

use serde_json::{Value, json};

use super::{TYPE, create, filter, make_zone, modify_zone, text};
use crate::commands::conformance::case::{Case, Place, Step, Who, case, get, post};

const WAITS: &str = "it waits for something that does not come, for a minute or longer";

/// Makes a push token. Where its notifications are fetched is kept as `courier`.
fn made() -> Step {
    post(Who::User, "tokens/create", json!({ "apnsEnvironment": "development" }))
        .at(Place::Device)
        .expect(200, json!({ "apnsToken": "<text>", "webcourierURL": "<text>" }))
        .keep("token", "/apnsToken")
        .keep("courier", "/webcourierURL")
}

fn registered() -> Vec<Step> {
    let body = json!({ "apnsEnvironment": "development", "apnsToken": "$token" });
    vec![made(), post(Who::User, "tokens/register", body).at(Place::Device)]
}

/// Subscribes to what the case creates, with more about the subscription.
fn subscribed(database: &'static str, more: Value) -> Step {
    let mut subscription = json!({ "subscriptionID": "~s", "subscriptionType": "query", "firesOn": ["create"],
        "query": { "recordType": TYPE, "filterBy": [filter("run", "EQUALS", text("~"))] },
        "notificationInfo": { "alertBody": "made" } });
    if let (Some(all), Some(more)) = (subscription.as_object_mut(), more.as_object()) {
        all.extend(more.clone());
    }
    post(
        Who::User,
        database,
        json!({ "operations": [{ "operationType": "create", "subscription": subscription }] }),
    )
}

const PUBLIC: &str = "public/subscriptions/modify";
const PRIVATE: &str = "private/subscriptions/modify";

fn saved(database: &'static str, name: &str) -> Step {
    let record = create(name, json!({ "run": text("~"), "text": text("Ines") }));
    post(Who::User, database, json!({ "operations": [record] }))
}

/// Registers, subscribes in the public database, and saves a record.
fn told(more: Value) -> Vec<Step> {
    let mut steps = registered();
    steps.extend([subscribed(PUBLIC, more), saved("public/records/modify", "~one")]);
    steps
}

/// Asks for a notification.
fn polled() -> Step {
    get(Who::Nobody, "the address of notifications").at(Place::Kept("courier"))
}

fn followed_by(mut steps: Vec<Step>, more: impl IntoIterator<Item = Step>) -> Vec<Step> {
    steps.extend(more);
    steps
}

pub(super) fn cases() -> Vec<Case> {
    let about = |name: &str| json!({ "ck": { "qry": { "sid": "~s", "rid": name } } });
    let database = |number: Value| json!({ "ck": { "qry": { "dbs": number } } });
    let nothing = || json!("<any>");
    vec![
        case(
            "c101a",
            "whether the writer of a record is told of it",
            followed_by(
                told(json!({})),
                [polled().reading("it is", 200, about("~one")).reading("nobody is", 204, nothing())],
            ),
        )
        .settles(&["WRITERS_ARE_NOTIFIED"]),
        case(
            "c101b",
            "what a notification calls the public database",
            followed_by(
                told(json!({})),
                [polled()
                    .reading("0", 200, database(json!(0)))
                    .reading("another number", 200, database(json!("<number>")))
                    .reading("nothing", 200, database(json!("<absent>")))],
            ),
        )
        .settles(&["PUBLIC_DATABASE_NUMBER"]),
        case(
            "c101c",
            "what a notification calls a private database",
            followed_by(
                registered(),
                [
                    subscribed(PRIVATE, json!({})),
                    saved("private/records/modify", "~one"),
                    polled()
                        .reading("1", 200, database(json!(1)))
                        .reading("another number", 200, database(json!("<number>")))
                        .reading("nothing", 200, database(json!("<absent>"))),
                ],
            ),
        )
        .settles(&["PRIVATE_DATABASE_NUMBER"]),
        case(
            "c101d",
            "what the alert of a notification is",
            followed_by(
                told(json!({})),
                [polled()
                    .reading("an object with a body", 200, json!({ "aps": { "alert": { "body": "made" } } }))
                    .reading("a text", 200, json!({ "aps": { "alert": "made" } }))],
            ),
        )
        .settles(&["ALERT_IS_AN_OBJECT"]),
        case(
            "c101e",
            "what alertLocalizationArgs stand for",
            followed_by(
                told(json!({ "notificationInfo": { "alertLocalizationKey": "K", "alertLocalizationArgs": ["text"] } })),
                [polled()
                    .reading("the values of fields", 200, json!({ "aps": { "alert": { "loc-args": ["Ines"] } } }))
                    .reading("themselves", 200, json!({ "aps": { "alert": { "loc-args": ["text"] } } }))],
            ),
        )
        .settles(&["LOCALIZATION_ARGUMENTS_ARE_FIELDS"]),
        case(
            "c101f",
            "each answer takes one notification away, the oldest first",
            followed_by(
                told(json!({})),
                [
                    saved("public/records/modify", "~two"),
                    polled().expect(200, about("~one")),
                    polled().expect(200, about("~two")),
                ],
            ),
        )
        .settles(&["ONE_NOTIFICATION_A_POLL"]),
        case(
            "c101g",
            "whether a zone subscription tells once of all changes of a request",
            followed_by(
                registered(),
                [
                    make_zone("~zone"),
                    post(
                        Who::User,
                        PRIVATE,
                        json!({ "operations": [{ "operationType": "create", "subscription": {
                            "subscriptionID": "~s", "subscriptionType": "zone", "zoneID": { "zoneName": "~zone" } } }] }),
                    ),
                    modify_zone("~zone", json!([create("~one", json!({})), create("~two", json!({}))])),
                    polled().expect(200, json!({ "ck": { "fet": { "sid": "~s" } } })),
                    polled()
                        .reading("once", 204, nothing())
                        .reading("once for each", 200, json!({ "ck": { "fet": { "sid": "~s" } } })),
                ],
            ),
        )
        .settles(&["ONE_NOTIFICATION_A_REQUEST", "LONG_POLL_IS_A_MINUTE"])
        .not_live(WAITS),
        case(
            "c101h",
            "whether a push token has to be registered",
            vec![
                made(),
                subscribed(PUBLIC, json!({})),
                saved("public/records/modify", "~one"),
                polled().reading("it has", 204, nothing()).reading("it has not", 200, about("~one")),
            ],
        )
        .settles(&["PUSH_TOKENS_ARE_REGISTERED", "LONG_POLL_IS_A_MINUTE"])
        .not_live(WAITS),
        case(
            "c101i",
            "how long the address of notifications says that it lives",
            vec![
                post(Who::User, "tokens/create", json!({ "apnsEnvironment": "development" }))
                    .at(Place::Device)
                    .reading("twelve hours", 200, json!({ "webcourierURL": "<has ttl=43200>" }))
                    .reading("something else, or nothing", 200, json!({ "webcourierURL": "<text>" })),
            ],
        )
        .settles(&["PUSH_TOKEN_LIFE"]),
        case(
            "c101k",
            "the notification of a subscription to a database",
            followed_by(
                registered(),
                [
                    make_zone("~zone"),
                    post(
                        Who::User,
                        PRIVATE,
                        json!({ "operations": [{ "operationType": "create", "subscription": {
                            "subscriptionID": "~s", "subscriptionType": "database" } }] }),
                    ),
                    modify_zone("~zone", json!([create("~one", json!({}))])),
                    polled()
                        .reading("is ck.met", 200, json!({ "ck": { "met": "<any>" } }))
                        .reading("is ck.fet, like that of a zone", 200, json!({ "ck": { "fet": "<any>" } }))
                        .reading("has another form", 200, json!({ "ck": "<any>" })),
                ],
            ),
        )
        .settles(&["DATABASE_NOTIFICATION"]),
        case(
            "c101j",
            "what becomes of a subscription that fires once",
            vec![
                subscribed(PUBLIC, json!({ "firesOnce": true })),
                saved("public/records/modify", "~one"),
                post(Who::User, "public/subscriptions/lookup", json!({ "subscriptions": [{ "subscriptionID": "~s" }] }))
                    .reading("it is gone", 200, json!({ "subscriptions": [{ "serverErrorCode": "NOT_FOUND" }] }))
                    .reading("it stays", 200, json!({ "subscriptions": [{ "subscriptionID": "~s", "firesOnce": true }] })),
            ],
        )
        .settles(&["FIRES_ONCE_DELETES"]),
    ]
}
