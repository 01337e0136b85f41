//! From a captured request to its explanation: the checks of its form, the search, and the verdict.

use super::curve::Prepared;
use super::evidence::KnownKey;
use super::search::{Hit, Signed, Space, recover_key, search};
use super::shape::{
    Credentials, DateShape, Findings, Route, credentials, of_reply, of_time, read_signature, routing,
};
use super::{
    BodyBytes, Capture, CapturedBody, Cause, CauseCode, Evidence, Explanation, Limits, MatchedKey, Strength,
    Verdict, language,
};
use crate::auth::PublicKey;

/// Explains one captured request.
///
/// With the public key, the text that was signed is searched for; without any, only what shows in the form of the
/// request can be told. If the evidence names several keys and does not say which key ID belongs to which, the first
/// counts as the one that should have signed.
#[must_use]
pub fn explain(capture: &Capture, evidence: &Evidence, limits: &Limits) -> Explanation {
    explain_several(std::slice::from_ref(capture), evidence, limits)
}

/// Explains a program from several requests of it. The explanation is that of the first; the others help to find the
/// key that it signs with, if it is not among the evidence.
///
/// Two requests suffice if they differ in date or body: only for the text that was really signed do the two signatures
/// belong to one key.
#[must_use]
pub fn explain_several(captures: &[Capture], evidence: &Evidence, limits: &Limits) -> Explanation {
    let Some(capture) = captures.first() else {
        let mut explanation = Explanation::unproven(BodyBytes::Missing);
        explanation.advice = Some("capture a request first: there is none to explain".to_owned());
        return explanation;
    };
    let mut findings = Findings::default();
    let credentials = credentials(capture, evidence, &mut findings);
    let route = routing(capture, evidence, credentials.is_signed(), &mut findings);
    of_reply(capture, &credentials, &mut findings);
    let date = DateShape::of(credentials.date.unwrap_or_default());
    if credentials.date.is_some() {
        date_header(&date, &mut findings);
    }
    let is_clock_known = of_time(&date, capture, evidence, &mut findings);
    registration(&credentials, &route, evidence, &mut findings);

    let mut explanation = Explanation::unproven(match capture.body {
        CapturedBody::Exact(_) => BodyBytes::Exact,
        CapturedBody::Text(_) => BodyBytes::Text,
        CapturedBody::Missing => BodyBytes::Missing,
    });
    let examined = Examined { capture, captures, credentials, route, evidence, limits };
    examined.signature(&mut findings, &mut explanation);
    finish(explanation, findings, &examined, is_clock_known)
}

fn date_header(date: &DateShape, findings: &mut Findings) {
    for code in &date.mistakes {
        let detail = match code {
            CauseCode::DateEmpty => "the date header is empty",
            CauseCode::DateTruncated => "the date header is cut short; CloudKit wants YYYY-MM-DDTHH:MM:SSZ",
            CauseCode::DateHasFraction => "the date has a fraction of a second; CloudKit wants whole seconds",
            CauseCode::DateHasOffset => {
                "the date has an offset from UTC; CloudKit wants UTC with a literal Z"
            }
            CauseCode::DateWithoutZone => {
                "the date does not say that it is UTC; CloudKit wants a literal Z at its end"
            }
            _ => "the date is not of the form YYYY-MM-DDTHH:MM:SSZ",
        };
        findings.sure(*code, detail);
    }
    if date.mistakes.is_empty() {
        findings.exclude(CauseCode::DateHasFraction, "whole seconds");
        findings.exclude(CauseCode::DateHasOffset, "the date ends in Z");
    }
}

