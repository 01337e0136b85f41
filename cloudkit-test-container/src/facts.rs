//! What the server relies on although Apple's documents do not state it plainly.
//!
//! Each such fact stands here once, with its standing and its source, and the code asks for it by name. When one turns
//! out to be wrong, this is the line to change.

mod behaviour;

use std::fmt;
use std::time::Duration;

use cloudkit_core::ServerErrorCode;

use crate::sharing::SharePermission;

/// How sure a fact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Apple's documents say so.
    Documented,
    /// Seen on Apple's live service.
    Observed,
    /// Sources contradict each other; the claim is the decision that was taken.
    Disputed,
    /// Our conclusion; nobody has looked.
    Inferred,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Documented => "documented",
            Self::Observed => "observed",
            Self::Disputed => "disputed",
            Self::Inferred => "inferred",
        })
    }
}

/// A fact that may be wrong, and the value the server uses for it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Fact<T> {
    /// A short name that never changes its meaning.
    pub id: &'static str,
    /// What is believed.
    pub claim: &'static str,
    /// How sure it is.
    pub standing: Standing,
    /// Where it comes from.
    pub source: &'static str,
    /// What the code uses.
    pub value: T,
}

impl<T> Fact<T> {
    const fn row(&self) -> Fact<()> {
        Fact { id: self.id, claim: self.claim, standing: self.standing, source: self.source, value: () }
    }
}

/// Every fact, for reports.
pub const ALL: &[Fact<()>] = &joined::<{ VALUES.len() + behaviour::ROWS.len() }>(VALUES, behaviour::ROWS);

const fn joined<const N: usize>(first: &[Fact<()>], second: &[Fact<()>]) -> [Fact<()>; N] {
    let mut all = [first[0]; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < first.len() { first[at] } else { second[at - first.len()] };
        at += 1;
    }
    all
}

macro_rules! facts {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $value:expr, $standing:ident, $source:literal, $claim:literal;)*) => {
        $($(#[$doc])*
        pub(crate) const $name: Fact<$type> = Fact {
            id: stringify!($name),
            claim: $claim,
            standing: Standing::$standing,
            source: $source,
            value: $value,
        };)*

        const VALUES: &[Fact<()>] = &[$($name.row()),*];
    };
}

