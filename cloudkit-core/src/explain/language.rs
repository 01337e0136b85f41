//! The fix in the words of the language that a request comes from, where its `User-Agent` tells.

use std::fmt;

use serde::Serialize;

use super::{Capture, Cause, CauseCode};

/// A programming language, told by the name that its HTTP library gives itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Language {
    /// Python.
    Python,
    /// JavaScript in Node, Deno, Bun or a worker.
    JavaScript,
    /// Go.
    Go,
    /// Java or Kotlin.
    Java,
    /// Swift.
    Swift,
    /// PHP.
    Php,
    /// Ruby.
    Ruby,
    /// C# or another language of .NET.
    DotNet,
    /// Dart.
    Dart,
    /// Rust.
    Rust,
    /// A shell with curl and openssl.
    Shell,
}

/// What stands in a `User-Agent` in small letters, and what that tells. The first that fits counts.
const NAMES: &[(&str, Language)] = &[
    ("python", Language::Python),
    ("aiohttp", Language::Python),
    ("httpx", Language::Python),
    ("node", Language::JavaScript),
    ("undici", Language::JavaScript),
    ("axios", Language::JavaScript),
    ("got (", Language::JavaScript),
    ("deno/", Language::JavaScript),
    ("bun/", Language::JavaScript),
    ("mozilla/", Language::JavaScript),
    ("go-http-client", Language::Go),
    ("go-resty", Language::Go),
    ("okhttp", Language::Java),
    ("java", Language::Java),
    ("apache-httpclient", Language::Java),
    ("ktor", Language::Java),
    ("dalvik", Language::Java),
    ("cfnetwork", Language::Swift),
    ("swift", Language::Swift),
    ("alamofire", Language::Swift),
    ("async-http-client", Language::Swift),
    ("guzzlehttp", Language::Php),
    ("php", Language::Php),
    ("symfony", Language::Php),
    ("ruby", Language::Ruby),
    ("faraday", Language::Ruby),
    (".net", Language::DotNet),
    ("restsharp", Language::DotNet),
    ("powershell", Language::DotNet),
    ("dart", Language::Dart),
    ("reqwest", Language::Rust),
    ("hyper/", Language::Rust),
    ("curl", Language::Shell),
    ("wget", Language::Shell),
];

impl Language {
    /// The language that a request shows.
    #[must_use]
    pub fn of(capture: &Capture) -> Option<Self> {
        let mut headers = capture.headers.iter();
        let agent = headers.find(|(name, _)| name.trim().eq_ignore_ascii_case("user-agent"))?;
        let agent = agent.1.to_ascii_lowercase();
        NAMES.iter().find(|(name, _)| agent.contains(name)).map(|&(_, language)| language)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Python => "Python",
            Self::JavaScript => "JavaScript",
            Self::Go => "Go",
            Self::Java => "Java",
            Self::Swift => "Swift",
            Self::Php => "PHP",
            Self::Ruby => "Ruby",
            Self::DotNet => "C#",
            Self::Dart => "Dart",
            Self::Rust => "Rust",
            Self::Shell => "a shell",
        })
    }
}

/// Adds the line to write to the fixes that have one in the request's language.
pub(super) fn tailor(causes: &mut [Cause], capture: &Capture) {
    let Some(language) = Language::of(capture) else { return };
    for cause in causes {
        if let Some(line) = line(language, cause.code) {
            cause.fix = format!("{}; in {language}: {line}", cause.fix);
        }
    }
}

/// How each step is written in a language.
struct Lines {
    /// The date to sign.
    date: &'static str,
    /// The hash of the body, in base64.
    hash: &'static str,
    /// Sending the bytes that were hashed.
    body: &'static str,
    /// The path of a URL.
    path: &'static str,
    /// Date, hash and path put together.
    message: &'static str,
    /// The signature over the message, in DER.
    sign: &'static str,
    /// The signature in base64.
    base64: &'static str,
}