/// What is known of the key that the key ID names.
fn registration(credentials: &Credentials<'_>, route: &Route, evidence: &Evidence, findings: &mut Findings) {
    let Some(key_id) = credentials.key_id else { return };
    let is_doubtful = findings.causes.iter().any(|cause| {
        matches!(
            cause.code,
            CauseCode::ApiTokenAsKeyId
                | CauseCode::KeyIdMalformed
                | CauseCode::PublicKeyAsKeyId
                | CauseCode::WrongAppleCredential
        )
    });
    let named: Vec<&KnownKey> =
        evidence.keys.iter().filter(|key| key.key_id.as_deref() == Some(key_id)).collect();
    if named.is_empty() {
        if evidence.keys_are_complete && !is_doubtful {
            findings.sure(
                CauseCode::KeyOtherContainer,
                "no key with this ID is registered for this container; is it the key of another container?",
            );
        }
        return;
    }
    let Some(asked) = route.environment else { return };
    let here = |key: &&&KnownKey| key.environment.is_none_or(|environment| environment == asked);
    match named.iter().find(here) {
        Some(key) if key.is_revoked => findings.sure(CauseCode::KeyRevoked, "the key was revoked"),
        Some(key) => {
            if key.environment.is_some() {
                findings
                    .exclude(CauseCode::KeyOtherEnvironment, format!("the key is registered for {asked}"));
            }
            if evidence.keys_are_complete {
                findings.exclude(CauseCode::KeyRevoked, "the key is registered");
                findings.exclude(CauseCode::KeyOtherContainer, "the key is registered");
            }
        }
        None => {
            let registered = named.iter().find_map(|key| key.environment).unwrap_or(asked);
            findings.sure(
                CauseCode::KeyOtherEnvironment,
                format!(
                    "the key is registered for {registered}, the request goes to {asked}; keys belong to one environment"
                ),
            );
        }
    }
}

/// A request whose form was checked.
struct Examined<'a> {
    capture: &'a Capture,
    captures: &'a [Capture],
    credentials: Credentials<'a>,
    route: Route,
    evidence: &'a Evidence,
    limits: &'a Limits,
}

