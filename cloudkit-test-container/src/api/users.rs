//! `users/…`: who the caller is, and who others are.

use std::fmt::Write as _;

use cloudkit_core::ServerErrorCode;

use super::reply::array;
use super::request::{items, required_text};
use super::{ApiError, Call, Caller, Scope};
use crate::facts;
use crate::json::{Object, write_string};
use crate::users::KnownUser;

pub(super) fn caller(call: &Call<'_>) -> Result<String, ApiError> {
    let members = own_members(call);
    // Apple's JavaScript reads the members at the top, Apple's document has them in `users`.
    Ok(format!("{{{members},\"users\":[{{{members}}}]}}"))
}

pub(super) fn current(call: &Call<'_>) -> Result<String, ApiError> {
    let mut out = String::from("{\"userRecordName\":");
    write_string(&mut out, call.caller_name());
    if let Some(user) = own_user(call).filter(|user| user.discoverable) {
        out.push(',');
        out.push_str(&plain_names(user));
    }
    out.push('}');
    Ok(out)
}

pub(super) fn discover(call: &Call<'_>, request: &Object<'_>) -> Result<String, ApiError> {
    call.refuse_user_call_outside_of_public()?;
    let mut entries = Vec::new();
    for node in items(request, "lookupInfos")? {
        let info = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
        let [(key, value)] = info.members.as_slice() else { return Err(ApiError::unexpected(node)) };
        let value = value.as_str().ok_or_else(|| ApiError::unexpected(value))?;
        let found = match key.as_ref() {
            "emailAddress" => {
                find(call, |user| user.email.as_deref().is_some_and(|email| same_email(email, value)))
            }
            "phoneNumber" => find(call, |user| user.phone.as_deref() == Some(value)),
            "userRecordName" => find(call, |user| user.record_name == value),
            _ => return Err(ApiError::unexpected(node)),
        };
        match found {
            Some(user) => entries.push(format!("{{{}}}", identity(user, Some((key, value))))),
            None if facts::DISCOVER_LEAVES_OUT_UNKNOWN.value => {}
            None => {
                let mut entry = String::from("{");
                write_lookup_info(&mut entry, key, value);
                entry.push('}');
                entries.push(entry);
            }
        }
    }
    Ok(format!("{{\"users\":{}}}", array(&entries)))
}

/// The users in the caller's address book: `GET users/discover`.
pub(super) fn discover_all(call: &Call<'_>) -> Result<String, ApiError> {
    call.refuse_user_call_outside_of_public()?;
    let entries = address_book(call)?.map(|user| {
        let info = user.email.as_deref().map(|email| ("emailAddress", email));
        format!("{{{}}}", identity(user, info))
    });
    Ok(format!("{{\"users\":{}}}", array(&entries.collect::<Vec<_>>())))
}

/// The same in the form of old: `users/lookup/contacts`.
pub(super) fn lookup_contacts(call: &Call<'_>) -> Result<String, ApiError> {
    call.refuse_user_call_outside_of_public()?;
    let entries = address_book(call)?.map(|user| {
        let mut entry = String::from("{\"userRecordName\":");
        write_string(&mut entry, &user.record_name);
        let _ = write!(entry, ",{}}}", plain_names(user));
        entry
    });
    Ok(format!("{{\"users\":{}}}", array(&entries.collect::<Vec<_>>())))
}

/// All other users who let themselves be found, if the container has address books.
fn address_book<'a>(call: &Call<'a>) -> Result<impl Iterator<Item = &'a KnownUser>, ApiError> {
    if !call.state.settings().address_books {
        return Err(ApiError::new(facts::ADDRESS_BOOK_CALLS.value, "An internal error occurred"));
    }
    let caller = call.caller.record_name().map(str::to_owned);
    let others = call.state.users().iter().filter(move |user| Some(&user.record_name) != caller.as_ref());
    Ok(others.filter(|user| user.discoverable))
}

