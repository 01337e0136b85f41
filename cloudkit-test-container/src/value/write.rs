//! Writes fields, for replies and for the store, which keeps them in the same form.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cloudkit_core::value::ScalarType;

use super::{Asset, Content, Field, Fields, Location, Reference, Scalar};
use crate::assets::DownloadLinks;
use crate::facts;
use crate::json::write_string;

/// How fields are written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WriteOptions<'a> {
    /// The fields that are wanted; all if `None`.
    pub(crate) desired_keys: Option<&'a [String]>,
    pub(crate) numbers_as_strings: bool,
    /// Makes the addresses that assets in replies carry, and assets in the store do not.
    pub(crate) downloads: Option<&'a DownloadLinks>,
}

/// Whether fields that were written by [`write_fields`] have an asset among them.
///
/// In a text the quotation marks would be escaped, so these bytes stand in a field dictionary only.
pub(crate) fn holds_assets(fields: &str) -> bool {
    memchr::memmem::find(fields.as_bytes(), b"\"type\":\"ASSETID").is_some()
}

/// Writes the object `fields`.
pub(crate) fn write_fields(out: &mut String, fields: &Fields, options: WriteOptions<'_>) {
    out.push('{');
    let mut first = true;
    for (name, field) in fields {
        if options.desired_keys.is_some_and(|keys| !keys.contains(name)) {
            continue;
        }
        if !first {
            out.push(',');
        }
        first = false;
        write_string(out, name);
        out.push(':');
        write_field(out, field, options);
    }
    out.push('}');
}

fn write_field(out: &mut String, field: &Field, options: WriteOptions<'_>) {
    // Timestamps stay numbers whatever was asked for.
    let stringly = matches!(field.scalar, ScalarType::Int64 | ScalarType::Double)
        || !facts::NUMBERS_AS_STRINGS_KEEPS_TIMESTAMPS.value && field.scalar == ScalarType::Timestamp;
    let quote = options.numbers_as_strings && stringly;
    out.push_str("{\"value\":");
    match &field.content {
        Content::One(scalar) => write_scalar(out, scalar, quote, options.downloads),
        Content::List(scalars) => {
            out.push('[');
            for (index, scalar) in scalars.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_scalar(out, scalar, quote, options.downloads);
            }
            out.push(']');
        }
    }
    let _ = write!(out, ",\"type\":\"{}\"", field.value_type());
    if field.encrypted {
        out.push_str(",\"isEncrypted\":true");
    }
    out.push('}');
}

fn write_scalar(out: &mut String, scalar: &Scalar, quote: bool, downloads: Option<&DownloadLinks>) {
    let quotation_mark = if quote { "\"" } else { "" };
    out.push_str(quotation_mark);
    match scalar {
        Scalar::String(text) => write_string(out, text),
        Scalar::Int64(value) | Scalar::Timestamp(value) => {
            let _ = write!(out, "{value}");
        }
        // The debug form of a finite number is JSON, and reads back to the same number.
        Scalar::Double(value) => {
            let _ = write!(out, "{value:?}");
        }
        Scalar::Bytes(bytes) => write_string(out, &BASE64.encode(bytes)),
        Scalar::Location(location) => write_location(out, location),
        Scalar::Reference(reference) => write_reference(out, reference),
        Scalar::Asset(asset) => {
            let address = downloads.map(|links| links.address(&asset.file_checksum));
            write_asset(out, asset, address.as_deref());
        }
    }
    out.push_str(quotation_mark);
}

fn write_location(out: &mut String, location: &Location) {
    let _ = write!(out, "{{\"latitude\":{:?},\"longitude\":{:?}", location.latitude, location.longitude);
    for (name, value) in Location::OPTIONAL.iter().zip(location.optional) {
        if let Some(value) = value {
            let _ = write!(out, ",\"{name}\":{value:?}");
        }
    }
    if let Some(timestamp) = location.timestamp {
        let _ = write!(out, ",\"timestamp\":{timestamp}");
    }
    out.push('}');
}