/// The line that puts a cause right, if one does.
fn line(language: Language, code: CauseCode) -> Option<&'static str> {
    use CauseCode::*;
    let lines = lines(language);
    Some(match code {
        DateHasFraction | DateHasOffset | DateLocalTime | DateWithoutZone | DateWrongFormat | DateEmpty
        | DateTruncated => lines.date,
        BodyNotHashed
        | BodyBase64NotHashed
        | MessageWithoutBodyHash
        | BodyHashHex
        | BodyHashBase64OfHex
        | BodyHashBase64url
        | BodyHashWrongAlgorithm => lines.hash,
        BodyChangedAfterHash
        | BodyCharsetChanged
        | BodySignedAsEmpty
        | BodySentEmpty
        | BodyHashedBeforeCompression => lines.body,
        FullUrlSigned
        | HostAndPathSigned
        | PathWithoutEnvironment
        | PathWithoutPrefix
        | PathWithoutLeadingSlash
        | PathTrailingSlash
        | PathOperationOnly
        | PathEncodingChanged => lines.path,
        MethodInMessage
        | MessagePartsReordered
        | MessageSeparatorWrong
        | MessageIsBodyOnly
        | MessageWithoutPath
        | MessageWithoutDate => lines.message,
        SignatureRawRs
        | DigestAppliedTwice
        | DigestNotApplied
        | SignatureWrongDigest
        | SignatureDerNotStrict => lines.sign,
        SignatureHex | SignatureBase64url | SignatureBase64Broken | SignatureNotBytes => lines.base64,
        _ => return None,
    })
}

