//! Keys, key IDs, tokens, places and clocks.

use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::Environment;
use crate::explain::{CapturedReply, KnownKey, explain_several};
use CauseCode::*;

const SECONDS: u64 = 1_453_760_143;

fn right() -> Capture {
    capture(sign(format!("{DATE}:{HASH}:{PATH}")))
}

fn with_key_id(key_id: &str) -> Capture {
    let mut capture = right();
    key_id.clone_into(&mut capture.headers[0].1);
    capture
}

fn other_key() -> crate::auth::PublicKey {
    PrivateKey::from_scalar(&"17".repeat(32)).unwrap().public_key()
}

#[track_caller]
fn check_with(capture: &Capture, evidence: &Evidence, expected: &[CauseCode]) -> Explanation {
    let explanation = explain(capture, evidence, &Limits::QUICK);
    assert_eq!(codes(&explanation), expected, "{explanation}");
    explanation
}

#[test]
fn what_is_no_key_id_is_named_and_not_shown() {
    for (given, code) in [
        ("0123", KeyIdMalformed),
        (&format!("\"{KEY_ID}\""), KeyIdMalformed),
        (&KEY_ID.to_uppercase(), KeyIdMalformed),
        ("57246542-96fe-1a63-e053-0824d011072a", WrongAppleCredential),
        ("2X9R4HXF34", WrongAppleCredential),
        (
            "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Z5A",
            PublicKeyAsKeyId,
        ),
    ] {
        let explanation = check(&with_key_id(given), &[code]);
        assert!(!explanation.to_string().contains(given), "{explanation}");
    }
    let token = "5".repeat(64);
    check_with(&with_key_id(&token), &evidence().api_token(&token), &[ApiTokenAsKeyId]);
}

#[test]
fn the_key_that_fits_is_named() {
    let both = |first: crate::auth::PublicKey, second: crate::auth::PublicKey| {
        Evidence::new().public_key("first.pem", first).public_key("second.pem", second)
    };
    let mine = key().public_key();
    let explanation = check_with(&right(), &both(other_key(), mine), &[KeyIdMismatch]);
    assert_eq!(explanation.key.unwrap().name.as_deref(), Some("second.pem"));
    check_with(&right(), &both(mine, other_key()), &[]);

    let named = |key_id: &str| {
        Evidence::new()
            .key(KnownKey::new("mine", mine).key_id(key_id))
            .key(KnownKey::new("other", other_key()).key_id("f".repeat(64)))
    };
    check_with(&right(), &named(KEY_ID), &[]);
    check_with(&with_key_id(&"f".repeat(64)), &named(KEY_ID), &[KeyIdMismatch]);
    // Together with a mistake in the text.
    let mut hex = capture(sign(format!("{DATE}:{HEX}:{PATH}")));
    "f".repeat(64).clone_into(&mut hex.headers[0].1);
    check_with(&hex, &named(KEY_ID), &[BodyHashHex, KeyIdMismatch]);
}

#[test]
fn a_wrong_key_proves_nothing() {
    let evidence = Evidence::new().public_key("other.pem", other_key());
    for message in [format!("{DATE}:{HASH}:{PATH}"), format!("{DATE}:{HEX}:{PATH}")] {
        let explanation = explain(&capture(sign(message)), &evidence, &Limits::default());
        assert_eq!((explanation.verdict, explanation.proven), (Verdict::Unproven, false), "{explanation}");
        assert_eq!(explanation.causes, []);
        assert!(explanation.candidates_tried > 10_000, "{}", explanation.candidates_tried);
        assert!(explanation.advice.unwrap().contains("not among those given"));
    }
}

#[test]
fn registrations_are_compared_with_the_path() {
    let registered = |key: KnownKey| Evidence::new().key(key.key_id(KEY_ID)).keys_are_complete();
    let mine = || KnownKey::new("mine", key().public_key());
    check_with(&right(), &registered(mine().environment(Environment::Development)), &[]);
    check_with(&right(), &registered(mine().environment(Environment::Production)), &[KeyOtherEnvironment]);
    check_with(&right(), &registered(mine().environment(Environment::Development).revoked()), &[KeyRevoked]);
    check_with(&with_key_id(&"e".repeat(64)), &registered(mine()), &[KeyOtherContainer]);
    // Without the word of the service, an unknown ID is only unknown.
    check_with(&with_key_id(&"e".repeat(64)), &Evidence::new().key(mine().key_id(KEY_ID)), &[]);
}

