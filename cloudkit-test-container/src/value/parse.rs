//! Reads field dictionaries: `{ "value": …, "type": …, "isEncrypted": … }`.
//!
//! Two steps, because CloudKit refuses in two ways. What is not a field dictionary at all refuses the whole request;
//! a value that does not fit its field refuses one record.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cloudkit_core::value::{ScalarType, ValueType};

use super::{Action, Asset, Content, Field, Fields, Location, Reference, Scalar};
use crate::api::ApiError;
use crate::facts;
use crate::json::{Kind, Node};
use crate::schema::FieldDef;

/// A field dictionary whose shape is right, before anybody asked whether the value fits.
#[derive(Debug)]
pub(crate) struct RawField<'n, 'a> {
    pub(crate) value: Option<&'n Node<'a>>,
    pub(crate) tag: Option<Tag>,
    pub(crate) encrypted: bool,
}

/// The `type` member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// A type that fields can be declared with.
    Type(ValueType),
    /// `UNKNOWN_LIST`, the type of an empty list whose elements never had one.
    UnknownList,
    /// `ENCRYPTED_STRING` and its kin, which no field of other people's apps takes.
    Encrypted(String),
}

/// What reading a value depends on besides the value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ParseContext<'a> {
    pub(crate) record_type: &'a str,
    /// Whether numbers may be given as decimal strings.
    pub(crate) numbers_as_strings: bool,
}

/// The value does not fit, in CloudKit's words.
type Misfit = String;

impl<'n, 'a> RawField<'n, 'a> {
    /// Checks the shape of a field dictionary.
    pub(crate) fn read(node: &'n Node<'a>) -> Result<Self, ApiError> {
        let object = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
        let tag = match object.get("type") {
            None => None,
            Some(node) => Some(read_tag(node)?),
        };
        let encrypted = match object.get("isEncrypted") {
            None => false,
            Some(node) => node.as_bool().ok_or_else(|| ApiError::unexpected(node))?,
        };
        Ok(Self { value: object.get("value"), tag, encrypted })
    }

    /// The value as the declared field can keep it; `None` if the field is to be cleared.
    pub(crate) fn typed(&self, def: &FieldDef, cx: ParseContext<'_>) -> Result<Option<Field>, Misfit> {
        let declared = def.value_type;
        let refuse = |given: &str| {
            format!(
                "invalid attempt to set value type {given} for field '{}' for type '{}', defined to be: {}",
                def.name,
                cx.record_type,
                def.type_text()
            )
        };
        if self.encrypted && !def.encrypted {
            return Err("Attempt to save encrypted data in non encrypted field type".to_owned());
        }
        if def.encrypted && self.value.is_some() {
            match &self.tag {
                None if self.encrypted => return Err(refuse("ENCRYPTED_BYTES")),
                None => return Err(refuse(&self.inferred().map_or("BYTES".to_owned(), |t| t.to_string()))),
                Some(Tag::Type(given)) if !self.encrypted => return Err(refuse(given.as_str())),
                Some(Tag::Type(given)) if *given != declared => {
                    return Err(refuse(&format!("ENCRYPTED_{given}")));
                }
                _ => {}
            }
        }
        match &self.tag {
            Some(Tag::Type(given)) if *given != declared => return Err(refuse(given.as_str())),
            Some(Tag::Encrypted(given)) => return Err(refuse(given)),
            Some(Tag::UnknownList) => {
                let empty = self.value.and_then(Node::as_array).is_some_and(|nodes| nodes.is_empty());
                if !declared.list || !(empty || self.value.is_none()) {
                    return Err(refuse("UNKNOWN_LIST"));
                }
            }
            _ => {}
        }
        let Some(node) = self.value else { return Ok(None) };
        if self.tag.is_none() {
            self.check_untagged(declared, refuse)?;
        }
        let content = read_content(node, declared, cx.numbers_as_strings)?;
        Ok(Some(Field { scalar: declared.scalar, encrypted: def.encrypted, content }))
    }

    /// Untagged values are taken for the declared type where nothing is lost, except where only the tag can tell what
    /// a number or a text is meant to be.
    fn check_untagged(&self, declared: ValueType, refuse: impl Fn(&str) -> String) -> Result<(), Misfit> {
        let Some(inferred) = self.inferred() else {
            return Err(format!("Invalid value, expected type {declared}"));
        };
        if matches!(declared.scalar, ScalarType::Timestamp | ScalarType::Bytes) {
            return Err(format!("Invalid value, expected type {declared}"));
        }
        let empty_list = self.value.and_then(Node::as_array).is_some_and(|nodes| nodes.is_empty());
        let widens = inferred.scalar == ScalarType::Int64 && declared.scalar == ScalarType::Double;
        let fits = (inferred.list == declared.list) && (inferred.scalar == declared.scalar || widens);
        if fits || (empty_list && declared.list) {
            return Ok(());
        }
        match (inferred.scalar, declared.scalar) {
            // One undecodable reference or asset is what the live service complains about, not the type.
            (_, ScalarType::Reference) if !declared.list && inferred.scalar != ScalarType::String => {
                Err("could not decode reference object".to_owned())
            }
            (_, ScalarType::Asset) if !declared.list => Err("could not decode asset object".to_owned()),
            _ => Err(refuse(inferred.as_str())),
        }
    }

