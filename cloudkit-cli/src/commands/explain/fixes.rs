//! The line to write, in the language of the program that sent the request.

use cloudkit_core::explain::CauseCode;

use crate::capture::Language;

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
pub(super) fn line(language: Language, code: CauseCode) -> Option<&'static str> {
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