impl Examined<'_> {
    /// Reads the signature and searches for the text that it fits.
    fn signature(&self, findings: &mut Findings, explanation: &mut Explanation) {
        let Credentials { date, signature, .. } = self.credentials;
        let Some(date) = date else { return };
        let space = Space::new(self.capture, date, self.evidence);
        explanation.expected_message = Some(space.shown(&Hit::RIGHT).1);
        let Some(text) = signature else { return };
        let Some(signature) = read_signature(text, findings) else { return };
        if Prepared::new(&signature).is_none() {
            findings.sure(
                CauseCode::SignaturePlaceholder,
                "r is the x-coordinate of no point of P-256, so no key for CloudKit can have made the signature: it was \
                 made on another curve, such as secp256k1, or made up, or damaged",
            );
            findings.hint(
                CauseCode::KeyWrongCurve,
                "a signature on another curve looks the same; compare the curve of the key: `openssl ec -in KEY -noout -text`",
            );
            return;
        }
        let signed = Signed { space, signature };
        let keys: Vec<PublicKey> = self.evidence.keys.iter().map(|key| key.public_key).collect();
        let (hit, tried) = search(&signed, &keys, self.limits);
        explanation.candidates_tried = tried;
        if let Some(hit) = hit {
            let key = &self.evidence.keys[hit.key];
            explanation.key =
                Some(MatchedKey { name: Some(key.name.clone()), fingerprint: key.public_key.fingerprint() });
            self.whose(key, findings);
            self.found(&signed, &hit, findings, explanation);
            return;
        }
        if let Some(key) = self.recovered(&signed, explanation) {
            let (hit, tried) = search(&signed, &[key], self.limits);
            explanation.candidates_tried = explanation.candidates_tried.max(tried);
            if let Some(hit) = hit {
                explanation.key = Some(MatchedKey { name: None, fingerprint: key.fingerprint() });
                if !keys.is_empty() {
                    findings.sure(
                        CauseCode::KeyIdMismatch,
                        "the requests are signed with another key than those given; its fingerprint is told",
                    );
                }
                self.found(&signed, &hit, findings, explanation);
                return;
            }
        }
        self.not_found(findings);
    }

    /// The key of this request and another one of the same program.
    fn recovered(&self, signed: &Signed, explanation: &mut Explanation) -> Option<PublicKey> {
        self.captures.iter().skip(1).take(4).find_map(|other| {
            let mut ignored = Findings::default();
            let Credentials { date, signature, .. } = credentials(other, self.evidence, &mut ignored);
            let signature = read_signature(signature?, &mut ignored)?;
            let other = Signed { space: Space::new(other, date?, self.evidence), signature };
            let (key, tried) = recover_key(signed, &other, self.limits);
            explanation.candidates_tried = explanation.candidates_tried.max(tried);
            key
        })
    }

    /// Whether the key is the one that the key ID names.
    fn whose(&self, matched: &KnownKey, findings: &mut Findings) {
        let keys = &self.evidence.keys;
        let key_id = self.credentials.key_id;
        let mut should: Vec<&KnownKey> =
            keys.iter().filter(|key| key.key_id.is_some() && key.key_id.as_deref() == key_id).collect();
        if should.is_empty() && keys.iter().all(|key| key.key_id.is_none()) {
            should.extend(keys.first());
        }
        if should.is_empty() {
            return;
        }
        if should.iter().any(|key| key.public_key == matched.public_key) {
            findings.exclude(CauseCode::KeyIdMismatch, "the signature belongs to the key");
        } else {
            findings.sure(
                CauseCode::KeyIdMismatch,
                format!(
                    "the signature is valid under another key ({}); key ID and private key do not belong together",
                    super::redact::short(&matched.name, 80)
                ),
            );
        }
    }

    /// A text was found for which the signature verifies.
    fn found(&self, signed: &Signed, hit: &Hit, findings: &mut Findings, explanation: &mut Explanation) {
        explanation.proven = true;
        let (shown, expected) = signed.space.shown(&hit.choice);
        explanation.signed_message = Some(shown);
        explanation.expected_message = Some(expected);
        let is_body_text = matches!(self.capture.body, CapturedBody::Text(_));
        for mistake in signed.space.mistakes(&hit.choice) {
            let cause = |strength| Cause::in_signed_text(mistake.code, strength, &mistake.says);
            match mistake.code {
                // Both readings have their supporters.
                CauseCode::QuerySentNotSigned => findings.note(
                    mistake.code,
                    "the signature covers the path without its query string; whether CloudKit takes this is disputed",
                ),
                CauseCode::EmptyBodyHashForm => findings.note(
                    mistake.code,
                    "the signed text has nothing where the hash of no body belongs; whether CloudKit takes this is disputed",
                ),
                _ if is_body_text && mistake.may_be_the_captures => {
                    findings.causes.push(cause(Strength::Hint));
                }
                CauseCode::BodySignedAsEmpty if self.capture.body == CapturedBody::Missing => {
                    if self.announces_body() {
                        findings.causes.push(cause(Strength::Sure));
                    } else if self.route.needs_body() {
                        findings.causes.push(cause(Strength::Strong));
                    }
                }
                _ => findings.causes.push(cause(Strength::Sure)),
            }
        }
        if self.capture.body == CapturedBody::Exact(bytes::Bytes::new()) && self.route.needs_body() {
            findings.hint(CauseCode::BodySentEmpty, "the request has no body, and the endpoint reads one");
        }
    }

    fn not_found(&self, findings: &mut Findings) {
        if let Some(encoding) = self.capture.values("content-encoding").next()
            && !encoding.trim().eq_ignore_ascii_case("identity")
        {
            findings.sure(
                CauseCode::BodyHashedBeforeCompression,
                format!(
                    "the body is compressed ({}), and the signature does not fit the bytes that are sent",
                    super::redact::short(encoding, 40)
                ),
            );
        }
        let is_empty = self.capture.body.bytes().is_some_and(<[u8]>::is_empty);
        if is_empty && self.route.needs_body() && self.capture.method.eq_ignore_ascii_case("POST") {
            findings.sure(
                CauseCode::BodySentEmpty,
                "the request is sent without a body, the endpoint reads one, and what was signed is not the hash of nothing",
            );
        }
    }

    fn announces_body(&self) -> bool {
        self.capture
            .values("content-length")
            .any(|length| length.trim().parse::<u64>().is_ok_and(|length| length > 0))
            || self.capture.values("transfer-encoding").next().is_some()
    }

    /// What to do next when nothing was proved.
    fn advice(&self, explanation: &Explanation) -> Option<String> {
        if explanation.verdict == Verdict::Valid {
            return Some(
                "the request is signed as CloudKit wants it; if it is refused all the same, compare key ID, environment \
                 and container with CloudKit Console, or let `cloudkit doctor` try them"
                    .to_owned(),
            );
        }
        if explanation.proven || !self.credentials.is_signed() {
            let is_token = explanation.verdict == Verdict::Unproven && self.credentials.has_token;
            return is_token.then(|| {
                "the request carries an API token and no signature; there is nothing to verify".to_owned()
            });
        }
        explanation.expected_message.as_ref()?;
        let advice = if matches!(self.capture.body, CapturedBody::Text(_)) {
            "the bytes of the body are not certain, since they were kept as text: send the request to `cloudkit container \
             serve` once, and explain what it records"
        } else if self.capture.body == CapturedBody::Missing {
            "the body was not captured, so its hash is not known: capture the request with its body, or send it to \
             `cloudkit container serve` once"
        } else if self.evidence.keys.is_empty() && self.captures.len() < 2 {
            "supply the public key that belongs to the private key (`openssl ec -in KEY -pubout` prints it), or a second \
             request of the same program: without either the signature cannot be checked"
        } else if self.evidence.keys.is_empty() {
            "the requests have no key in common under any text that was tried: they may be signed with different keys, or \
             over something else; supply the public key"
        } else {
            "what remains: the body was changed after it was hashed in a way that was not tried, the key that signed is \
             not among those given, or this is no signature at all"
        };
        Some(advice.to_owned())
    }
}