    /// The type that a value without tag seems to have.
    pub(crate) fn inferred(&self) -> Option<ValueType> {
        infer(self.value?)
    }

    /// The value of a filter or of a sort's location, by the type it is compared as.
    pub(crate) fn operand(&self, wanted: ValueType) -> Result<Content, Misfit> {
        let node = self.value.ok_or_else(|| format!("Invalid value, expected type {wanted}"))?;
        read_content(node, wanted, false)
    }
}

fn read_tag(node: &Node<'_>) -> Result<Tag, ApiError> {
    let text = node.as_str().ok_or_else(|| ApiError::unexpected(node))?;
    if let Some(value_type) = ValueType::from_wire(text) {
        return Ok(Tag::Type(value_type));
    }
    if text == "UNKNOWN_LIST" {
        return Ok(Tag::UnknownList);
    }
    match text.strip_prefix("ENCRYPTED_").and_then(ValueType::from_wire) {
        Some(_) => Ok(Tag::Encrypted(text.to_owned())),
        None => Err(ApiError::unexpected(node)),
    }
}

fn infer(node: &Node<'_>) -> Option<ValueType> {
    let scalar = match &node.kind {
        Kind::Null => return None,
        Kind::Bool(_) => ScalarType::Int64,
        Kind::Number(text) if text.contains(['.', 'e', 'E']) => ScalarType::Double,
        Kind::Number(_) => ScalarType::Int64,
        Kind::String(_) => ScalarType::String,
        Kind::Object(object) => {
            if object.get("recordName").is_some() {
                ScalarType::Reference
            } else if object.get("latitude").is_some() {
                ScalarType::Location
            } else if object.get("receipt").is_some() || object.get("fileChecksum").is_some() {
                ScalarType::Asset
            } else {
                return None;
            }
        }
        Kind::Array(nodes) => {
            let Some(first) = nodes.first() else { return Some(ValueType::list_of(ScalarType::String)) };
            let first = infer(first)?;
            return (!first.list).then_some(ValueType::list_of(first.scalar));
        }
    };
    Some(ValueType::one(scalar))
}

fn read_content(node: &Node<'_>, wanted: ValueType, numbers_as_strings: bool) -> Result<Content, Misfit> {
    let misfit = || format!("Invalid value, expected type {wanted}");
    if !wanted.list {
        return Ok(Content::One(read_scalar(node, wanted.scalar, numbers_as_strings, misfit)?));
    }
    let nodes = node.as_array().ok_or_else(misfit)?;
    let scalars = nodes.iter().map(|node| read_scalar(node, wanted.scalar, numbers_as_strings, misfit));
    Ok(Content::List(scalars.collect::<Result<_, _>>()?))
}

fn read_scalar(
    node: &Node<'_>,
    scalar: ScalarType,
    numbers_as_strings: bool,
    misfit: impl Fn() -> Misfit,
) -> Result<Scalar, Misfit> {
    let number = match &node.kind {
        Kind::Number(text) => Some(*text),
        Kind::String(text) if numbers_as_strings => Some(text.as_ref()),
        Kind::Bool(value) if facts::BOOLEANS_ARE_INTEGERS.value && scalar == ScalarType::Int64 => {
            return Ok(Scalar::Int64(i64::from(*value)));
        }
        _ => None,
    };
    match scalar {
        ScalarType::String => node.as_str().map(|text| Scalar::String(text.to_owned())).ok_or_else(misfit),
        ScalarType::Int64 => number.and_then(read_integer).map(Scalar::Int64).ok_or_else(misfit),
        ScalarType::Double => number.and_then(read_double).map(Scalar::Double).ok_or_else(misfit),
        ScalarType::Timestamp => {
            node.as_number().and_then(read_integer).map(Scalar::Timestamp).ok_or_else(misfit)
        }
        ScalarType::Bytes => {
            let bytes = node.as_str().and_then(|text| BASE64.decode(text).ok());
            bytes.map(Scalar::Bytes).ok_or_else(misfit)
        }
        ScalarType::Location => read_location(node).map(Scalar::Location).ok_or_else(misfit),
        ScalarType::Reference => read_reference(node)
            .map(Scalar::Reference)
            .ok_or_else(|| "could not decode reference object".to_owned()),
        ScalarType::Asset => {
            read_asset(node).map(Scalar::Asset).ok_or_else(|| "could not decode asset object".to_owned())
        }
    }
}

fn read_integer(text: &str) -> Option<i64> {
    // `parse` alone would also take a leading plus sign.
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // Beyond 2^53 a number with a fraction or an exponent no longer says which integer it is.
        let whole =
            read_double(text).filter(|value| value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0);
        return whole.filter(|_| facts::FRACTION_FORM_OF_INTEGERS.value).map(|value| value as i64);
    }
    text.parse().ok()
}

fn read_double(text: &str) -> Option<f64> {
    let plausible = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    text.parse().ok().filter(|value: &f64| plausible && value.is_finite())
}