const fn lines(language: Language) -> &'static Lines {
    match language {
        Language::Python => &Lines {
            date: r#"datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")"#,
            hash: "base64.b64encode(hashlib.sha256(body).digest()).decode()",
            body: "body = json.dumps(payload).encode(), hashed and sent as `data=body`, not `json=payload`",
            path: "urllib.parse.urlsplit(url).path",
            message: r#"f"{date}:{body_hash}:{path}".encode()"#,
            sign: "key.sign(message, ec.ECDSA(hashes.SHA256())), or with the package ecdsa key.sign_deterministic(message, hashfunc=hashlib.sha256, sigencode=sigencode_der)",
            base64: "base64.b64encode(signature).decode()",
        },
        Language::JavaScript => &Lines {
            date: r#"new Date().toISOString().replace(/\.\d+Z$/, "Z")"#,
            hash: r#"crypto.createHash("sha256").update(body).digest("base64")"#,
            body: "const body = JSON.stringify(payload), hashed and sent as the same string",
            path: "new URL(url).pathname",
            message: "`${date}:${bodyHash}:${path}`",
            sign: r#"crypto.sign("sha256", Buffer.from(message), key), which gives DER; WebCrypto gives r and s, to be converted"#,
            base64: r#"signature.toString("base64")"#,
        },
        Language::Go => &Lines {
            date: r#"time.Now().UTC().Format("2006-01-02T15:04:05Z")"#,
            hash: "sum := sha256.Sum256(body); base64.StdEncoding.EncodeToString(sum[:])",
            body: "body, err := json.Marshal(payload), hashed and sent as bytes.NewReader(body)",
            path: "request.URL.EscapedPath()",
            message: r#"date + ":" + bodyHash + ":" + path"#,
            sign: "digest := sha256.Sum256([]byte(message)); ecdsa.SignASN1(rand.Reader, key, digest[:])",
            base64: "base64.StdEncoding.EncodeToString(signature)",
        },
        Language::Java => &Lines {
            date: "Instant.now().truncatedTo(ChronoUnit.SECONDS).toString()",
            hash: r#"Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-256").digest(body))"#,
            body: "byte[] body = json.getBytes(StandardCharsets.UTF_8), hashed and sent as these bytes",
            path: "uri.getRawPath()",
            message: r#"date + ":" + bodyHash + ":" + path"#,
            sign: r#"Signature.getInstance("SHA256withECDSA"), given the bytes of the message"#,
            base64: "Base64.getEncoder().encodeToString(signature)",
        },
        Language::Swift => &Lines {
            date: "ISO8601DateFormatter().string(from: Date())",
            hash: "Data(SHA256.hash(data: body)).base64EncodedString()",
            body: "let body = try JSONEncoder().encode(payload), hashed and set as request.httpBody",
            path: "URLComponents(url: url, resolvingAgainstBaseURL: false)!.percentEncodedPath",
            message: r#""\(date):\(bodyHash):\(path)""#,
            sign: "try key.signature(for: Data(message.utf8)).derRepresentation",
            base64: "signature.base64EncodedString()",
        },
        Language::Php => &Lines {
            date: r#"gmdate('Y-m-d\TH:i:s\Z')"#,
            hash: r#"base64_encode(hash("sha256", $body, true))"#,
            body: "$body = json_encode($payload), hashed and sent as CURLOPT_POSTFIELDS or Guzzle's `body`, not `json`",
            path: "parse_url($url, PHP_URL_PATH)",
            message: r#""$date:$bodyHash:$path""#,
            sign: "openssl_sign($message, $signature, $key, OPENSSL_ALGO_SHA256)",
            base64: "base64_encode($signature)",
        },
        Language::Ruby => &Lines {
            date: r#"Time.now.utc.strftime("%Y-%m-%dT%H:%M:%SZ")"#,
            hash: "Base64.strict_encode64(Digest::SHA256.digest(body))",
            body: "body = JSON.generate(payload), hashed and set as request.body",
            path: "URI(url).path",
            message: r##""#{date}:#{body_hash}:#{path}""##,
            sign: r#"key.sign(OpenSSL::Digest.new("SHA256"), message)"#,
            base64: "Base64.strict_encode64(signature)",
        },
        Language::DotNet => &Lines {
            date: r#"DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)"#,
            hash: "Convert.ToBase64String(SHA256.HashData(body))",
            body: "byte[] body = JsonSerializer.SerializeToUtf8Bytes(payload), hashed and sent as ByteArrayContent",
            path: "uri.AbsolutePath",
            message: r#"$"{date}:{bodyHash}:{path}""#,
            sign: "key.SignData(message, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)",
            base64: "Convert.ToBase64String(signature)",
        },
        Language::Dart => &Lines {
            date: r#""${DateTime.now().toUtc().toIso8601String().substring(0, 19)}Z""#,
            hash: "base64.encode(sha256.convert(body).bytes)",
            body: "final body = utf8.encode(jsonEncode(payload)), hashed and sent as these bytes",
            path: "uri.path",
            message: r#""$date:$bodyHash:$path""#,
            sign: r#"Signer("SHA-256/ECDSA") of pointycastle over the message, its r and s written as an ASN1Sequence"#,
            base64: "base64.encode(signature)",
        },
        Language::Rust => &Lines {
            date: r#"chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string()"#,
            hash: "BASE64_STANDARD.encode(Sha256::digest(&body))",
            body: "let body = serde_json::to_vec(&payload)?, hashed and sent with `.body(body)`, not `.json(&payload)`",
            path: "url.path()",
            message: r#"format!("{date}:{body_hash}:{path}")"#,
            sign: "let signature: p256::ecdsa::DerSignature = key.sign(message.as_bytes())",
            base64: "BASE64_STANDARD.encode(&signature)",
        },
        Language::Shell => &Lines {
            date: "date -u +%Y-%m-%dT%H:%M:%SZ",
            hash: "openssl dgst -sha256 -binary body.json | openssl base64 -A",
            body: "hash the file body.json and send it with --data-binary @body.json",
            path: "path=/database/1/$CONTAINER/$ENVIRONMENT/public/records/query, used for the message and the URL",
            message: r#"printf '%s:%s:%s' "$date" "$body_hash" "$path""#,
            sign: r#"printf %s "$message" | openssl dgst -sha256 -sign eckey.pem"#,
            base64: "… | openssl base64 -A",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_common_libraries_are_known() {
        let check = |agent: &str, language| {
            let capture = Capture::new("POST", "/").header("User-Agent", agent);
            assert_eq!(Language::of(&capture), language, "{agent}");
        };
        check("python-requests/2.32.3", Some(Language::Python));
        check("Python/3.12 aiohttp/3.9.5", Some(Language::Python));
        check("node-fetch/1.0 (+https://github.com/bitinn/node-fetch)", Some(Language::JavaScript));
        check("undici", Some(Language::JavaScript));
        check("Go-http-client/2.0", Some(Language::Go));
        check("okhttp/4.12.0", Some(Language::Java));
        check("Java-http-client/17.0.10", Some(Language::Java));
        check("Apache-HttpClient/4.5.14 (Java/17)", Some(Language::Java));
        check("Server/1 CFNetwork/1494.0.7 Darwin/23.4.0", Some(Language::Swift));
        check("GuzzleHttp/7", Some(Language::Php));
        check("Ruby", Some(Language::Ruby));
        check("curl/8.5.0", Some(Language::Shell));
        check("Dart/3.4 (dart:io)", Some(Language::Dart));
        check("MyServer/1.0", None);
    }

    #[test]
    fn each_language_has_a_line_for_the_frequent_causes() {
        use Language::*;
        let all = [Python, JavaScript, Go, Java, Swift, Php, Ruby, DotNet, Dart, Rust, Shell];
        for language in all {
            let mut lines: Vec<&str> = [
                CauseCode::DateHasFraction,
                CauseCode::BodyHashHex,
                CauseCode::BodyChangedAfterHash,
                CauseCode::FullUrlSigned,
                CauseCode::MethodInMessage,
                CauseCode::SignatureRawRs,
                CauseCode::SignatureHex,
            ]
            .into_iter()
            .filter_map(|code| line(language, code))
            .collect();
            lines.sort_unstable();
            lines.dedup();
            assert_eq!(lines.len(), 7, "{language}");
        }
        assert_eq!(line(Python, CauseCode::KeyIdMalformed), None);
    }
}
