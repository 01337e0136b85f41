//! The handle that every operation starts from.

mod scope;

pub use scope::{AllowedIn, Encrypted, HasZones, Plain, Private, Public, Scope, Shared};
