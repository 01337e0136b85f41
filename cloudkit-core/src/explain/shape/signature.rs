//! The form of the signature in the header. Encodings are parsed and not searched: whatever the form is, the numbers r
//! and s inside it go on to the search.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::Findings;
use crate::auth::Signature;
use crate::explain::CauseCode;

/// Standard base64 with or without padding, and with whatever the last bits are.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The number n/2, above which s is called high, big-endian.
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xde,
    0x73, 0x7d, 0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
];

/// Reads the text of the header: the signature inside it, if there is one.
pub(in crate::explain) fn read_signature(text: &str, findings: &mut Findings) -> Option<Signature> {
    let before = findings.causes.len();
    let signature = decode(text, findings).and_then(|bytes| numbers(&bytes, findings));
    let Some(signature) = signature else {
        // How it is written does not matter if it is nothing.
        let is_nothing =
            findings.causes[before..].iter().any(|cause| cause.code == CauseCode::SignaturePlaceholder);
        let is_form = |code| matches!(code, CauseCode::SignatureBase64url | CauseCode::SignatureBase64Broken);
        findings.causes.retain(|cause| !is_nothing || !is_form(cause.code));
        return None;
    };
    if findings.causes.len() == before {
        findings.exclude(CauseCode::SignatureRawRs, "the signature is in DER");
        findings.exclude(CauseCode::SignatureBase64Broken, "standard base64 on one line");
    }
    if signature.to_raw()[32..] > HALF_ORDER[..] {
        findings.note(CauseCode::SignatureHighS, "s lies in the upper half, as in every other signature");
    }
    Some(signature)
}

/// The bytes of the signature, whatever they are written in.
fn decode(text: &str, findings: &mut Findings) -> Option<Vec<u8>> {
    let length = text.chars().count();
    if text.trim().is_empty() {
        findings.sure(CauseCode::SignaturePlaceholder, "the signature is empty");
        return None;
    }
    if let Some(bytes) = object(text) {
        let inside = if bytes.is_empty() { "" } else { "; its bytes can be made out" };
        findings.sure(
            CauseCode::SignatureNotBytes,
            format!(
                "the signature of {length} characters is the text of an object or a list, not base64{inside}"
            ),
        );
        return Some(bytes).filter(|bytes| !bytes.is_empty());
    }
    let bare = bare(text);
    let hex = bare.strip_prefix("0x").unwrap_or(&bare);
    // Hex digits are base64 too, if their number is right; so few are not both.
    let looks_hex = hex.len() >= 16 && (hex.len() >= 100 || hex.len() % 4 == 2 || bare != hex);
    if looks_hex && let Some(bytes) = hexadecimal(hex) {
        findings.sure(
            CauseCode::SignatureHex,
            format!("the signature is in hex, {} digits; CloudKit wants standard base64", hex.len()),
        );
        return Some(bytes);
    }
    let is_url = bare.contains(['-', '_']);
    let standard = bare.replace('-', "+").replace('_', "/");
    let Ok(bytes) = LENIENT.decode(&standard) else {
        let letters =
            standard.bytes().filter(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte)).count();
        if letters >= 80 && letters * 10 >= standard.len() * 9 {
            findings.sure(
                CauseCode::SignatureBase64Broken,
                format!(
                    "the signature of {length} characters is no base64: it has other characters in it, or was cut"
                ),
            );
        } else {
            findings.sure(
                CauseCode::SignaturePlaceholder,
                format!("the {length} characters of the signature are neither base64 nor hex"),
            );
        }
        return None;
    };
    if is_url {
        findings.sure(
            CauseCode::SignatureBase64url,
            "the signature is in the URL alphabet of base64, with - and _; CloudKit wants the standard one",
        );
    } else if STANDARD.decode(text).is_err() {
        let what = if bare != text {
            "there is white space, quotation marks or an escape in it"
        } else {
            "its padding is missing"
        };
        findings.sure(
            CauseCode::SignatureBase64Broken,
            format!("the signature is not base64 on one line with its padding: {what}"),
        );
    }
    Some(once_more(bytes, findings))
}

/// Without what people and programs put around or into it.
fn bare(text: &str) -> String {
    let mut text = text.trim();
    for (open, close) in [("b'", "'"), ("b\"", "\""), ("\"", "\""), ("'", "'")] {
        if let Some(inner) = text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)) {
            text = inner;
        }
    }
    let lines = text.replace("\\n", "").replace("\\r", "");
    let decoded = percent_encoding::percent_decode_str(&lines).decode_utf8_lossy();
    decoded.chars().filter(|c| !c.is_whitespace()).collect()
}

/// A text that was encoded once more.
fn once_more(bytes: Vec<u8>, findings: &mut Findings) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(&bytes) else { return bytes };
    let text = text.trim();
    if text.len() >= 100
        && let Some(inner) = hexadecimal(text)
    {
        findings.sure(
            CauseCode::SignatureHex,
            "the signature is the base64 of its hex text; CloudKit wants the base64 of its bytes",
        );
        return inner;
    }
    if text.len() >= 80
        && let Ok(inner) = LENIENT.decode(text)
    {
        findings.sure(CauseCode::SignatureBase64Broken, "the signature is in base64 twice");
        return inner;
    }
    bytes
}