#[test]
fn two_requests_of_one_program_need_no_key() {
    let make = |message: fn(&str, &str) -> String| {
        ["2016-01-25T22:15:43Z", "2016-01-25T22:16:59Z"].map(|date| {
            let body = format!("{BODY}{}", &date[17..19]);
            let hash = sha256(&body);
            let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            request(PATH, date, sign(message(date, &hex))).body(body)
        })
    };
    let hex = make(|date, hex| format!("POST:{date}:{hex}:{PATH}"));
    let explanation = explain_several(&hex, &Evidence::new(), &Limits::default());
    assert_eq!(codes(&explanation), [MethodInMessage, BodyHashHex], "{explanation}");
    let found = explanation.key.unwrap();
    assert_eq!((found.name, found.fingerprint), (None, key().public_key().fingerprint()));

    let right = make(|date, hex| {
        let bytes: Vec<u8> =
            (0..64).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        format!("{date}:{}:{PATH}", base64(bytes))
    });
    let explanation = explain_several(&right, &Evidence::new(), &Limits::default());
    assert_eq!((explanation.verdict, codes(&explanation)), (Verdict::Valid, vec![]), "{explanation}");

    // The key is found although another one was given.
    let explanation =
        explain_several(&right, &Evidence::new().public_key("other.pem", other_key()), &Limits::QUICK);
    assert_eq!(codes(&explanation), [KeyIdMismatch], "{explanation}");

    // One request alone, or the same twice, proves nothing.
    for captures in [&right[..1], &[right[0].clone(), right[0].clone()]] {
        let explanation = explain_several(captures, &Evidence::new(), &Limits::QUICK);
        assert_eq!(explanation.verdict, Verdict::Unproven, "{explanation}");
        assert!(!explanation.proven);
    }
}

#[test]
fn the_clock_is_compared_with_whatever_tells_the_time() {
    let at = |offset: i64| UNIX_EPOCH + Duration::from_secs(SECONDS.saturating_add_signed(offset));
    let evidence_at = |offset| evidence().server_time(at(offset));
    for offset in [0, 599, -600] {
        check_with(&right(), &evidence_at(offset), &[]);
    }
    check_with(&right(), &evidence_at(700), &[ClockSkew]);
    check_with(&right(), &evidence_at(-700), &[ClockSkew]);
    let explanation = check_with(&right(), &evidence_at(7200), &[ClockSkew]);
    assert!(explanation.causes.iter().any(|cause| cause.code == DateLocalTime), "{explanation}");
    check_with(&right(), &evidence_at(700).window(Duration::from_secs(800)), &[]);

    // Sent late, by a clock that is right.
    check_with(&right().sent_at(at(4000)), &evidence_at(4001), &[SignatureStale]);
    check_with(&right().sent_at(at(4000)), &evidence(), &[SignatureStale]);
    let reply = |date: &str| CapturedReply::new(401, vec![("Date".to_owned(), date.to_owned())], "");
    check_with(&right().reply(reply("Mon, 25 Jan 2016 22:15:50 GMT")), &evidence(), &[]);
    check_with(&right().reply(reply("Mon, 25 Jan 2016 22:55:50 GMT")), &evidence(), &[ClockSkew]);
}

