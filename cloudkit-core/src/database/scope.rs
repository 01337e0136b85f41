use std::fmt::Debug;

/// The public database: one for the app. Everybody reads and writes what the schema's GRANTs allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Public {}

/// The private database: one for each user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Private {}

/// The shared database: the zones of others that a user was invited to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shared {}

/// One of the three databases of a container.
///
/// Apple: [Composing Web Service Requests](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/SettingUpWebServices.html)
pub trait Scope: Clone + Debug + Send + Sync + 'static {
    /// The database's name in a request's path.
    const PATH: &'static str;
}

impl Scope for Public {
    const PATH: &'static str = "public";
}

impl Scope for Private {
    const PATH: &'static str = "private";
}

impl Scope for Shared {
    const PATH: &'static str = "shared";
}

/// The databases that have zones beside the default one.
#[diagnostic::on_unimplemented(
    message = "the public database has no zones of its own",
    label = "only private and shared databases have zones"
)]
pub trait HasZones {}

impl HasZones for Private {}
impl HasZones for Shared {}

/// No field of the record type is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain {}

/// A field of the record type is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encrypted {}

/// Whether records of this privacy can be saved in the database `S`.
#[diagnostic::on_unimplemented(
    message = "a record with encrypted fields cannot be saved in the public database",
    label = "this record has encrypted fields",
    note = "CloudKit encrypts fields in private and shared databases only"
)]
pub trait AllowedIn<S> {}

impl<S: Scope> AllowedIn<S> for Plain {}
impl AllowedIn<Private> for Encrypted {}
impl AllowedIn<Shared> for Encrypted {}