/// The bytes that the text of an object or a list names; empty if it names none; `None` if it is no such text.
fn object(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    if text.starts_with("[object")
        || text.starts_with("function")
        || matches!(text, "undefined" | "null" | "None")
    {
        return Some(Vec::new());
    }
    if text.starts_with('{')
        && let Ok(serde_json::Value::Object(members)) = serde_json::from_str(text)
        && let (Some(r), Some(s)) = (members.get("r"), members.get("s"))
    {
        let half = |value: &serde_json::Value| {
            let digits = value.as_str()?.trim_start_matches("0x");
            let bytes = hexadecimal(&format!("{digits:0>64}"))?;
            (bytes.len() == 32).then_some(bytes)
        };
        return Some(half(r).zip(half(s)).map(|(r, s)| [r, s].concat()).unwrap_or_default());
    }
    if let Some(inner) = text.strip_prefix("<Buffer").or_else(|| text.strip_prefix('<'))
        && let Some(inner) = inner.strip_suffix('>')
    {
        let digits: String = inner.chars().filter(|c| !c.is_whitespace()).collect();
        return Some(hexadecimal(&digits).unwrap_or_default());
    }
    let list = match (text.find('['), text.rfind(']')) {
        (Some(start), Some(end)) if start < end => &text[start + 1..end],
        _ => text,
    };
    let numbers: Option<Vec<u8>> = list.split(',').map(|number| number.trim().parse().ok()).collect();
    match numbers {
        Some(numbers) if numbers.len() > 1 => Some(numbers),
        _ => (text.starts_with(['{', '[', '(']) || text.contains("Buffer")).then(Vec::new),
    }
}

/// r and s.
fn numbers(bytes: &[u8], findings: &mut Findings) -> Option<Signature> {
    let length = bytes.len();
    if let Ok(signature) = Signature::from_der(bytes) {
        return Some(signature);
    }
    if let Some((r, s)) = lenient_der(bytes) {
        let longest = r.len().max(s.len());
        if longest > 32 {
            findings.sure(
                CauseCode::KeyWrongCurve,
                format!("the numbers of the signature have up to {longest} bytes; those of P-256 have 32, so it was made on another curve"),
            );
            return None;
        }
        let mut raw = [0; 64];
        raw[32 - r.len()..32].copy_from_slice(r);
        raw[64 - s.len()..].copy_from_slice(s);
        let Ok(signature) = Signature::from_raw(&raw) else {
            findings.sure(
                CauseCode::SignaturePlaceholder,
                "r or s is zero, or not below the order of P-256, so no key on P-256 can have made the signature",
            );
            return None;
        };
        findings.note(
            CauseCode::SignatureDerNotStrict,
            "the DER form of the signature is not strict: a length, a needless zero or a sign is not as it should be",
        );
        return Some(signature);
    }
    match length {
        64 => match Signature::from_raw(bytes) {
            Ok(signature) => {
                findings.sure(
                    CauseCode::SignatureRawRs,
                    "the signature is r and s as 64 raw bytes; CloudKit wants DER",
                );
                return Some(signature);
            }
            Err(_) => findings.sure(
                CauseCode::SignaturePlaceholder,
                "the signature is 64 bytes that are not r and s of P-256, nor DER",
            ),
        },
        65 => {
            let rest = if bytes[0] < 32 { &bytes[1..] } else { &bytes[..64] };
            findings.sure(
                CauseCode::SignatureRawRs,
                "the signature is r and s as raw bytes with a recovery ID, 65 bytes; CloudKit wants DER without it",
            );
            return Signature::from_raw(rest).ok();
        }
        96 | 132 => findings.sure(
            CauseCode::KeyWrongCurve,
            format!("the signature is {length} raw bytes; r and s of P-256 have 64, so it was made on another curve"),
        ),
        128 | 256 | 384 | 512 => findings.sure(
            CauseCode::KeyWrongAlgorithm,
            format!("the signature has {length} bytes, the length of RSA; ECDSA on P-256 has 70 to 72"),
        ),
        20 | 32 | 48 => findings.sure(
            CauseCode::SignaturePlaceholder,
            format!("the signature has {length} bytes, the length of a digest or an HMAC, and is no ECDSA signature"),
        ),
        _ => findings.sure(
            CauseCode::SignaturePlaceholder,
            format!("the {length} bytes of the signature are neither DER nor r and s of P-256"),
        ),
    }
    None
}

/// r and s without leading zeros, of DER that need not be strict.
fn lenient_der(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (content, _) = element(bytes, 0x30)?;
    let (r, rest) = element(content, 0x02)?;
    let (s, _) = element(rest, 0x02)?;
    let significant = |bytes: &'_ [u8]| bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    Some((&r[significant(r)..], &s[significant(s)..]))
}

