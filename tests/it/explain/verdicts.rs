//! Each request gets its verdict and its codes, and no other.

use std::collections::BTreeSet;

use cloudkit_core::explain::CauseCode;

use super::corpus::cases;

/// Codes that no request shows, and why.
const NOT_IN_A_REQUEST: [(CauseCode, &str); 18] = [
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