facts! {
    CLOCK_WINDOW: Duration = Duration::from_secs(600), Inferred,
        "two readers of Apple's current page; the archived reference names no figure",
        "a signature is good for ten minutes before and after its date";
    EMPTY_BODY_MAY_HASH_TO_NOTHING: bool = true, Disputed,
        "CloudKit JS and several clients hash nothing; one Swift client reports that only the empty text works",
        "without a body the middle of the signed text is the hash of nothing, or nothing at all";
    PATH_ALONE_MAY_BE_SIGNED: bool = true, Disputed,
        "CloudKit JS signs the query; the reference's examples have none",
        "with a query string both the path with it and the path alone may be signed";
    SIGNATURE_WINS_OVER_TOKENS: bool = true, Inferred,
        "nobody is known to have tried both at once",
        "of signature headers and token parameters in one request, the headers decide";
    KEY_IN_PRIVATE_DATABASE: ServerErrorCode = ServerErrorCode::AuthenticationFailed, Inferred,
        "the reference says public database only, and not how others are refused",
        "a server-to-server key in the private or shared database is refused with AUTHENTICATION_FAILED";
    TOKEN_ONLY_WRITE: ServerErrorCode = ServerErrorCode::AuthenticationRequired, Inferred,
        "the reference says it of private databases",
        "a write with nothing but an API token asks the user to sign in";
    WEB_AUTH_TOKEN_LIFE: Duration = Duration::from_secs(30 * 60), Documented,
        "CloudKit Web Services Reference, Composing Web Service Requests",
        "a web auth token lives for 30 minutes, unless the user stays signed in";
    WEB_AUTH_TOKEN_LONG_LIFE: Duration = Duration::from_secs(14 * 24 * 3600), Documented,
        "CloudKit Web Services Reference, Composing Web Service Requests",
        "the web auth token of a user who stays signed in lives for two weeks";
    FOREIGN_ORIGIN: ServerErrorCode = ServerErrorCode::AuthenticationFailed, Inferred,
        "CloudKit Console lets one set the allowed origins, and nobody reports what others are told",
        "a browser whose origin the API token does not allow is refused";
    ADDRESS_BOOK_CALLS: ServerErrorCode = ServerErrorCode::InternalError, Observed,
        "reported of GET users/discover in 2026, of Apple's JavaScript too",
        "calls that read the address book fail with INTERNAL_ERROR";
    REDIRECT_URL_LIFE: Duration = Duration::from_secs(15 * 60), Observed,
        "CloudKit JS asks for a new one every 840 seconds",
        "the page that redirectURL names can be used for 15 minutes";
    FOREIGN_WEB_AUTH_TOKEN: ServerErrorCode = ServerErrorCode::AuthenticationFailed, Observed,
        "reported from the live service in 2026",
        "a web auth token of another API token or environment is refused, not sent to sign in";
    DATABASE_SEGMENT: ServerErrorCode = ServerErrorCode::BadRequest, Inferred,
        "the reference names the three and no refusal",
        "a database other than public, private and shared is a malformed request";
    ENCODED_SEGMENTS_ARE_DECODED: bool = true, Inferred,
        "RFC 3986: a percent-encoded letter, digit, dot or hyphen is the same as the character itself",
        "a path with more percent-encoding than it needs leads to the same place, and is signed as it is sent";
    CREATE_ON_EXISTING: ServerErrorCode = ServerErrorCode::Conflict, Disputed,
        "texts seen live point to CONFLICT, the reference to EXISTS",
        "creating a record that exists is a CONFLICT; Apple's document says EXISTS";
    FORCE_DELETE_OF_MISSING_SUCCEEDS: bool = true, Inferred,
        "what force means elsewhere",
        "forceDelete of a record that does not exist succeeds";
    RECORD_TYPE_CHANGE: ServerErrorCode = ServerErrorCode::BadRequest, Inferred,
        "no report",
        "a save with another record type than the stored one is refused";
    ATOMIC_DEFAULT_IN_CUSTOM_ZONES: bool = true, Disputed,
        "the reference says true, the documents of CloudKit JS false",
        "modify is atomic in custom zones unless it says otherwise";
    CASCADE_IS_IMMEDIATE: () = (), Inferred,
        "the native framework's documents",
        "DELETE_SELF takes effect with the delete; in default zones Apple may defer it";
    NEGATIVE_MATCHES_ABSENT: bool = true, Inferred,
        "no report",
        "negative comparators match records in which the field is absent";
    ABSENT_SORTS_FIRST: bool = true, Inferred,
        "no report",
        "absent values come first in ascending order and last in descending order";
    MEMBER_PREFIX_OF_ANY: bool = true, Disputed,
        "the name and CloudKit JS say any member, the reference the first",
        "LIST_MEMBER_BEGINS_WITH looks at every member; Apple's document says the first";
    FILTER_REFERENCE_WITHOUT_ZONE: bool = true, Inferred,
        "no report",
        "a reference in a filter that names no zone is compared by record name alone";
    RANGE_ACCEPTS_EITHER_INDEX: bool = true, Inferred,
        "Apple's schema language calls SORTABLE the index of ranges",
        "comparing order needs QUERYABLE or SORTABLE";
    EMPTY_FILTER_NEEDS_RECORD_NAME: bool = true, Disputed,
        "the live service and cktool name the record name, the reference some index",
        "a query without filters needs QUERYABLE on ___recordID; Apple's document says some index";
    UNTAGGED_LIST_OPERAND: &str = "BadRequestException: Unexpected input", Observed,
        "reported from the live service in 2026",
        "a list on the right of a comparator needs its type; seen for IN and NOT_IN, applied to all";
    NUMBERS_AS_STRINGS_KEEPS_TIMESTAMPS: bool = true, Inferred,
        "the reference speaks of numbers only",
        "numbersAsStrings leaves TIMESTAMP values as numbers";
    FRACTION_FORM_OF_INTEGERS: bool = false, Inferred,
        "no report",
        "1.0 and 1e3 are not integers on the wire";
    BOOLEANS_ARE_INTEGERS: bool = true, Inferred,
        "the reference lists a Boolean among values, and no such type",
        "true and false are taken for 1 and 0 by INT64 fields";
    MAX_ZONES: usize = 1000, Documented,
        "TN3164, of the zones of one database",
        "a private database may have 1,000 custom zones";
    TOO_MANY_ZONES: ServerErrorCode = ServerErrorCode::BadRequest, Inferred,
        "no report",
        "a zone beyond the limit is refused with BAD_REQUEST";
    RECORD_SIZE: usize = 1_048_576, Inferred,
        "the reference says 1 MB and not which",
        "1 MB of a record's fields is 1,048,576 bytes";
    ASSET_SIZE: usize = 50 * 1_048_576, Disputed,
        "the reference says 50 MB on one page and 15 MB on another",
        "a file of an asset may have 50 MB";
    UPLOAD_URL_LIFE: Duration = Duration::from_secs(15 * 60), Documented,
        "CloudKit Web Services Reference, Uploading Assets",
        "the address of an upload can be used for 15 minutes";
    EXPIRED_UPLOAD_URL: u16 = 410, Inferred,
        "no report",
        "an upload to an address whose time is over is answered with 410";
    RECEIPT_LIFE: Duration = Duration::from_secs(24 * 3600), Inferred,
        "the reference says that uploads which are not saved are deleted, and not when",
        "an uploaded file that no record takes up is kept for a day";
    RECEIPT_IS_FOR_ONE_FIELD: bool = true, Inferred,
        "requests for an upload name record and field",
        "an uploaded file can be saved only in the record and field for which it was uploaded";
    KEPT_ASSET_NEEDS_NO_RECEIPT: bool = true, Inferred,
        "Apple's JavaScript sends whole records back as they were read",
        "an asset as it was read can be saved again in its own field";
    REREFERENCE_OF_LISTS: ServerErrorCode = ServerErrorCode::BadRequest, Inferred,
        "the request names a field and the answer holds one asset for it",
        "assets/rereference refuses a field that holds a list";
    DOWNLOAD_URL_LIFE: Duration = Duration::from_secs(3600), Inferred,
        "the addresses are known to live shortly",
        "the address of a download can be used for an hour";
    UNFILLED_FILE_NAME: u16 = 400, Inferred,
        "the address is known to hold ${f}, and not what happens to who leaves it there",
        "a download whose address still has ${f} in the place of a file name is refused";
    SHARE_TYPE_IN_LOWER_CASE: bool = true, Disputed,
        "the reference writes cloudKit.share; Apple's JavaScript and the live service do not",
        "the record type of shares is cloudkit.share, in lower case only";
    SHARE_OUTSIDE_OF_CUSTOM_ZONES: ServerErrorCode = ServerErrorCode::BadRequest, Inferred,
        "the native framework's documents ask for a custom zone, and name no code",
        "shares and short GUIDs are refused outside of custom zones of private databases";
    SHARED_TWICE: ServerErrorCode = ServerErrorCode::Conflict, Inferred,
        "no report",
        "a second share of one record is refused";
    ROOT_AND_SHARE_HAVE_ONE_SHORT_GUID: bool = true, Inferred,
        "the reference has both carry one, and says of neither what the other's is",
        "a share takes over the short GUID of the record that it shares";
    PARTICIPANT_PERMISSION: SharePermission = SharePermission::ReadOnly, Inferred,
        "the native framework's default",
        "a participant without permission may read";
    MAX_PARTICIPANTS: usize = 101, Inferred,
        "the native framework's documents say 100",
        "a share may have an owner and 100 participants";
    MAX_SHARED_RECORDS: usize = 5000, Observed,
        "reported from the live service",
        "a share of a record reaches 5,000 records, the root included; a save beyond that is refused";
    ZIP_OF_A_SHARE: () = (), Inferred,
        "CloudKit JS sends the request; nobody has described the archive",
        "records/zip/prepare gives the files of the records of a share, stored under record and field name, to whoever sees the share";
    UNKNOWN_SHORT_GUID: ServerErrorCode = ServerErrorCode::NotFound, Inferred,
        "no report",
        "a short GUID that nothing has is NOT_FOUND, one by one";
    NOT_INVITED: ServerErrorCode = ServerErrorCode::AccessDenied, Inferred,
        "the reference has potentialMatchList, and no case in which it is empty",
        "whoever was not invited to a private share is refused, unless somebody under an unknown address was";
    DELETING_A_SHARED_SHARE_LEAVES_IT: bool = true, Inferred,
        "the native framework's documents",
        "a participant who deletes a share or its zone leaves the share and is off its list";
    HIDDEN_RECORD: ServerErrorCode = ServerErrorCode::NotFound, Inferred,
        "no report",
        "a participant is told that a record which is not shared does not exist";
    DUPLICATE_MEMBER: bool = false, Inferred,
        "no report",
        "a JSON object that names a member twice is refused";
    BODY_CAP: usize = 2_621_440, Inferred,
        "the native framework's 2 MB a request",
        "bodies above 2 MB and some slack are answered with 413";
    MISSING_ZONE_ON_LOOKUP_IS_PER_ITEM: bool = true, Inferred,
        "no report",
        "a lookup in a missing zone answers ZONE_NOT_FOUND for each record";
    QUERY_WITHOUT_READ: ServerErrorCode = ServerErrorCode::AccessDenied, Inferred,
        "saves are refused record by record; of queries there is no report",
        "a query of a type that the caller may not read is refused as a whole";
    DISCOVER_LEAVES_OUT_UNKNOWN: bool = true, Inferred,
        "no report",
        "users/discover leaves out whom it does not find";
    MANAGEMENT_CREATE_ON_EXISTING: ServerErrorCode = ServerErrorCode::Exists, Inferred,
        "no report",
        "the management API answers EXISTS when a record to create exists";
    IMPORT_DROPS_VALUES: () = (), Inferred,
        "Apple's documents say that such records may become unreadable",
        "an import deletes values and records whose field or type it removes or changes, in development";
    DEVICE_ID: &str = "2", Observed,
        "seen in answers of the live service",
        "writes over the web carry the device ID 2";
    FILTER_ERROR_NAMES: bool = true, Observed,
        "texts of errors that people report",
        "index errors of filters use the name without underscores, those of sorts the name with them";
    NO_FEED_IN_DEFAULT_ZONE: &str = "cannot get changes in default zone", Observed,
        "reported from the live service for records/changes",
        "changes of the default zone are refused, by changes/zone as by records/changes";
    UNKNOWN_SYNC_TOKEN: &str = "Unknown sync continuation type", Observed,
        "seen live for garbage and for tokens of other feeds; for expired ones there is no report",
        "a sync token of another feed, user or environment, and one that has expired, is refused like garbage";
    SYNC_TOKEN_CUT_OFF: &str = "Invalid continuation format", Observed,
        "seen on services of the same family",
        "a sync token that was cut off is refused with a text of its own";
    EMPTY_SYNC_TOKEN: () = (), Disputed,
        "one report has it mean the beginning, a later one the end",
        "an empty sync token is refused";
    META_SYNC_TOKEN: &str = "metaSyncToken", Disputed,
        "the tables of the reference and the live service against the prose of the reference",
        "zones/changes listens to metaSyncToken and ignores syncToken";
    TOKENS_OF_ZONES_CHANGES: () = (), Inferred,
        "no report",
        "zones/changes and changes/database do not take each other's tokens";
    DEFAULT_ZONE_OUTSIDE_DATABASE_FEED: () = (), Inferred,
        "the native framework leaves the default zone out of database subscriptions",
        "changes in the default zone do not show in changes/database";
    NEW_READERS_HEAR_OF_LIVING_ZONES: bool = true, Inferred,
        "no report",
        "changes/database without a token lists no zone that is gone";
    TOMBSTONES_PASS_TYPE_FILTERS: bool = true, Inferred,
        "live, desiredRecordTypes lets other types through",
        "desiredRecordTypes keeps back records of other types, but no tombstone";
    REVERSE_FEED: () = (), Inferred,
        "the reference names the option and no more",
        "reverse goes from the latest change to the first, with tokens that serve this direction only";
    ZONE_CREATED_AGAIN: () = (), Inferred,
        "what the native framework does",
        "creating a zone that exists succeeds and changes nothing";
    ONE_OPERATION_A_ZONE: () = (), Inferred,
        "the reference asks for it and does not say what happens otherwise",
        "two operations on one zone refuse the whole request";
    EQUIVALENT_SUBSCRIPTION: &str = "could not find subscription we just created", Observed,
        "a matrix of probes on the live service in 2026; filters and zones were not varied",
        "one owner has one subscription for the same record type, filters, zone and events; a second fails with INTERNAL_ERROR";
    SUBSCRIPTION_CREATED_AGAIN: () = (), Observed,
        "a matrix of probes on the live service in 2026",
        "creating a subscription under an ID that exists answers with the one that exists, whatever was sent";
    SHAPE_NOT_DEPLOYED: &str = "attempting to create a subscription in a production container", Observed,
        "two recorded runs against the live service; which parts make a shape is a guess",
        "production refuses a subscription whose record type, filtered fields, comparators and events were not deployed";
    DATABASE_SUBSCRIPTIONS: () = (), Disputed,
        "CloudKit JS and the native framework have them, the reference has not",
        "subscriptions of the type database exist in private and shared databases, and fire once for all changes of one request in custom zones";
    SHARED_SUBSCRIPTIONS: &str = "the shared database takes subscriptions of the type database only", Inferred,
        "the native framework's documents; the reference has subscriptions in public and private databases",
        "the shared database refuses all subscriptions but those of the type database";
    SHARES_ARE_RECORDS_THAT_CHANGE: () = (), Disputed,
        "a report of 2016 has owners hear nothing when somebody accepts",
        "sharing a record changes it, and accepting or leaving a share changes the share; both fire subscriptions like any other change";
    ZONE_SUBSCRIPTION_NAMES_ITS_ZONE: () = (), Disputed,
        "the documents of CloudKit JS have zoneID, the reference says to omit it",
        "a subscription of the type zone needs a zoneID, and exists in private databases and custom zones only";
    SUBSCRIPTION_ZONES: () = (), Disputed,
        "the reference gives zoneWide two defaults",
        "a query subscription watches the zone that it names; without one all zones, or with zoneWide false the default zone";
    FIRES_ONCE_DELETES: () = (), Inferred,
        "no report",
        "a subscription with firesOnce is deleted when it has fired";
    WRITERS_ARE_NOTIFIED: () = (), Inferred,
        "native apps are not told of their own changes; a request over the web names no device",
        "a change notifies all registered tokens of the subscriber, the writer's own among them";
    ONE_NOTIFICATION_A_REQUEST: () = (), Inferred,
        "the native framework says that notifications are joined",
        "a zone subscription notifies once for all changes of one request";
    PUBLIC_DATABASE_NUMBER: u8 = 0, Disputed,
        "CloudKit JS takes 0 for public; one capture of the live service has another number",
        "notifications call the public database 0";
    PRIVATE_DATABASE_NUMBER: u8 = 1, Inferred,
        "CloudKit JS takes everything but 0 for not public",
        "notifications call private databases 1";
    SHARED_DATABASE_NUMBER: u8 = 2, Inferred,
        "CloudKit JS takes everything but 0 for not public",
        "notifications call shared databases 2";
    DATABASE_NOTIFICATION: () = (), Observed,
        "captured from a native app",
        "the notification of a database subscription is ck.met, with the zone that has changed last";
    ALERT_IS_AN_OBJECT: () = (), Disputed,
        "CloudKit JS reads an object; one capture of the live service shows a text",
        "the alert of a notification is an object, with a body, even if it has nothing else";
    LOCALIZATION_ARGUMENTS_ARE_FIELDS: () = (), Inferred,
        "what the native framework does",
        "alertLocalizationArgs that are names of fields give the values of the record";
    PUSH_TOKEN_LIFE: Duration = Duration::from_secs(43_200), Observed,
        "the address that the live service gives",
        "notifications can be fetched for twelve hours after tokens/create";
    PUSH_TOKENS_ARE_REGISTERED: () = (), Observed,
        "CloudKit JS and those who have captured a notification make and register the token",
        "a token that was not registered by a signed-in user gets no notifications";
    ONE_NOTIFICATION_A_POLL: () = (), Observed,
        "captured from the live service in 2026",
        "each answer of the long poll takes the oldest notification away, and notifications of one change share their nid";
    LONG_POLL_IS_A_MINUTE: () = (), Inferred,
        "an empty answer has been seen, but not after what time",
        "a long poll without a notification ends after a minute with an empty answer";
    KEYS_HAVE_NO_PUSH_TOKENS: () = (), Inferred,
        "no report",
        "server-to-server keys cannot make or register push tokens";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_fact_has_its_own_name() {
        let ids: HashSet<_> = ALL.iter().map(|fact| fact.id).collect();
        assert_eq!(ids.len(), ALL.len());
    }
}
