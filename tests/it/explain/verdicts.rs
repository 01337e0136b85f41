//! Each request gets its verdict and its codes, and no other.

use std::collections::BTreeSet;

use cloudkit_core::auth::{HEADER_SIGNATURE, Signature};
use cloudkit_core::explain::{Cause, CauseCode, Limits, Verdict, explain_several};

use super::corpus::cases;

/// Codes that no request shows, and why.
const NOT_IN_A_REQUEST: [(CauseCode, &str); 19] = [
    (CauseCode::SignatureHighS, "in every other request"),
    (CauseCode::MethodMismatch, "a hint: the service answers otherwise than with 401"),
    (CauseCode::SignerPlatformFault, "needs the program"),
    (CauseCode::KeyOtherEnvironment, "needs the service"),
    (CauseCode::KeyOtherContainer, "needs the service"),
    (CauseCode::KeyRevoked, "needs the service"),
    (CauseCode::KeyNotYetActive, "needs the service"),
    (CauseCode::NotAPrivateKey, "needs the key file"),
    (CauseCode::KeyEncrypted, "needs the key file"),
    (CauseCode::PemDamaged, "needs the key file"),
    (CauseCode::PemLabelMismatch, "needs the key file"),
    (CauseCode::BareScalarKey, "needs the key file"),
    (CauseCode::KeyNotRegistered, "needs the service"),
    (CauseCode::ClockJumped, "needs the machine"),
    (CauseCode::HeaderLostInTransit, "needs both ends of the route"),
    (CauseCode::WebTokenNotEncoded, "of the other kind of credentials"),
    (CauseCode::WebTokenExpired, "of the other kind of credentials"),
    (CauseCode::WebTokenUnavailable, "of the other kind of credentials"),
    (CauseCode::AccountOrService, "needs the service"),
];

fn names(causes: &[Cause]) -> Vec<String> {
    // Every other signature has a high s, whatever else is wrong; a test of its own looks at that.
    let codes = causes.iter().map(|cause| cause.code).filter(|code| *code != CauseCode::SignatureHighS);
    let mut names: Vec<String> = codes.map(|code| code.to_string()).collect();
    names.sort();
    names
}

#[test]
fn each_request_gets_its_verdict_and_its_codes_and_no_other() {
    let mut wrong = Vec::new();
    for case in cases() {
        let expected = &case.expected;
        for (form, captures) in case.captures() {
            // What nothing fits would be searched for to the end.
            let limits = match &*expected.verdict {
                "unproven" => Limits::default().candidates(10_000),
                _ => Limits::default(),
            };
            let explanation = explain_several(&captures, &case.evidence(), &limits);
            let found = (explanation.verdict.as_str(), names(&explanation.causes), names(&explanation.notes));
            if found != (&expected.verdict, expected.codes.clone(), expected.notes.clone()) {
                let (verdict, codes, notes) = (&expected.verdict, &expected.codes, &expected.notes);
                wrong.push(format!(
                    "{case} ({form:?}): {verdict} {codes:?} {notes:?} was expected, found {found:?}"
                ));
            }
            if explanation.verdict == Verdict::Valid && !explanation.proven {
                wrong.push(format!("{case} ({form:?}): valid without a proof"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of the cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_high_s_is_noted_where_all_is_right_and_never_called_a_mistake() {
    let (mut high, mut low) = (0, 0);
    for case in cases() {
        for (form, captures) in case.captures() {
            let limits = Limits::QUICK.candidates(1);
            let explanation = explain_several(&captures[..1], &case.evidence(), &limits);
            assert!(explanation.causes.iter().all(|cause| cause.code != CauseCode::SignatureHighS), "{case}");
            let is_signature = |(name, _): &&(String, String)| name.eq_ignore_ascii_case(HEADER_SIGNATURE);
            let text = captures[0].headers.iter().find(is_signature);
            let signature = text.and_then(|(_, text)| Signature::from_base64(text).ok());
            let Some(signature) = signature.filter(|_| explanation.verdict == Verdict::Valid) else {
                continue;
            };
            // Half of the order of P-256 begins with 7fffffff80000000.
            let is_high = signature.to_raw()[32..40] > [0x7f, 0xff, 0xff, 0xff, 0x80, 0, 0, 0][..];
            let is_noted = explanation.notes.iter().any(|note| note.code == CauseCode::SignatureHighS);
            assert_eq!(is_noted, is_high, "{case} ({form:?})");
            let count = if is_high { &mut high } else { &mut low };
            *count += 1;
        }
    }
    assert!(high > 5 && low > 5, "{high} with a high s, {low} with a low one");
}

#[test]
fn every_cause_that_a_request_shows_has_a_case() {
    let cases = cases();
    let codes = cases.iter().flat_map(|case| case.expected.codes.iter().chain(&case.expected.notes));
    let found: BTreeSet<CauseCode> =
        codes.map(|name| CauseCode::from_name(name).unwrap_or_else(|| panic!("{name} is no code"))).collect();
    let missing: Vec<CauseCode> = CauseCode::all()
        .filter(|code| !found.contains(code) && NOT_IN_A_REQUEST.iter().all(|(other, _)| other != code))
        .collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
    let twofold: Vec<_> = NOT_IN_A_REQUEST.iter().filter(|(code, _)| found.contains(code)).collect();
    assert!(twofold.is_empty(), "a case after all for {twofold:?}");
}

#[test]
fn there_are_enough_cases_of_each_kind() {
    let cases = cases();
    let with = |mistakes| cases.iter().filter(move |case| case.expected.codes.len() == mistakes).count();
    let valid = cases.iter().filter(|case| case.expected.verdict == "valid").count();
    assert!(cases.len() >= 200 && valid >= 40, "{} cases, {valid} of them right", cases.len());
    assert!(with(2) >= 10 && with(3) >= 3, "{} pairs, {} triples", with(2), with(3));
    let always_refused = cases.iter().filter(|case| case.name.starts_with("refused_always/")).count();
    assert_eq!(always_refused, 19, "ten programs, nine of them with and without a fraction of the second");
    for ending in ["_passes", "_fails"] {
        assert!(cases.iter().filter(|case| case.name.ends_with(ending)).count() >= 5, "{ending}");
    }
}
