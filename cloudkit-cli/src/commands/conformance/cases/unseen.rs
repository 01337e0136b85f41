//! The facts that no case sees, and why.

const TAKES_LONG: &str = "it shows only after a quarter of an hour, or longer";
const MANAGEMENT: &str = "the management API has tokens of its own, of which the cases have none";
const MUCH: &str = "it takes a thousand zones, or thousands of records";
const PRODUCTION: &str = "the cases never write in production";

/// Rows of the table of facts, each with the reason why it has no case.
pub(in crate::commands::conformance) const UNSEEN: &[(&str, &str)] = &[
    ("WEB_AUTH_TOKEN_LIFE", TAKES_LONG),
    ("WEB_AUTH_TOKEN_LONG_LIFE", TAKES_LONG),
    ("REDIRECT_URL_LIFE", TAKES_LONG),
    ("UPLOAD_URL_LIFE", TAKES_LONG),
    ("EXPIRED_UPLOAD_URL", TAKES_LONG),
    ("RECEIPT_LIFE", TAKES_LONG),
    ("DOWNLOAD_URL_LIFE", TAKES_LONG),
    ("FOREIGN_ORIGIN", "only CloudKit Console sets the origins that an API token allows"),
    ("FOREIGN_WEB_AUTH_TOKEN", "it needs a second API token of the container"),
    (
        "OLD_NAME_OF_THE_TOKEN",
        "only programs from before 2017 use the name, and the cases print the queries that they send",
    ),
    ("SHAPE_NOT_DEPLOYED", PRODUCTION),
    ("MANAGEMENT_CREATE_ON_EXISTING", MANAGEMENT),
    ("IMPORT_DROPS_VALUES", MANAGEMENT),
    ("MAX_ZONES", MUCH),
    ("TOO_MANY_ZONES", MUCH),
    ("MAX_SHARED_RECORDS", MUCH),
    ("SHARED_DATABASE_NUMBER", "a share would have to change while its participant listens"),
    (
        "NO_INDEX_AT_ALL",
        "the record types of the cases have indexes, by which their records are found and deleted again",
    ),
];
