//! The endpoints: what each reads from a request, does to the store, and replies.

mod assets;
mod changes_database;
mod changes_zone;
mod database_news;
mod error;
mod lookup;
mod modify;
mod notify;
mod push_tokens;
mod query;
mod references;
mod reply;
mod request;
mod save;
mod sharing;
mod subscriptions;
mod sync_token;
mod users;
mod zip;
mod zones;

use std::collections::BTreeSet;

use cloudkit_core::Environment;

use crate::json::{self, Node, Object};
use crate::server::State;

pub(crate) use assets::{issue_receipt, upload_for_any_record};
pub(crate) use error::ApiError;
pub(crate) use sync_token::is_within_run;
pub(crate) use zones::check_zone_name;

/// Which of the three databases a request names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    Public,
    Private,
    Shared,
}

impl Scope {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Shared => "shared",
        }
    }

    /// The name in reasons that CloudKit gives.
    pub(crate) const fn in_reasons(self) -> &'static str {
        match self {
            Self::Public => "publicdb",
            Self::Private => "privatedb",
            // With one d, as it was seen.
            Self::Shared => "sharedb",
        }
    }

    pub(crate) fn from_path(segment: &str) -> Option<Self> {
        [Self::Public, Self::Private, Self::Shared].into_iter().find(|scope| scope.as_str() == segment)
    }
}

/// Who makes a request, once the credentials were accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// An API token and nothing else.
    World,
    /// A signed-in user.
    User { record_name: String, roles: BTreeSet<String> },
    /// A server-to-server key, which has a user record of its own.
    Key { record_name: String },
}

impl Caller {
    /// The name of the caller's user record.
    pub(crate) fn record_name(&self) -> Option<&str> {
        match self {
            Self::World => None,
            Self::User { record_name, .. } | Self::Key { record_name } => Some(record_name),
        }
    }
}

/// A request that has passed authentication.
pub(crate) struct Call<'a> {
    pub(crate) state: &'a State,
    pub(crate) environment: Environment,
    pub(crate) scope: Scope,
    pub(crate) caller: &'a Caller,
    /// The API token that came with the request.
    pub(crate) api_token: Option<&'a str>,
    pub(crate) now: i64,
    /// Whether the request asks for `getCurrentSyncToken`.
    pub(crate) wants_sync_token: bool,
    /// So many empty pages come before the page of a feed that is asked for.
    pub(crate) empty_pages: u8,
}

/// An endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    RecordsQuery,
    RecordsLookup,
    RecordsModify,
    RecordsResolve,
    RecordsAccept,
    RecordsChanges,
    RecordsZipPrepare,
    ZonesList,
    ZonesLookup,
    ZonesModify,
    AssetsUpload,
    AssetsRereference,
    ZonesChanges,
    ChangesDatabase,
    ChangesZone,
    SubscriptionsList,
    SubscriptionsLookup,
    SubscriptionsModify,
    TokensCreate,
    TokensRegister,
    UsersCaller,
    UsersCurrent,
    UsersDiscover,
    UsersLookupEmail,
    UsersLookupId,
    UsersLookupContacts,
}

impl Endpoint {
    const ALL: &[(Self, &'static str, &'static [&'static str])] = &[
        (Self::RecordsQuery, "records/query", &["POST"]),
        (Self::RecordsLookup, "records/lookup", &["POST"]),
        (Self::RecordsModify, "records/modify", &["POST"]),
        (Self::RecordsResolve, "records/resolve", &["POST"]),
        (Self::RecordsAccept, "records/accept", &["POST"]),
        (Self::RecordsChanges, "records/changes", &["POST"]),
        (Self::RecordsZipPrepare, "records/zip/prepare", &["POST"]),
        (Self::ZonesList, "zones/list", &["GET"]),
        (Self::ZonesLookup, "zones/lookup", &["POST"]),
        (Self::ZonesModify, "zones/modify", &["POST"]),
        (Self::AssetsUpload, "assets/upload", &["POST"]),
        (Self::AssetsRereference, "assets/rereference", &["POST"]),
        (Self::ZonesChanges, "zones/changes", &["POST"]),
        (Self::ChangesDatabase, "changes/database", &["POST"]),
        (Self::ChangesZone, "changes/zone", &["POST"]),
        (Self::SubscriptionsList, "subscriptions/list", &["GET"]),
        (Self::SubscriptionsLookup, "subscriptions/lookup", &["POST"]),
        (Self::SubscriptionsModify, "subscriptions/modify", &["POST"]),
        (Self::TokensCreate, "tokens/create", &["POST"]),
        (Self::TokensRegister, "tokens/register", &["POST"]),
        (Self::UsersCaller, "users/caller", &["GET"]),
        (Self::UsersCurrent, "users/current", &["GET"]),
        (Self::UsersDiscover, "users/discover", &["POST", "GET"]),
        (Self::UsersLookupEmail, "users/lookup/email", &["POST"]),
        (Self::UsersLookupId, "users/lookup/id", &["POST"]),
        (Self::UsersLookupContacts, "users/lookup/contacts", &["POST", "GET"]),
    ];

    /// The endpoint at a path after the name of a database.
    pub(crate) fn from_path(path: &str) -> Option<Self> {
        Self::named(path).filter(|endpoint| !endpoint.is_of_device())
    }

    /// The endpoint at a path of the device module, which knows no databases.
    pub(crate) fn from_device_path(path: &str) -> Option<Self> {
        Self::named(path).filter(|endpoint| endpoint.is_of_device())
    }

    fn named(path: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name, _)| *name == path).map(|(endpoint, ..)| *endpoint)
    }