/// Decides, and puts everything in its order.
fn finish(
    mut explanation: Explanation,
    findings: Findings,
    examined: &Examined<'_>,
    is_clock_known: bool,
) -> Explanation {
    let Findings { mut causes, notes, mut excluded } = findings;
    // What excludes a cause was perhaps noted before something else proved it.
    excluded.retain(|excluded| !causes.iter().any(|cause| cause.code == excluded.code));
    // The form of the date, say, is told once, whether or not the text that was signed has it too.
    let told: Vec<CauseCode> =
        causes.iter().filter(|cause| cause.signed.is_none()).map(|cause| cause.code).collect();
    causes.retain(|cause| cause.signed.is_none() || !told.contains(&cause.code));
    causes.sort_by_key(|cause| (std::cmp::Reverse(cause.strength), cause.signed.is_none(), cause.code));
    language::tailor(&mut causes, examined.capture);

    explanation.verdict = if causes.iter().any(|cause| cause.strength == Strength::Sure) {
        Verdict::Invalid
    } else if explanation.proven && causes.iter().all(|cause| cause.signed.is_none()) {
        Verdict::Valid
    } else {
        Verdict::Unproven
    };
    if examined.credentials.is_signed() {
        use CauseCode::{ClockSkew, HeaderLostInTransit, KeyOtherContainer, KeyOtherEnvironment, KeyRevoked};
        let is_settled = |code: &CauseCode| {
            excluded.iter().any(|excluded| excluded.code == *code)
                || causes.iter().any(|cause| cause.code == *code)
                || (*code == ClockSkew && is_clock_known)
                || examined.evidence.keys_are_complete
        };
        explanation.not_checked =
            [KeyOtherEnvironment, KeyOtherContainer, KeyRevoked, ClockSkew, HeaderLostInTransit]
                .into_iter()
                .filter(|code| !is_settled(code))
                .collect();
    }
    explanation.causes = causes;
    explanation.notes = notes;
    // Every other signature has a high s: worth a word only where nothing else is wrong.
    explanation
        .notes
        .retain(|note| note.code != CauseCode::SignatureHighS || explanation.verdict == Verdict::Valid);
    explanation.excluded = excluded;
    explanation.advice = examined.advice(&explanation);
    explanation
}