#[test]
fn where_a_request_goes_is_checked() {
    let to = |target: &str| request(target, DATE, sign(format!("{DATE}:{HASH}:{target}"))).body(BODY);
    for (from, into, code) in [
        ("public", "private", DatabaseNotPublic),
        ("public", "shared", DatabaseNotPublic),
        ("iCloud.com", "icloud.com", ContainerIdMalformed),
        ("iCloud.com", "com", ContainerIdMalformed),
        ("development", "Development", EnvironmentMalformed),
        ("development", "prod", EnvironmentMalformed),
        ("records/query", "users/discover", UserEndpoint),
    ] {
        assert!(check(&to(&PATH.replace(from, into)), &[code]).proven, "{into}");
    }
    check_valid(&to(&PATH.replace("records/query", "users/lookup/email")));
    check_with(&right(), &evidence().container("iCloud.com.example.Other"), &[ContainerIdMalformed]);
    check_with(&right(), &evidence().container("iCloud.com.example.Ledger"), &[]);
    for host in ["p12-ckdatabasews.icloud.com", "cvws.icloud-content.com:443"] {
        check(&right().origin("https", host), &[WrongHost]);
    }
    check_valid(&right().origin("http", "127.0.0.1:8080"));
    let token = format!("{PATH}?ckAPIToken={}", "5".repeat(64));
    let explanation = check(&to(&token), &[TokenMixedIn]);
    assert!(!explanation.to_string().contains("555"), "{explanation}");
    let compressed =
        capture(sign(format!("{DATE}:{}:{PATH}", base64(sha256("x"))))).header("Content-Encoding", "gzip");
    check(&compressed, &[BodyHashedBeforeCompression]);
}

#[test]
fn credentials_that_are_not_there_are_missed() {
    let without = |names: &[&str]| {
        let mut capture = right();
        capture.headers.retain(|(name, _)| !names.contains(&name.as_str()));
        capture
    };
    check(&without(&[HEADER_KEY_ID]), &[HeaderMissing]);
    check(&without(&[HEADER_DATE]), &[HeaderMissing]);
    check(&without(&[HEADER_SIGNATURE]), &[HeaderMissing]);
    let bare = without(&[HEADER_KEY_ID, HEADER_DATE, HEADER_SIGNATURE]);
    check(&bare, &[NoCredentialsReached]);
    check(&bare.clone().header("Authorization", "Bearer eyJhbGciOi.eyJpc3Mi.c2ln"), &[BearerTokenSent]);
    check(&right().header(HEADER_SIGNATURE, "x"), &[HeaderDuplicated]);

    let (_, signature) = right().headers[2].clone();
    let misnamed = without(&[HEADER_SIGNATURE]).header("X-Apple-CloudKit-Request-Signature", signature);
    assert!(check(&misnamed, &[HeaderNameWrong]).proven, "its value is taken all the same");
}

#[test]
fn answers_are_read() {
    let answered = |status, body: &'static str| right().reply(CapturedReply::new(status, Vec::new(), body));
    check(&answered(421, ""), &[ConnectionCoalesced]);
    check(&answered(421, r#"{"serverErrorCode":"AUTHENTICATION_REQUIRED"}"#), &[UserSignInRequired]);
    check(&answered(403, r#"{"serverErrorCode":"ACCESS_DENIED"}"#), &[RoleMissing]);
    check_valid(&answered(
        401,
        r#"{"serverErrorCode":"AUTHENTICATION_FAILED","reason":"Authentication failed"}"#,
    ));
    let lost =
        answered(401, r#"{"serverErrorCode":"AUTHENTICATION_FAILED","reason":"no auth method found"}"#);
    let explanation = explain(&lost, &evidence(), &Limits::QUICK);
    assert_eq!(explanation.causes[0].code, HeaderLostInTransit);
}

#[test]
fn a_signature_on_another_curve_is_told_as_far_as_it_can_be() {
    // Of all x-coordinates about half belong to a point.
    let mut off_the_curve = 0;
    for seed in 1..40_u8 {
        let raw = [[seed; 32], [1; 32]].concat();
        let signature = crate::auth::Signature::from_raw(&raw).unwrap().to_base64();
        let explanation = explain(&capture(signature), &evidence(), &Limits::QUICK.mistakes(1));
        if codes(&explanation) == [SignaturePlaceholder] {
            off_the_curve += 1;
            assert!(explanation.causes.iter().any(|cause| cause.code == KeyWrongCurve), "{explanation}");
        } else {
            assert_eq!(explanation.verdict, Verdict::Unproven, "{explanation}");
        }
    }
    assert!((10..30).contains(&off_the_curve), "{off_the_curve}");
}