/// The content of an element with this tag, and what follows it. A length that runs past the end ends there.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match bytes {
        [first, 0x81, length, rest @ ..] if *first == tag => (usize::from(*length), rest),
        [first, length, rest @ ..] if *first == tag && *length < 0x80 => (usize::from(*length), rest),
        _ => return None,
    };
    rest.split_at_checked(length).or((tag == 0x30).then_some((rest, &[])))
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit())
    {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use CauseCode::{
        KeyWrongAlgorithm, KeyWrongCurve, SignatureBase64Broken, SignatureBase64url, SignatureHex,
        SignatureNotBytes, SignaturePlaceholder, SignatureRawRs,
    };

    const TEXT: &str =
        "MEUCIDOubTqfYJdMTy56oiitfK8e6tGT119InVfFUD231WeXAiEA8WSQy57QMDIIsXJvzbkwKEQFwdFOBhUNmZP9TcGLtf8=";

    fn signature() -> Signature {
        Signature::from_base64(TEXT).unwrap()
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What is told, and whether the numbers were found.
    #[track_caller]
    fn check(text: &str, codes: &[CauseCode], is_found: bool) {
        let mut findings = Findings::default();
        let read = read_signature(text, &mut findings);
        let found: Vec<CauseCode> = findings.causes.iter().map(|cause| cause.code).collect();
        assert_eq!(found, codes, "{text}");
        assert_eq!(read, is_found.then(signature), "{text}");
    }

    #[test]
    fn whatever_the_form_is_the_numbers_are_found() {
        let (der, raw) = (signature().to_der(), signature().to_raw());
        check(TEXT, &[], true);
        check(&STANDARD.encode(raw), &[SignatureRawRs], true);
        check(&hex(&der), &[SignatureHex], true);
        check(&hex(&der).to_uppercase(), &[SignatureHex], true);
        check(&format!("0x{}", hex(&raw)), &[SignatureHex, SignatureRawRs], true);
        check(&STANDARD.encode(hex(&der)), &[SignatureHex], true);
        check(&STANDARD.encode(TEXT), &[SignatureBase64Broken], true);
        let url = STANDARD.encode(raw).replace('+', "-").replace('/', "_");
        assert!(url.contains(['-', '_']));
        check(url.trim_end_matches('='), &[SignatureBase64url, SignatureRawRs], true);
        check(TEXT.trim_end_matches('='), &[SignatureBase64Broken], true);
        check(&format!("{}\n {}", &TEXT[..64], &TEXT[64..]), &[SignatureBase64Broken], true);
        check(&format!("b'{TEXT}'"), &[SignatureBase64Broken], true);
        check(&TEXT.replace('=', "%3D"), &[SignatureBase64Broken], true);
        let list: Vec<String> = der.iter().map(u8::to_string).collect();
        check(&list.join(","), &[SignatureNotBytes], true);
        check(&format!("{{\"type\":\"Buffer\",\"data\":[{}]}}", list.join(", ")), &[SignatureNotBytes], true);
        let numbers =
            format!("{{\"r\":\"{}\",\"s\":\"{}\",\"recoveryParam\":1}}", hex(&raw[..32]), hex(&raw[32..]));
        check(&numbers, &[SignatureNotBytes, SignatureRawRs], true);
        check(&format!("<Buffer {}>", hex(&der)), &[SignatureNotBytes], true);
    }

    #[test]
    fn what_holds_no_signature_is_told_apart() {
        check("", &[SignaturePlaceholder], false);
        check("[object Object]", &[SignatureNotBytes], false);
        check("placeholder-signature!", &[SignaturePlaceholder], false);
        check("placeholder", &[SignaturePlaceholder], false);
        check(&TEXT.replace('5', "*"), &[SignatureBase64Broken], false);
        check("AAAA", &[SignaturePlaceholder], false);
        check(&STANDARD.encode([7; 32]), &[SignaturePlaceholder], false);
        check(&STANDARD.encode([0xff; 64]), &[SignaturePlaceholder], false);
        check(&STANDARD.encode([7; 96]), &[KeyWrongCurve], false);
        check(&STANDARD.encode([7; 256]), &[KeyWrongAlgorithm], false);
        let mut p384 = vec![0x30, 100, 0x02, 48];
        p384.extend([7; 48]);
        p384.extend([0x02, 48]);
        p384.extend([9; 48]);
        check(&STANDARD.encode(p384), &[KeyWrongCurve], false);
    }

    #[test]
    fn der_that_is_not_strict_is_read_and_noted() {
        let raw = signature().to_raw();
        let mut der = vec![0x30, 68, 0x02, 32];
        der.extend(&raw[..32]);
        der.extend([0x02, 32]);
        der.extend(&raw[32..]); // its first bit is set, so it is negative
        let mut findings = Findings::default();
        let read = read_signature(&STANDARD.encode(der), &mut findings);
        assert_eq!(read, Some(signature()));
        assert!(findings.causes.is_empty());
        assert!(findings.notes.iter().any(|note| note.code == CauseCode::SignatureDerNotStrict));
    }
}