fn write_reference(out: &mut String, reference: &Reference) {
    out.push_str("{\"recordName\":");
    write_string(out, &reference.record_name);
    let _ = write!(out, ",\"action\":\"{}\"", reference.action.as_str());
    if let Some(zone_name) = &reference.zone_name {
        out.push_str(",\"zoneID\":");
        write_zone_id(out, zone_name, reference.owner.as_deref());
    }
    out.push('}');
}

/// Writes an asset dictionary, with the receipt if it still has one.
pub(crate) fn write_asset(out: &mut String, asset: &Asset, download_url: Option<&str>) {
    out.push_str("{\"fileChecksum\":");
    write_string(out, &asset.file_checksum);
    let _ = write!(out, ",\"size\":{}", asset.size);
    for (member, value) in [
        ("receipt", asset.receipt.as_deref()),
        ("referenceChecksum", asset.reference_checksum.as_deref()),
        ("wrappingKey", asset.wrapping_key.as_deref()),
        ("downloadURL", download_url),
    ] {
        if let Some(value) = value {
            let _ = write!(out, ",\"{member}\":");
            write_string(out, value);
        }
    }
    out.push('}');
}

/// Writes a zone ID with the `zoneType` that replies carry.
pub(crate) fn write_zone_id(out: &mut String, zone_name: &str, owner: Option<&str>) {
    out.push_str("{\"zoneName\":");
    write_string(out, zone_name);
    if let Some(owner) = owner {
        out.push_str(",\"ownerRecordName\":");
        write_string(out, owner);
    }
    let zone_type =
        if zone_name == crate::store::DEFAULT_ZONE { "DEFAULT_ZONE" } else { "REGULAR_CUSTOM_ZONE" };
    let _ = write!(out, ",\"zoneType\":\"{zone_type}\"}}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::read_stored;
    use super::*;

    fn scalars() -> impl Strategy<Value = (ScalarType, Vec<Scalar>)> {
        fn many<S>(of: ScalarType, strategy: S) -> BoxedStrategy<(ScalarType, Vec<Scalar>)>
        where
            S: Strategy<Value = Scalar> + 'static,
        {
            proptest::collection::vec(strategy, 0..4).prop_map(move |scalars| (of, scalars)).boxed()
        }
        let finite = || any::<f64>().prop_filter("finite", |value| value.is_finite());
        prop_oneof![
            many(ScalarType::String, any::<String>().prop_map(Scalar::String)),
            many(ScalarType::Int64, any::<i64>().prop_map(Scalar::Int64)),
            many(ScalarType::Double, finite().prop_map(Scalar::Double)),
            many(ScalarType::Timestamp, any::<i64>().prop_map(Scalar::Timestamp)),
            many(ScalarType::Bytes, any::<Vec<u8>>().prop_map(Scalar::Bytes)),
            many(ScalarType::Asset, assets()),
        ]
    }

    fn assets() -> impl Strategy<Value = Scalar> {
        let text = || proptest::option::of(any::<String>());
        (any::<String>(), 0..i64::MAX, text(), text()).prop_map(|(file_checksum, size, reference, key)| {
            Scalar::Asset(Asset {
                file_checksum,
                size,
                reference_checksum: reference,
                wrapping_key: key,
                receipt: None,
            })
        })
    }

    proptest! {
        #[test]
        fn only_fields_with_assets_seem_to_hold_some((scalar, scalars) in scalars(), name: String) {
            let content = Content::List(scalars);
            let fields = Fields::from([(name, Field { scalar, encrypted: false, content })]);
            let mut text = String::new();
            write_fields(&mut text, &fields, WriteOptions::default());
            prop_assert_eq!(holds_assets(&text), scalar == ScalarType::Asset);
        }

        #[test]
        fn what_is_written_reads_back((scalar, scalars) in scalars(), name in any::<String>(), list: bool) {
            let content = match scalars.first() {
                Some(first) if !list => Content::One(first.clone()),
                _ => Content::List(scalars),
            };
            let fields = Fields::from([(name, Field { scalar, encrypted: list, content })]);
            let mut text = String::new();
            write_fields(&mut text, &fields, WriteOptions::default());
            prop_assert_eq!(read_stored(&text), Some(fields));
        }
    }
}
