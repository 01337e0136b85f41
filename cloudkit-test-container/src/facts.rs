//! What the server relies on although Apple's documents do not state it plainly.
//!
//! Each such fact stands here once, with its standing and its source, and the code asks for it by name. When one turns
//! out to be wrong, this is the line to change.

use std::time::Duration;

use cloudkit_core::ServerErrorCode;

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
    /// The section of the protocol document.
    pub section: &'static str,
    /// What the code uses.
    pub value: T,
}

impl<T> Fact<T> {
    const fn row(&self) -> Fact<()> {
        Fact { id: self.id, claim: self.claim, standing: self.standing, section: self.section, value: () }
    }
}

macro_rules! facts {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $value:expr, $standing:ident, $section:literal, $claim:literal;)*) => {
        $($(#[$doc])*
        pub(crate) const $name: Fact<$type> = Fact {
            id: stringify!($name),
            claim: $claim,
            standing: Standing::$standing,
            section: $section,
            value: $value,
        };)*

        /// Every fact of this file, for reports.
        pub const ALL: &[Fact<()>] = &[$($name.row()),*];
    };
}

facts! {
    CLOCK_WINDOW: Duration = Duration::from_secs(600), Inferred, "2.4",
        "a signature is good for ten minutes before and after its date";
    EMPTY_BODY_MAY_HASH_TO_NOTHING: bool = true, Disputed, "2.4",
        "without a body the middle of the signed text is the hash of nothing, or nothing at all";
    PATH_ALONE_MAY_BE_SIGNED: bool = true, Disputed, "2.4",
        "with a query string both the path with it and the path alone may be signed";
    SIGNATURE_WINS_OVER_TOKENS: bool = true, Inferred, "2.1",
        "of signature headers and token parameters in one request, the headers decide";
    KEY_IN_PRIVATE_DATABASE: ServerErrorCode = ServerErrorCode::AuthenticationFailed, Inferred, "2.4",
        "a server-to-server key in the private or shared database is refused with AUTHENTICATION_FAILED";
    TOKEN_ONLY_WRITE: ServerErrorCode = ServerErrorCode::AuthenticationRequired, Inferred, "2.1",
        "a write with nothing but an API token asks the user to sign in";
    WEB_AUTH_TOKEN_LIFE: Duration = Duration::from_secs(30 * 60), Documented, "2.3",
        "a web auth token lives for 30 minutes, unless the user stays signed in";
    REDIRECT_URL_LIFE: Duration = Duration::from_secs(15 * 60), Observed, "2.3",
        "the page that redirectURL names can be used for 15 minutes";
    FOREIGN_WEB_AUTH_TOKEN: ServerErrorCode = ServerErrorCode::AuthenticationFailed, Observed, "2.3",
        "a web auth token of another API token or environment is refused, not sent to sign in";
    DATABASE_SEGMENT: ServerErrorCode = ServerErrorCode::BadRequest, Inferred, "1.1",
        "a database other than public, private and shared is a malformed request";
    CREATE_ON_EXISTING: ServerErrorCode = ServerErrorCode::Conflict, Disputed, "7.1",
        "creating a record that exists is a CONFLICT; Apple's document says EXISTS";
    FORCE_DELETE_OF_MISSING_SUCCEEDS: bool = true, Inferred, "7.1",
        "forceDelete of a record that does not exist succeeds";
    RECORD_TYPE_CHANGE: ServerErrorCode = ServerErrorCode::BadRequest, Inferred, "7.1",
        "a save with another record type than the stored one is refused";
    ATOMIC_DEFAULT_IN_CUSTOM_ZONES: bool = true, Disputed, "5.3",
        "modify is atomic in custom zones unless it says otherwise";
    CASCADE_IS_IMMEDIATE: () = (), Inferred, "7.3",
        "DELETE_SELF takes effect with the delete; in default zones Apple may defer it";
    NEGATIVE_MATCHES_ABSENT: bool = true, Inferred, "6.1",
        "negative comparators match records in which the field is absent";
    ABSENT_SORTS_FIRST: bool = true, Inferred, "6.2",
        "absent values come first in ascending order and last in descending order";
    MEMBER_PREFIX_OF_ANY: bool = true, Disputed, "6.1",
        "LIST_MEMBER_BEGINS_WITH looks at every member; Apple's document says the first";
    FILTER_REFERENCE_WITHOUT_ZONE: bool = true, Inferred, "6.1",
        "a reference in a filter that names no zone is compared by record name alone";
    RANGE_ACCEPTS_EITHER_INDEX: bool = true, Inferred, "6.3",
        "comparing order needs QUERYABLE or SORTABLE";
    EMPTY_FILTER_NEEDS_RECORD_NAME: bool = true, Disputed, "6.3",
        "a query without filters needs QUERYABLE on ___recordID; Apple's document says some index";
    UNTAGGED_LIST_OPERAND: &str = "BadRequestException: Unexpected input", Observed, "6.1",
        "a list on the right of a comparator needs its type; seen for IN and NOT_IN, applied to all";
    NUMBERS_AS_STRINGS_KEEPS_TIMESTAMPS: bool = true, Inferred, "4.1",
        "numbersAsStrings leaves TIMESTAMP values as numbers";
    FRACTION_FORM_OF_INTEGERS: bool = false, Inferred, "4.1",
        "1.0 and 1e3 are not integers on the wire";
    BOOLEANS_ARE_INTEGERS: bool = true, Inferred, "4.1",
        "true and false are taken for 1 and 0 by INT64 fields";
    RECORD_SIZE: usize = 1_048_576, Inferred, "9",
        "1 MB of a record's fields is 1,048,576 bytes";
    DUPLICATE_MEMBER: bool = false, Inferred, "1.2",
        "a JSON object that names a member twice is refused";
    BODY_CAP: usize = 2_621_440, Inferred, "9",
        "bodies above 2 MB and some slack are answered with 413";
    MISSING_ZONE_ON_LOOKUP_IS_PER_ITEM: bool = true, Inferred, "5.2",
        "a lookup in a missing zone answers ZONE_NOT_FOUND for each record";
    QUERY_WITHOUT_READ: ServerErrorCode = ServerErrorCode::AccessDenied, Inferred, "7.4",
        "a query of a type that the caller may not read is refused as a whole";
    DISCOVER_LEAVES_OUT_UNKNOWN: bool = true, Inferred, "5.11",
        "users/discover leaves out whom it does not find";
    DEVICE_ID: &str = "2", Observed, "4.2",
        "writes over the web carry the device ID 2";
    FILTER_ERROR_NAMES: bool = true, Observed, "6.3",
        "index errors of filters use the name without underscores, those of sorts the name with them";
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
