use std::fmt::Display;

use super::FieldType;

/// How a field of a foreign type is stored: what `#[ck(with = "...")]` names.
///
/// ```
/// use cloudkit_core::{CkRecord, value::Conversion};
///
/// struct Seconds;
///
/// impl Conversion<std::time::Duration> for Seconds {
///     type Value = i64;
///     type Error = std::num::TryFromIntError;
///
///     fn to_value(duration: &std::time::Duration) -> Result<i64, Self::Error> {
///         duration.as_secs().try_into()
///     }
///
///     fn from_value(seconds: i64) -> Result<std::time::Duration, Self::Error> {
///         Ok(std::time::Duration::from_secs(seconds.try_into()?))
///     }
/// }
///
/// #[derive(CkRecord)]
/// struct Track {
///     title: String,
///     #[ck(with = "Seconds")]
///     length: std::time::Duration,
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how to store `{T}` in a CloudKit field",
    label = "not a conversion for `{T}`",
    note = "implement `cloudkit_core::value::Conversion<{T}>` for `{Self}`"
)]
pub trait Conversion<T> {
    /// What is stored.
    type Value: FieldType;

    /// Why a conversion failed.
    type Error: Display;

    /// The stored form.
    ///
    /// # Errors
    ///
    /// When there is none for this value.
    fn to_value(value: &T) -> Result<Self::Value, Self::Error>;

    /// The value of a stored form.
    ///
    /// # Errors
    ///
    /// When CloudKit holds something that is not such a value.
    fn from_value(stored: Self::Value) -> Result<T, Self::Error>;
}
