//! What holds for all requests.

use proptest::prelude::*;

use super::*;
use crate::explain::search::{Hit, Signed, Space, search};
use crate::explain::{CapturedReply, explain_several};

fn target() -> impl Strategy<Value = String> {
    let segment = "[A-Za-z0-9.%_:@ ~-]{1,20}";
    (
        segment,
        "development|production",
        "records/query|records/lookup|zones/lookup",
        proptest::option::of("[a-z]{1,3}=[a-z%0-9+]{0,8}(&[a-z]=[a-z ]{0,3}){0,3}"),
    )
        .prop_map(|(container, environment, operation, query)| {
            let query = query.map(|query| format!("?{query}")).unwrap_or_default();
            format!("/database/1/iCloud.{container}/{environment}/public/{operation}{query}")
        })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        "\\{\"[a-zé/]{1,8}\": ?(1|2\\.50|\"[a-zé/\n]{0,9}\"|\\[[0-9]?\\])\\}\n?".prop_map(String::into_bytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_right_request_is_never_accused(target in target(), body in prop_oneof![20 => body(), 1 => Just(Vec::new())], seconds in 0..4_000_000_000_i64) {
        let date = crate::auth::RequestDate::from_unix_seconds(seconds).unwrap();
        let message = crate::auth::CanonicalMessage::new(date, &body, target.as_str());
        // Where the endpoint reads a body, one that is missing is worth a hint, and no more.
        let is_empty = body.is_empty();
        let capture = request(&target, &date.to_string(), sign(message.to_string())).body(body);
        let explanation = explain(&capture, &evidence(), &Limits::QUICK);
        prop_assert_eq!(explanation.verdict, Verdict::Valid, "{}", explanation);
        for cause in &explanation.causes {
            prop_assert!(is_empty && cause.code == CauseCode::BodySentEmpty, "{}", explanation);
            prop_assert_eq!(cause.strength, Strength::Hint, "{}", explanation);
        }
        prop_assert_eq!(explanation.candidates_tried, 1);
    }

    #[test]
    fn with_one_bit_changed_nothing_is_valid(bit in 0..8_usize, place in any::<prop::sample::Index>(), part in 0..4_u8) {
        let signature = sign(format!("{DATE}:{HASH}:{PATH}"));
        let flip = |text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            let at = place.index(bytes.len());
            bytes[at] ^= 1 << bit;
            bytes
        };
        let text = |text: &str| String::from_utf8_lossy(&flip(text)).into_owned();
        let capture = match part {
            0 => request(&text(PATH), DATE, signature).body(BODY),
            1 => request(PATH, &text(DATE), signature).body(BODY),
            2 => request(PATH, DATE, text(&signature)).body(BODY),
            _ => request(PATH, DATE, signature).body(flip(BODY)),
        };
        let explanation = explain(&capture, &evidence(), &Limits::QUICK.mistakes(1));
        // With another length or sign in its DER form a signature can still have the same r and s. Whether CloudKit takes
        // it is unknown, so it is no more than noted.
        let has_same_numbers =
            part == 2 && explanation.notes.iter().any(|note| note.code == CauseCode::SignatureDerNotStrict);
        prop_assert!(explanation.verdict != Verdict::Valid || has_same_numbers, "{}", explanation);
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    /// The text that is found is the text that was signed, with no more mistakes than were made.
    #[test]
    fn up_to_three_mistakes_at_once_are_found(
        forms in proptest::collection::vec((0..7_usize, any::<prop::sample::Index>()), 1..=3),
        target in target(),
    ) {
        let capture = request(&target, DATE, "").body(BODY);
        let space = || Space::new(&capture, DATE, &Evidence::new());
        let made = space().any_choice(&forms);
        prop_assume!(made.is_some());
        let (choice, text, digest) = made.unwrap();
        let expected = space().mistakes(&choice).len();
        let signature = crate::auth::Signature::from_base64(&sign_digest(&digest)).unwrap();
        let signed = Signed { space: space(), signature };
        let (hit, _) = search(&signed, &[key().public_key()], &Limits::default());
        let Some(hit) = hit else { return Err(TestCaseError::fail(format!("{choice:?} was not found"))) };
        prop_assert!(signed.space.mistakes(&hit.choice).len() <= expected);
        if choice[6] == hit.choice[6] && !matches!(signed.space.digest_name(&choice), "none") {
            prop_assert_eq!(signed.space.text_of(&hit), text);
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_capture_makes_it_panic(
        method in ".{0,5}",
        target in prop_oneof![".{0,60}", "/database/1/.{0,30}\\?.{0,30}"],
        date in prop_oneof![".{0,30}", "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}.{0,6}", "-?[0-9]{1,19}"],
        signature in prop_oneof![".{0,120}", "[A-Za-z0-9+/]{88,96}={0,2}", "[0-9a-f]{128}", "[0-9, ]{10,90}"],
        key_id in ".{0,70}",
        host in proptest::option::of(".{0,20}"),
        body in body(),
        kind in 0..3_u8,
        reply in proptest::option::of((any::<u16>(), ".{0,40}", ".{0,40}")),
    ) {
        let mut capture = Capture::new(method, target)
            .header(HEADER_KEY_ID, key_id)
            .header(HEADER_DATE, date)
            .header(HEADER_SIGNATURE, signature);
        capture.host = host;
        capture = match kind {
            0 => capture.body(body),
            1 => capture.body_text(String::from_utf8_lossy(&body)),
            _ => capture,
        };
        if let Some((status, date, body)) = reply {
            capture = capture.reply(CapturedReply::new(status, vec![("date".to_owned(), date)], body));
        }
        let other = request(PATH, DATE, sign("x")).body(BODY);
        let explanation = explain_several(&[capture, other], &evidence(), &Limits::QUICK.mistakes(1));
        prop_assert_ne!(explanation.verdict, Verdict::Valid);
        prop_assert!(explanation.one_line().bytes().all(|byte| (0x20..0x7f).contains(&byte)));
        let _ = (explanation.to_string(), serde_json::to_string(&explanation));
        for message in [&explanation.signed_message, &explanation.expected_message].into_iter().flatten() {
            prop_assert!(message.text.is_ascii());
            prop_assert!(message.marks.iter().all(|mark| message.text.get(mark.range.clone()).is_some()));
        }
    }
}

#[test]
fn nothing_is_explained_of_nothing() {
    let explanation = explain_several(&[], &Evidence::new(), &Limits::default());
    assert_eq!(explanation.verdict, Verdict::Unproven);
    assert!(explanation.advice.is_some());
}

impl Space {
    fn text_of(&self, hit: &Hit) -> Vec<u8> {
        self.whole_text(&hit.choice)
    }
}
