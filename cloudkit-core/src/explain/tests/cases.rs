//! One mistake, or several, each written out.

use super::*;
use CauseCode::*;
use sha2::{Sha384, Sha512};

/// The body's part, the path's part and the like in the text that was signed.
#[track_caller]
fn check_message(message: impl AsRef<[u8]>, expected: &[CauseCode]) -> Explanation {
    let explanation = check(&capture(sign(message)), expected);
    assert!(explanation.proven, "{explanation}");
    explanation
}

#[test]
fn a_right_request_is_valid() {
    check_valid(&capture(sign(format!("{DATE}:{HASH}:{PATH}"))));
}

#[test]
fn each_mistake_in_the_body_part_is_named() {
    let with = |part: &str| format!("{DATE}:{part}:{PATH}");
    let of = |body: &[u8]| base64(sha256(body));
    check_message(with(BODY), &[BodyNotHashed]);
    check_message(with(&base64(BODY)), &[BodyBase64NotHashed]);
    check_message(with(HEX), &[BodyHashHex]);
    check_message(with(&HEX.to_uppercase()), &[BodyHashHex]);
    check_message(with(&base64(HEX)), &[BodyHashBase64OfHex]);
    check_message(with(&HASH.replace('/', "_")), &[BodyHashBase64url]);
    check_message(with(HASH.trim_end_matches('=')), &[BodyHashBase64url]);
    check_message(with(&base64(sha1::Sha1::digest(BODY))), &[BodyHashWrongAlgorithm]);
    check_message(with(&base64(Sha512::digest(BODY))), &[BodyHashWrongAlgorithm]);
    check_message(with(""), &[BodySignedAsEmpty]);
    check_message(with(&of(b"")), &[BodySignedAsEmpty]);
    check_message(with(&of(format!("{BODY}\n").as_bytes())), &[BodyChangedAfterHash]);
    check_message(
        with(&of(br#"{"query": {"recordType": "Account"}, "resultsLimit": 1}"#)),
        &[BodyChangedAfterHash],
    );
    let pretty = "{\n  \"query\": {\n    \"recordType\": \"Account\"\n  },\n  \"resultsLimit\": 1\n}";
    check_message(with(&of(pretty.as_bytes())), &[BodyChangedAfterHash]);
    check_message(with(&of(b"[object Object]")), &[BodyChangedAfterHash]);
}

#[test]
fn a_body_in_another_character_set_is_told() {
    let (latin, utf8) = (b"{\"name\":\"Ren\xe9e\"}", "{\"name\":\"Renée\"}");
    let signed = |body: &[u8]| sign(format!("{DATE}:{}:{PATH}", base64(sha256(body))));
    check(&request(PATH, DATE, signed(utf8.as_bytes())).body(latin.to_vec()), &[BodyCharsetChanged]);
    check(&request(PATH, DATE, signed(latin)).body(utf8), &[BodyCharsetChanged]);
    check_valid(&request(PATH, DATE, signed(utf8.as_bytes())).body(utf8));
}

#[test]
fn each_mistake_in_the_path_part_is_named() {
    let with = |path: &str| format!("{DATE}:{HASH}:{path}");
    check_message(with(&format!("https://api.apple-cloudkit.com{PATH}")), &[FullUrlSigned]);
    check_message(with(&format!("api.apple-cloudkit.com{PATH}")), &[HostAndPathSigned]);
    check_message(with(&PATH.replace("/development", "")), &[PathWithoutEnvironment]);
    check_message(with(&PATH.replace("development", "production")), &[PathOtherEnvironment]);
    check_message(with(&PATH.replace("/database/1", "")), &[PathWithoutPrefix]);
    check_message(with(&PATH[1..]), &[PathWithoutLeadingSlash]);
    check_message(with(&format!("{PATH}/")), &[PathTrailingSlash]);
    check_message(with("/records/query"), &[PathOperationOnly]);
    check_message(with("public/records/query"), &[PathOperationOnly]);
    check_message(with(&format!("{PATH}?")), &[QuerySignedNotSent]);
    check_message(with(""), &[MessageWithoutPath]);

    let encoded = PATH.replace("Ledger", "L%C3%A9dger%20x");
    let message = |path: &str| sign(with(path));
    check_valid(&request(&encoded, DATE, message(&encoded)).body(BODY));
    let decoded = PATH.replace("Ledger", "Lédger x");
    check(&request(&encoded, DATE, message(&decoded)).body(BODY), &[PathEncodingChanged]);
    let lower = encoded.replace("%C3%A9", "%c3%a9");
    check(&request(&encoded, DATE, message(&lower)).body(BODY), &[PathEncodingChanged]);
}

#[test]
fn both_readings_of_a_query_are_valid_and_the_second_is_noted() {
    let target = format!("{PATH}?b=2&a=%20");
    let signed = |path: &str| request(&target, DATE, sign(format!("{DATE}:{HASH}:{path}"))).body(BODY);
    assert!(check_valid(&signed(&target)).notes.iter().all(|note| note.code == SignatureHighS));
    assert!(check_valid(&signed(PATH)).notes.iter().any(|note| note.code == QuerySentNotSigned));
    check(&signed(&format!("{PATH}?a=%20&b=2")), &[QueryReordered]);
    check(&signed(&format!("{PATH}?b=2")), &[QueryReordered]);
    let evidence = evidence().signed_query("remapEnums=true");
    let capture = capture(sign(format!("{DATE}:{HASH}:{PATH}?remapEnums=true")));
    assert_eq!(codes(&explain(&capture, &evidence, &Limits::default())), [QuerySignedNotSent]);
}

#[test]
fn both_readings_of_no_body_are_valid_and_the_second_is_noted() {
    let path = PATH.replace("records/query", "users/caller");
    let signed = |part: &str| {
        let signature = sign(format!("{DATE}:{part}:{path}"));
        let mut capture = request(&path, DATE, signature).body("");
        capture.method = "GET".to_owned();
        capture
    };
    check_valid(&signed(&base64(sha256(""))));
    assert!(check_valid(&signed("")).notes.iter().any(|note| note.code == EmptyBodyHashForm));
    check(&signed(&base64(sha256("null"))), &[EmptyBodyHashOfText]);
    check(&signed(&base64(sha256("{}"))), &[EmptyBodyHashOfText]);
}

#[test]
fn each_mistake_in_the_date_part_is_named() {
    let with = |date: &str| format!("{date}:{HASH}:{PATH}");
    check_message(with("2016-01-25T22:15:44Z"), &[DateHeaderDiffers]);
    check_message(with("2016-01-25T22:15:38Z"), &[DateHeaderDiffers]);
    check_message(with("2016-01-25T22:15:43.000Z"), &[DateHasFraction]);
    check_message(with("2016-01-25T22:15:43.617Z"), &[DateHasFraction]);
    check_message(with("2016-01-25T22:15:43+00:00"), &[DateHasOffset]);
    check_message(with("2016-01-25T22:15:43"), &[DateWithoutZone]);
    check_message(with("1453760143"), &[DateWrongFormat]);
    check_message(with("Mon, 25 Jan 2016 22:15:43 GMT"), &[DateWrongFormat]);
    check_message(with("2016-01-25T23:15:43Z"), &[DateLocalTime]);
    check_message(with(""), &[DateEmpty]);
}

/// As it is in the header, so that nothing but its form is wrong.
#[test]
fn a_date_in_the_wrong_form_that_was_signed_as_it_is_sent_is_the_only_mistake() {
    let signed = |date: &str| request(PATH, date, sign(format!("{date}:{HASH}:{PATH}"))).body(BODY);
    for (date, code) in [
        ("2016-01-25T22:15:43.123Z", DateHasFraction),
        ("2016-01-25T23:15:43+01:00", DateHasOffset),
        ("2016-01-25T22:15:43", DateWithoutZone),
        ("2016-01-25T22:15:43z", DateWrongFormat),
        ("2016-01-25T2Z", DateTruncated),
        ("", DateEmpty),
    ] {
        assert!(check(&signed(date), &[code]).proven, "{date}");
    }
    // And signed without what makes it wrong.
    let capture = request(PATH, "2016-01-25T22:15:43.123Z", sign(format!("{DATE}:{HASH}:{PATH}"))).body(BODY);
    check(&capture, &[DateHasFraction, DateHeaderDiffers]);
}

#[test]
fn each_mistake_in_the_layout_is_named() {
    check_message(format!("POST:{DATE}:{HASH}:{PATH}"), &[MethodInMessage]);
    check_message(format!("POST:{PATH}:{DATE}:{HASH}"), &[MethodInMessage]);
    check_message(format!("{DATE}:{HASH}:{PATH}:POST"), &[MethodInMessage]);
    check_message(format!("{DATE}:{PATH}:{HASH}"), &[MessagePartsReordered]);
    check_message(format!("{PATH}:{HASH}:{DATE}"), &[MessagePartsReordered]);
    check_message(format!("{DATE}\n{HASH}\n{PATH}"), &[MessageSeparatorWrong]);
    check_message(format!("{DATE}{HASH}{PATH}"), &[MessageSeparatorWrong]);
    check_message(format!("{DATE}:{HASH}:{PATH}\n"), &[MessageSeparatorWrong]);
    check_message(format!("[{DATE}]:[{HASH}]:[{PATH}]"), &[MessageSeparatorWrong]);
    check_message(BODY, &[MessageIsBodyOnly, BodyNotHashed]);
    check_message(HASH, &[MessageIsBodyOnly]);
    check_message(format!("{DATE}:{HASH}"), &[MessageWithoutPath]);
    check_message(format!("{DATE}:{BODY}"), &[MessageWithoutPath, BodyNotHashed]);
    check_message(format!("{DATE}:{PATH}"), &[MessageWithoutBodyHash]);
    check_message(format!("{HASH}:{PATH}"), &[MessageWithoutDate]);
    check_message(PATH, &[MessageWithoutDate, MessageWithoutBodyHash]);
}

#[test]
fn each_mistake_with_the_digest_is_named() {
    let message = format!("{DATE}:{HASH}:{PATH}");
    let hex = |digest: &[u8]| digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    check(&capture(sign(sha256(&message))), &[DigestAppliedTwice]);
    check(&capture(sign(hex(&sha256(&message)))), &[DigestAppliedTwice]);
    check(&capture(sign(base64(sha256(&message)))), &[DigestAppliedTwice]);
    check(&capture(sign_digest(&message.as_bytes()[..32])), &[DigestNotApplied]);
    check(&capture(sign_digest(&Sha384::digest(&message))), &[SignatureWrongDigest]);
    check(&capture(sign_digest(&Sha512::digest(&message))), &[SignatureWrongDigest]);
    check(&capture(sign_digest(&sha1::Sha1::digest(&message))), &[SignatureWrongDigest]);
}

#[test]
fn mistakes_in_several_dimensions_are_all_named() {
    let url = format!("https://api.apple-cloudkit.com{PATH}");
    check_message(format!("POST:{PATH}:{DATE}:{HEX}"), &[MethodInMessage, BodyHashHex]);
    check_message(
        format!("POST\n{PATH}\n{DATE}\n{HEX}"),
        &[MethodInMessage, MessageSeparatorWrong, BodyHashHex],
    );
    check_message(format!("POST:{DATE}:{HEX}:{url}"), &[MethodInMessage, BodyHashHex, FullUrlSigned]);
    check_message(
        format!("2016-01-25T22:15:44Z:{HEX}:{url}"),
        &[DateHeaderDiffers, BodyHashHex, FullUrlSigned],
    );
    let message = format!("{DATE}:{HEX}:{}\n", PATH.replace("/development", ""));
    check_message(message, &[BodyHashHex, PathWithoutEnvironment, MessageSeparatorWrong]);
    let twice = sha256(format!("POST:{DATE}:{HEX}:{PATH}"));
    check(&capture(sign(twice)), &[MethodInMessage, BodyHashHex, DigestAppliedTwice]);
    // What is parsed does not count as a mistake of the search.
    let raw =
        crate::auth::Signature::from_base64(&sign(format!("POST:{PATH}:{DATE}:{HEX}"))).unwrap().to_raw();
    let hex: String = raw.iter().map(|byte| format!("{byte:02x}")).collect();
    check(&capture(hex), &[MethodInMessage, BodyHashHex, SignatureHex, SignatureRawRs]);
}

/// The request of Apple's developer forum: method first, the parts in another order, the hash in hex.
#[test]
fn the_case_of_the_forum_is_found_within_the_quick_limits() {
    let capture = capture(sign(format!("POST:{PATH}:{DATE}:{HEX}")));
    let explanation = explain(&capture, &evidence(), &Limits::QUICK);
    assert_eq!(codes(&explanation), [MethodInMessage, BodyHashHex], "{explanation}");
    assert!(explanation.candidates_tried < 1_000, "{}", explanation.candidates_tried);
    assert_eq!(
        explanation.one_line(),
        "M2 method_in_message + M5 body_hash_hex: your signature is valid for the message with the HTTP method in it, in \
         the order method, path, date, body and the body hash in hex; CloudKit wants three parts: date, body hash and \
         path; base64 of the 32 bytes"
    );
}

#[test]
fn a_large_body_is_searched_too() {
    let body = format!("{{\"text\":\"{}\"}}", "é".repeat(750_000));
    let signed = |message: String| request(PATH, DATE, sign(message)).body(body.clone());
    check_valid(&signed(format!("{DATE}:{}:{PATH}", base64(sha256(&body)))));
    check(&signed(format!("{DATE}:{body}:{PATH}")), &[BodyNotHashed]);
    check(&signed(format!("{DATE}:{body}")), &[MessageWithoutPath, BodyNotHashed]);
    check(&signed(format!("{DATE}:{}:{PATH}", base64(sha256("")))), &[BodySignedAsEmpty]);
}
