use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserializer, Visitor};

/// An enum that is stored as text in a `STRING` field; made by `#[derive(CkEnum)]`.
///
/// ```
/// use cloudkit_core::CkEnum;
///
/// #[derive(CkEnum, Debug, PartialEq)]
/// enum Status {
///     Draft,
///     #[ck(rename = "live")]
///     Published,
/// }
///
/// assert_eq!(Status::Published.as_str(), "live");
/// assert_eq!(Status::from_name("draft"), Some(Status::Draft));
/// ```
pub trait CkEnum: Sized {
    /// Every text that the enum has a variant for.
    const NAMES: &'static [&'static str];

    /// The text in CloudKit.
    fn as_str(&self) -> &str;

    /// The variant for a text in CloudKit, or `None` if there is none.
    fn from_name(name: &str) -> Option<Self>;
}

/// Reads an enum from the `value` member of a field; what the derive macro calls.
#[doc(hidden)]
pub fn deserialize_enum<'de, T: CkEnum, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Name<T>(PhantomData<T>);

    impl<T: CkEnum> Visitor<'_> for Name<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "one of {:?}", T::NAMES)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            T::from_name(text).ok_or_else(|| {
                E::custom(format_args!(
                    "no variant is named {text:?}; known are {:?}, and a variant with `#[ck(other)]` would keep it",
                    T::NAMES
                ))
            })
        }
    }

    deserializer.deserialize_str(Name(PhantomData))
}