fn read_location(node: &Node<'_>) -> Option<Location> {
    let object = node.as_object()?;
    let number = |name: &str| match object.get(name) {
        None => Some(None),
        Some(node) => Some(Some(node.as_number().and_then(read_double)?)),
    };
    let latitude = number("latitude")?.filter(|degrees| degrees.abs() <= 90.0)?;
    let longitude = number("longitude")?.filter(|degrees| degrees.abs() <= 180.0)?;
    let mut optional = [None; 5];
    for (slot, name) in optional.iter_mut().zip(Location::OPTIONAL) {
        *slot = number(name)?;
    }
    let timestamp = match object.get("timestamp") {
        None => None,
        Some(node) => Some(node.as_number().and_then(read_integer)?),
    };
    Some(Location { latitude, longitude, optional, timestamp })
}

fn read_reference(node: &Node<'_>) -> Option<Reference> {
    let object = node.as_object()?;
    let record_name = object.get("recordName")?.as_str()?.to_owned();
    let (zone_name, owner) = match object.get("zoneID") {
        None => (None, None),
        Some(node) => {
            let zone = node.as_object()?;
            let owner = match zone.get("ownerRecordName") {
                None => None,
                Some(node) => Some(node.as_str()?.to_owned()),
            };
            (Some(zone.get("zoneName")?.as_str()?.to_owned()), owner)
        }
    };
    let action = match object.get("action") {
        None => Action::None,
        Some(node) => Action::from_wire(node.as_str()?)?,
    };
    Some(Reference { record_name, zone_name, owner, action })
}

fn read_asset(node: &Node<'_>) -> Option<Asset> {
    let object = node.as_object()?;
    let text = |name: &str| match object.get(name) {
        None => Some(None),
        Some(node) => Some(Some(node.as_str()?.to_owned())),
    };
    Some(Asset {
        file_checksum: text("fileChecksum")??,
        size: object.get("size")?.as_number().and_then(read_integer).filter(|size| *size >= 0)?,
        reference_checksum: text("referenceChecksum")?,
        wrapping_key: text("wrappingKey")?,
        receipt: text("receipt")?,
    })
}

/// Reads fields that this server wrote itself.
pub(crate) fn read_stored(text: &str) -> Option<Fields> {
    let node = crate::json::parse(text).ok()?;
    let mut fields = Fields::new();
    for (name, node) in &node.as_object()?.members {
        let raw = RawField::read(node).ok()?;
        let Some(Tag::Type(value_type)) = raw.tag else { return None };
        let content = read_content(raw.value?, value_type, false).ok()?;
        fields
            .insert(name.to_string(), Field { scalar: value_type.scalar, encrypted: raw.encrypted, content });
    }
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[track_caller]
    fn typed(text: &str, value_type: ValueType) -> Result<Option<Field>, Misfit> {
        let node = json::parse(text).expect("JSON");
        let raw = RawField::read(&node).expect("a field dictionary");
        let cx = ParseContext { record_type: "T", numbers_as_strings: false };
        raw.typed(&FieldDef::new("f", value_type), cx)
    }

    #[test]
    fn integers_are_exact_or_refused() {
        let int64 = ValueType::one(ScalarType::Int64);
        for value in [i64::MIN, -1, 0, i64::MAX] {
            let field = typed(&format!(r#"{{"value":{value}}}"#), int64).expect("fits").expect("a value");
            assert_eq!(field.content, Content::One(Scalar::Int64(value)));
        }
        for text in ["9223372036854775808", "1.0", "1e3", "\"1\"", "{}"] {
            let refused = typed(&format!(r#"{{"value":{text},"type":"INT64"}}"#), int64);
            assert_eq!(refused, Err("Invalid value, expected type INT64".to_owned()), "{text}");
        }
    }

    #[test]
    fn only_a_tag_makes_a_number_a_timestamp() {
        let timestamp = ValueType::one(ScalarType::Timestamp);
        assert!(typed(r#"{"value":1,"type":"TIMESTAMP"}"#, timestamp).is_ok());
        for text in [r#"{"value":1}"#, r#"{"value":1.5,"type":"TIMESTAMP"}"#] {
            assert_eq!(typed(text, timestamp), Err("Invalid value, expected type TIMESTAMP".to_owned()));
        }
    }

    #[test]
    fn integers_widen_to_doubles_when_untagged() {
        let double = ValueType::one(ScalarType::Double);
        let field = typed(r#"{"value":3}"#, double).expect("fits").expect("a value");
        assert_eq!(field.content, Content::One(Scalar::Double(3.0)));
        assert!(typed(r#"{"value":3,"type":"INT64"}"#, double).is_err());
        assert!(typed(r#"{"value":1e999,"type":"DOUBLE"}"#, double).is_err());
    }

    #[test]
    fn lists_may_hold_no_null() {
        let list = ValueType::list_of(ScalarType::String);
        assert!(typed(r#"{"value":["a",null],"type":"STRING_LIST"}"#, list).is_err());
        assert!(typed(r#"{"value":[],"type":"UNKNOWN_LIST"}"#, list).is_ok());
    }
}
