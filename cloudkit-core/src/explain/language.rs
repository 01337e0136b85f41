//! The fix in the words of the language that a request comes from, where its `User-Agent` tells.

use super::{Capture, Cause, CauseCode};

/// What may have sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    JavaScript,
    Python,
    Swift,
    Java,
    Go,
    Php,
    Ruby,
    Shell,
}

impl Language {
    fn of(capture: &Capture) -> Option<Self> {
        let agent = capture.values("user-agent").next()?.to_ascii_lowercase();
        const SIGNS: [(&str, Language); 18] = [
            ("node", Language::JavaScript),
            ("undici", Language::JavaScript),
            ("axios", Language::JavaScript),
            ("deno", Language::JavaScript),
            ("bun/", Language::JavaScript),
            ("python", Language::Python),
            ("aiohttp", Language::Python),
            ("cfnetwork", Language::Swift),
            ("asynchttpclient", Language::Swift),
            ("java", Language::Java),
            ("okhttp", Language::Java),
            ("ktor", Language::Java),
            ("go-http-client", Language::Go),
            ("guzzlehttp", Language::Php),
            ("php", Language::Php),
            ("ruby", Language::Ruby),
            ("faraday", Language::Ruby),
            ("curl/", Language::Shell),
        ];
        SIGNS.into_iter().find(|(sign, _)| agent.contains(sign)).map(|(_, language)| language)
    }

    /// The line to write.
    const fn line(self, code: CauseCode) -> Option<&'static str> {
        use CauseCode::{
            BodyHashBase64OfHex, BodyHashHex, BodyNotHashed, DateHasFraction, DigestAppliedTwice,
            MessageSeparatorWrong, SignatureRawRs,
        };
        Some(match (self, code) {
            (Self::JavaScript, BodyHashHex | BodyHashBase64OfHex | BodyNotHashed) => {
                "createHash(\"sha256\").update(body).digest(\"base64\")"
            }
            (Self::JavaScript, DateHasFraction) => "new Date().toISOString().replace(/\\.\\d+Z$/, \"Z\")",
            (Self::JavaScript, SignatureRawRs) => "sign(\"sha256\", message, { key, dsaEncoding: \"der\" })",
            (Self::JavaScript, DigestAppliedTwice) => {
                "createSign(\"SHA256\").update(message).sign(key, \"base64\")"
            }
            (Self::Python, BodyHashHex | BodyHashBase64OfHex | BodyNotHashed) => {
                "base64.b64encode(hashlib.sha256(body).digest()).decode()"
            }
            (Self::Python, DateHasFraction) => "datetime.now(timezone.utc).strftime(\"%Y-%m-%dT%H:%M:%SZ\")",
            (Self::Python, SignatureRawRs) => "key.sign(message, sigencode=ecdsa.util.sigencode_der)",
            (Self::Python, DigestAppliedTwice) => "key.sign(message, ec.ECDSA(hashes.SHA256()))",
            (Self::Swift, BodyHashHex | BodyHashBase64OfHex | BodyNotHashed) => {
                "Data(SHA256.hash(data: body)).base64EncodedString()"
            }
            (Self::Swift, DateHasFraction) => "ISO8601DateFormatter().string(from: Date())",
            (Self::Swift, SignatureRawRs) => "signature.derRepresentation.base64EncodedString()",
            (Self::Swift, DigestAppliedTwice) => "key.signature(for: Data(message.utf8))",
            (Self::Java, BodyHashHex | BodyHashBase64OfHex | BodyNotHashed) => {
                "Base64.getEncoder().encodeToString(MessageDigest.getInstance(\"SHA-256\").digest(body))"
            }
            (Self::Java, DateHasFraction) => "Instant.now().truncatedTo(ChronoUnit.SECONDS).toString()",
            (Self::Java, SignatureRawRs | DigestAppliedTwice) => "Signature.getInstance(\"SHA256withECDSA\")",
            (Self::Go, BodyHashHex | BodyHashBase64OfHex | BodyNotHashed) => {
                "sum := sha256.Sum256(body); base64.StdEncoding.EncodeToString(sum[:])"
            }
            (Self::Go, DateHasFraction) => "time.Now().UTC().Format(\"2006-01-02T15:04:05Z\")",
            (Self::Go, SignatureRawRs) => "ecdsa.SignASN1(rand.Reader, key, digest[:])",
            (Self::Php, BodyHashHex | BodyHashBase64OfHex | BodyNotHashed) => {
                "base64_encode(hash(\"sha256\", $body, true))"
            }
            (Self::Php, DateHasFraction) => "gmdate(\"Y-m-d\\TH:i:s\\Z\")",
            (Self::Php, DigestAppliedTwice) => {
                "openssl_sign($message, $signature, $key, OPENSSL_ALGO_SHA256)"
            }
            (Self::Ruby, BodyHashHex | BodyHashBase64OfHex | BodyNotHashed) => {
                "Digest::SHA256.base64digest(body)"
            }
            (Self::Ruby, DateHasFraction) => "Time.now.utc.strftime(\"%Y-%m-%dT%H:%M:%SZ\")",
            (Self::Shell, BodyHashHex | BodyHashBase64OfHex | BodyNotHashed) => {
                "printf %s \"$body\" | openssl dgst -sha256 -binary | base64"
            }
            (Self::Shell, DateHasFraction) => "date -u +%Y-%m-%dT%H:%M:%SZ",
            (Self::Shell, MessageSeparatorWrong) => {
                "printf %s \"$message\" | openssl dgst -sha256 -sign KEY | base64 (echo adds a line feed)"
            }
            _ => return None,
        })
    }
}

/// Adds the line to write to the fixes that have one in the request's language.
pub(super) fn tailor(causes: &mut [Cause], capture: &Capture) {
    let Some(language) = Language::of(capture) else { return };
    for cause in causes {
        if let Some(line) = language.line(cause.code) {
            cause.fix = format!("{}: {line}", cause.fix);
        }
    }
}