    const fn is_of_device(self) -> bool {
        matches!(self, Self::TokensCreate | Self::TokensRegister)
    }

    /// The names of all endpoints.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().map(|(_, name, _)| *name)
    }

    /// The methods and paths of all endpoints.
    pub(crate) fn patterns() -> Vec<(&'static str, String)> {
        let pattern = |endpoint: Self, name: &str| match endpoint.is_of_device() {
            true => format!("/device/1/{{container}}/{{environment}}/{name}"),
            false => format!("/database/1/{{container}}/{{environment}}/{{database}}/{name}"),
        };
        let all = Self::ALL.iter().flat_map(|(endpoint, name, methods)| {
            methods.iter().map(|method| (*method, pattern(*endpoint, name)))
        });
        all.collect()
    }

    pub(crate) fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(endpoint, ..)| *endpoint == self).map_or("", |(_, name, _)| name)
    }

    pub(crate) fn methods(self) -> &'static [&'static str] {
        Self::ALL.iter().find(|(endpoint, ..)| *endpoint == self).map_or(&[], |(.., methods)| methods)
    }
}

/// Answers a request: the body of a reply with status 200, or a refusal.
pub(crate) fn answer(
    call: &Call<'_>,
    endpoint: Endpoint,
    method: &str,
    body: &[u8],
) -> Result<String, ApiError> {
    match endpoint {
        Endpoint::UsersCaller => users::caller(call),
        Endpoint::UsersCurrent => users::current(call),
        Endpoint::ZonesList => zones::list(call),
        Endpoint::SubscriptionsList => subscriptions::list(call),
        // There is nothing to ask in a body, and Apple's older JavaScript sends none.
        Endpoint::UsersLookupContacts => users::lookup_contacts(call),
        Endpoint::UsersDiscover if method == "GET" => users::discover_all(call),
        _ => {
            let text =
                std::str::from_utf8(body).map_err(|error| ApiError::unexpected_at(error.valid_up_to()))?;
            let node = json::parse(text).map_err(|error| ApiError::unexpected_at(error.at))?;
            let request = request_object(&node)?;
            match endpoint {
                Endpoint::RecordsQuery => query::query(call, request),
                Endpoint::RecordsLookup => lookup::lookup(call, request),
                Endpoint::RecordsModify => modify::modify(call, request),
                Endpoint::RecordsResolve => sharing::resolve(call, request),
                Endpoint::RecordsAccept => sharing::accept(call, request),
                Endpoint::RecordsChanges => changes_zone::records_changes(call, request),
                Endpoint::RecordsZipPrepare => zip::prepare(call, request),
                Endpoint::ZonesLookup => zones::lookup(call, request),
                Endpoint::ZonesModify => zones::modify(call, request),
                Endpoint::AssetsUpload => assets::upload(call, request),
                Endpoint::AssetsRereference => assets::rereference(call, request),
                Endpoint::ZonesChanges => changes_database::zones_changes(call, request),
                Endpoint::ChangesDatabase => changes_database::changes_database(call, request),
                Endpoint::ChangesZone => changes_zone::changes_zone(call, request),
                Endpoint::SubscriptionsLookup => subscriptions::lookup(call, request),
                Endpoint::SubscriptionsModify => subscriptions::modify(call, request),
                Endpoint::TokensCreate => push_tokens::create(call, request),
                Endpoint::TokensRegister => push_tokens::register(call, request),
                Endpoint::UsersDiscover => users::discover(call, request),
                Endpoint::UsersLookupEmail => users::lookup_email(call, request),
                Endpoint::UsersLookupId => users::lookup_id(call, request),
                Endpoint::ZonesList
                | Endpoint::SubscriptionsList
                | Endpoint::UsersCaller
                | Endpoint::UsersCurrent
                | Endpoint::UsersLookupContacts => Err(ApiError::unexpected(&node)),
            }
        }
    }
}

fn request_object<'n, 'a>(node: &'n Node<'a>) -> Result<&'n Object<'a>, ApiError> {
    node.as_object().ok_or_else(|| ApiError::unexpected(node))
}
