//! Reports, and what must not be in them.

use super::*;
use crate::explain::{BodyBytes, LineKind};
use CauseCode::*;

#[test]
fn the_report_for_people_shows_both_texts_and_where_they_differ() {
    let explanation = check(&capture(sign(format!("{DATE}:{HEX}:{PATH}"))), &[BodyHashHex]);
    let report = explanation.to_string();
    let indent = " ".repeat(12 + DATE.len() + 1);
    let expected = format!(
        "\u{2717} body_hash_hex (M5) \u{2013} proved\n\
         \n\
         \u{20} Your signature is valid for the message with the body hash in hex; CloudKit wants base64 of the 32 bytes.\n\
         \u{20} Fix: encode the 32 bytes of the digest in base64, not in hex.\n\
         \n\
         \u{20} signed    {DATE}:{HEX}:{PATH}\n\
         {indent}{} 64 hex digits\n\
         \u{20} expected  {DATE}:{HASH}:{PATH}\n\
         {indent}{} 44 characters of base64\n",
        "^".repeat(64),
        "^".repeat(44),
    );
    assert!(report.starts_with(&expected), "{report}");
    assert!(
        report.contains("  Verified with public key eckey.pem (fingerprint 5a7a78cca4a0f420...).\n"),
        "{report}"
    );
    assert!(report.contains("  Excluded: "), "{report}");
    assert!(report.contains("  Not checked without network: key_other_environment, "), "{report}");
    assert!(explanation.report().iter().any(|line| line.kind == LineKind::Mark));
    assert_eq!(
        explanation.one_line(),
        "M5 body_hash_hex: your signature is valid for the message with the body hash in hex; CloudKit wants base64 of \
         the 32 bytes"
    );
}

#[test]
fn the_report_for_programs_has_its_members() {
    let explanation = check(&capture(sign(format!("{DATE}:{HEX}:{PATH}"))), &[BodyHashHex]);
    let json = serde_json::to_value(&explanation).unwrap();
    assert_eq!(json["verdict"], "invalid");
    assert_eq!(json["proven"], true);
    assert_eq!(json["signedMessage"], format!("{DATE}:{HEX}:{PATH}"));
    assert_eq!(json["expectedMessage"], format!("{DATE}:{HASH}:{PATH}"));
    assert_eq!(json["bodyBytes"], "exact");
    assert_eq!(json["publicKeyFingerprint"], key().public_key().fingerprint());
    assert!(json["candidatesTried"].as_u64().unwrap() > 1);
    let cause = &json["causes"][0];
    for (member, value) in [
        ("code", "body_hash_hex"),
        ("row", "M5"),
        ("class", "message"),
        ("strength", "sure"),
        ("standing", "reported"),
        ("title", "the body hash in hex"),
    ] {
        assert_eq!(cause[member], value, "{member}");
    }
    assert!(json["excluded"][0]["code"].is_string() && json["excluded"][0]["because"].is_string());
}

#[test]
fn a_body_kept_as_text_is_not_blamed() {
    let newline = sign(format!("{DATE}:{}:{PATH}", base64(sha256(format!("{BODY}\n")))));
    let unknown = sign(format!("{DATE}:{}:{PATH}", base64(sha256("something else"))));
    for signature in [newline, unknown] {
        let explanation =
            explain(&request(PATH, DATE, signature).body_text(BODY), &evidence(), &Limits::QUICK);
        assert_eq!(explanation.verdict, Verdict::Unproven, "{explanation}");
        assert_eq!(explanation.body_bytes, BodyBytes::Text);
        assert!(codes(&explanation).is_empty());
    }
    let hex = sign(format!("{DATE}:{HEX}:{PATH}"));
    check(&request(PATH, DATE, hex).body_text(BODY), &[BodyHashHex]);
}

#[test]
fn without_the_body_what_does_not_need_it_is_found() {
    let missing = |message: String| request(PATH, DATE, sign(message));
    check(&missing(format!("{DATE}:{PATH}")), &[MessageWithoutBodyHash]);
    let empty = format!("{DATE}:{}:{PATH}", base64(sha256("")));
    check(&missing(empty.clone()).header("Content-Length", "51"), &[BodySignedAsEmpty]);
    let explanation = explain(&missing(format!("{DATE}:{HEX}:{PATH}")), &evidence(), &Limits::QUICK);
    assert_eq!(explanation.verdict, Verdict::Unproven, "{explanation}");
    assert!(explanation.advice.unwrap().contains("body was not captured"));
    assert!(explanation.expected_message.unwrap().text.contains("not captured"));
}

#[test]
fn the_fix_is_in_the_language_of_the_request() {
    let node = capture(sign(format!("{DATE}:{HEX}:{PATH}"))).header("User-Agent", "node");
    let explanation = check(&node, &[BodyHashHex]);
    assert!(explanation.causes[0].fix.ends_with(".digest(\"base64\")"), "{explanation}");
}

/// Whatever the mistake is, none of it is in any output.
#[test]
fn secrets_and_bodies_are_in_no_output() {
    let body = format!("{{\"secret\":\"{}\"}}", "classified-0123456789-".repeat(8));
    let token = "5ec4e7".repeat(11);
    let target = format!("{PATH}?ckAPIToken={token}&ckWebAuthToken=web%2Bsecret%3D&x=1");
    for message in [
        format!("{DATE}:{}:{target}", base64(sha256(&body))),
        format!("{DATE}:{body}:{target}"),
        format!("{DATE}:{}:{target}", base64(&body)),
        body.clone(),
        format!("POST:https://api.apple-cloudkit.com{target}:{DATE}:{body}"),
        format!("{DATE}:{body}:{}", target.replace('?', "%3F").replace('=', "%3D")),
        "nothing that is tried".to_owned(),
    ] {
        let signature = sign(message);
        let capture = request(&target, DATE, signature.clone())
            .header("Authorization", "Bearer eyJsecret.secret.secret")
            .body(body.clone());
        let explanation = explain(&capture, &evidence().api_token(&token), &Limits::QUICK);
        let output = format!(
            "{explanation}\n{}\n{}\n{explanation:?}\n{capture:?}",
            explanation.one_line(),
            serde_json::to_string(&explanation).unwrap()
        );
        let pem = key().to_sec1_pem();
        let scalar = "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721";
        for secret in [
            token.as_str(),
            "web%2Bsecret",
            "eyJsecret",
            &signature[..20],
            &body,
            &base64(&body),
            &"classified-0123456789-".repeat(3),
            scalar,
            &scalar.to_lowercase(),
            pem.lines().nth(1).unwrap(),
        ] {
            assert!(!output.contains(secret), "{secret} is in {output}");
        }
    }
}