pub(super) fn lookup_email(call: &Call<'_>, request: &Object<'_>) -> Result<String, ApiError> {
    lookup(call, request, "emailAddress", |user, value| {
        user.email.as_deref().is_some_and(|email| same_email(email, value))
    })
}

pub(super) fn lookup_id(call: &Call<'_>, request: &Object<'_>) -> Result<String, ApiError> {
    lookup(call, request, "userRecordName", |user, value| user.record_name == value)
}

fn lookup(
    call: &Call<'_>,
    request: &Object<'_>,
    member: &str,
    is_meant: impl Fn(&KnownUser, &str) -> bool,
) -> Result<String, ApiError> {
    call.refuse_user_call_outside_of_public()?;
    let mut entries = Vec::new();
    for node in items(request, "users")? {
        let item = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
        let value = required_text(item, member)?;
        let mut entry = String::from("{");
        match find(call, |user| is_meant(user, value)) {
            Some(user) => {
                entry.push_str("\"userRecordName\":");
                write_string(&mut entry, &user.record_name);
                entry.push(',');
                entry.push_str(&plain_names(user));
                if member == "emailAddress" {
                    entry.push_str(",\"emailAddress\":");
                    write_string(&mut entry, value);
                }
            }
            None => {
                write_string(&mut entry, member);
                entry.push(':');
                write_string(&mut entry, value);
                entry.push(',');
                ApiError::new(ServerErrorCode::NotFound, "User not found").write_members(&mut entry);
            }
        }
        entry.push('}');
        entries.push(entry);
    }
    Ok(format!("{{\"users\":{}}}", array(&entries)))
}

impl Call<'_> {
    /// Refuses what is for the public database only.
    fn refuse_user_call_outside_of_public(&self) -> Result<(), ApiError> {
        self.refuse_scope(Scope::Private)?;
        self.refuse_scope(Scope::Shared)
    }
}

fn same_email(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// A user who lets others find them.
fn find<'a>(call: &Call<'a>, is_meant: impl Fn(&KnownUser) -> bool) -> Option<&'a KnownUser> {
    call.state.users().iter().find(|user| user.discoverable && is_meant(user))
}

pub(super) fn own_user<'a>(call: &Call<'a>) -> Option<&'a KnownUser> {
    match call.caller {
        Caller::User { record_name, .. } => {
            call.state.users().iter().find(|user| user.record_name == *record_name)
        }
        Caller::World | Caller::Key { .. } => None,
    }
}

fn own_members(call: &Call<'_>) -> String {
    match own_user(call) {
        Some(user) if user.discoverable => {
            identity(user, user.email.as_deref().map(|email| ("emailAddress", email)))
        }
        _ => {
            let mut out = String::from("\"userRecordName\":");
            write_string(&mut out, call.caller_name());
            out
        }
    }
}

/// The members of a user identity dictionary.
pub(super) fn identity(user: &KnownUser, lookup_info: Option<(&str, &str)>) -> String {
    let mut out = String::from("\"userRecordName\":");
    write_string(&mut out, &user.record_name);
    out.push_str(",\"nameComponents\":{\"givenName\":");
    write_string(&mut out, &user.given_name);
    if let Some(family_name) = &user.family_name {
        out.push_str(",\"familyName\":");
        write_string(&mut out, family_name);
    }
    out.push('}');
    if let Some((key, value)) = lookup_info {
        out.push(',');
        write_lookup_info(&mut out, key, value);
    }
    out
}

pub(super) fn write_lookup_info(out: &mut String, key: &str, value: &str) {
    out.push_str("\"lookupInfo\":{");
    write_string(out, key);
    out.push(':');
    write_string(out, value);
    out.push('}');
}

/// The names as the deprecated user dictionary has them.
fn plain_names(user: &KnownUser) -> String {
    let mut out = String::from("\"firstName\":");
    write_string(&mut out, &user.given_name);
    out.push_str(",\"lastName\":");
    match &user.family_name {
        Some(family_name) => write_string(&mut out, family_name),
        None => out.push_str("null"),
    }
    out
}
