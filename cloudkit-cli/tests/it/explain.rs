//! `cloudkit explain`, against requests that other programs made.

use std::path::{Path, PathBuf};

use cloudkit_cli::capture::{self, Form, Options};
use cloudkit_core::explain::{Capture, CapturedBody};
use serde_json::Value;

use crate::support::{Cloudkit, Output, repository, temporary_directory};

const V1_BODY: &str = r#"{"query":{"recordType":"Account"},"resultsLimit":1}"#;
const V1_SIGNATURE: &str =
    "MEUCIDOubTqfYJdMTy56oiitfK8e6tGT119InVfFUD231WeXAiEA8WSQy57QMDIIsXJvzbkwKEQFwdFOBhUNmZP9TcGLtf8=";

/// Vector V1 as a raw request, with another signature.
fn v1(signature: &str) -> String {
    format!(
        "POST /database/1/iCloud.com.example.Ledger/development/public/records/query HTTP/1.1\r\n\
         Host: api.apple-cloudkit.com\r\n\
         User-Agent: python-requests/2.32.3\r\n\
         X-Apple-CloudKit-Request-KeyID: 0aa3c896785c6f3e9ca8a050978d636ddf3218b344e5c11b39ea02d2e23a32c5\r\n\
         X-Apple-CloudKit-Request-ISO8601Date: 2016-01-25T22:15:43Z\r\n\
         X-Apple-CloudKit-Request-SignatureV1: {signature}\r\n\
         Content-Length: {}\r\n\r\n{V1_BODY}",
        V1_BODY.len()
    )
}

fn public_key() -> String {
    let path = repository("tests/vectors/signing/keys/rfc6979.public.pem");
    path.to_str().expect("UTF-8").to_owned()
}

fn explain(arguments: &[&str], stdin: impl Into<Vec<u8>>) -> Output {
    Cloudkit::new(["explain"].iter().chain(arguments)).stdin(stdin).run()
}

#[test]
fn a_right_request_is_valid() {
    let output = explain(&["--public-key", &public_key()], v1(V1_SIGNATURE));
    assert_eq!((output.code, &*output.stderr), (Some(0), ""));
    assert!(output.stdout.starts_with("\u{2713} valid"), "{}", output.stdout);
}

#[test]
fn a_private_key_serves_as_well_and_is_not_shown() {
    let key = repository("tests/vectors/signing/keys/rfc6979.pem");
    let key = key.to_str().expect("UTF-8");
    assert_eq!(explain(&["--key", key], v1(V1_SIGNATURE)).code, Some(0));
    let configured = Cloudkit::new(["explain"]).env("CLOUDKIT_PRIVATE_KEY_FILE", key);
    assert_eq!(configured.stdin(v1(V1_SIGNATURE)).run().code, Some(0));
    let encrypted = repository("tests/fixtures/keys/good/encrypted_aes256.pem");
    let encrypted = Cloudkit::new(["explain", "--key"]).and(&[encrypted.to_str().expect("UTF-8")]);
    let encrypted = encrypted.env("CLOUDKIT_PRIVATE_KEY_PASSPHRASE", "correct-horse");
    assert_eq!(encrypted.stdin(v1(V1_SIGNATURE)).run().code, Some(0));
}

/// The members of the JSON, with what a member of each list has.
#[test]
fn the_json_has_its_members() {
    let output = explain(&["--public-key", &public_key(), "--format", "json"], v1(V1_SIGNATURE));
    let json = output.json();
    let members: Vec<&str> = json.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(
        members,
        [
            "advice",
            "bodyBytes",
            "candidatesTried",
            "causes",
            "excluded",
            "expectedMessage",
            "input",
            "language",
            "notChecked",
            "notes",
            "proven",
            "publicKeyFingerprint",
            "remarks",
            "signedMessage",
            "verdict"
        ]
    );
    assert_eq!((&json["verdict"], &json["proven"]), (&"valid".into(), &true.into()));
    assert_eq!((&json["input"], &json["language"]), (&"http".into(), &"python".into()));
    assert_eq!(
        json["signedMessage"],
        "2016-01-25T22:15:43Z:z2gcuU5nH6gv2SiwCar6o5Buzb/tNSk1Fa1QfKHFTqU=:\
         /database/1/iCloud.com.example.Ledger/development/public/records/query"
    );
    assert_eq!(
        json["publicKeyFingerprint"],
        "5a7a78cca4a0f420d9bc62bb669c3c2759e39f723d3ae10dcbe0f0815a07ecd4"
    );
    assert_eq!(output.stdout.lines().count(), 1);
}

#[test]
fn a_capture_without_its_body_is_not_called_wrong() {
    let request = v1(V1_SIGNATURE);
    let head = request.split_once("\r\n\r\n").expect("a body").0;
    let json = explain(&["--public-key", &public_key(), "--format", "json"], head).json();
    assert_eq!((&json["bodyBytes"], &json["verdict"]), (&"missing".into(), &"unproven".into()));
    let output = explain(&["--public-key", &public_key()], head);
    assert_eq!(output.code, Some(3));
    assert!(output.stdout.contains("body was not captured"), "{}", output.stdout);
}

#[test]
fn what_is_no_capture_is_wrong_usage_with_its_place() {
    let refused = |stdin: Vec<u8>, words: &str| {
        let output = explain(&[], stdin);
        assert_eq!((output.code, &*output.stdout), (Some(2), ""), "{}", output.stderr);
        assert!(output.stderr.contains(words), "{words} is not in {}", output.stderr);
    };
    refused(b"hello".to_vec(), "line 1, column 1 (byte 0): this is neither");
    refused(b"".to_vec(), "there is nothing here");
    refused(b"{\"log\":{\"entries\":[".to_vec(), "line 1, column 19");
    refused(b"curl 'https://x".to_vec(), "byte 5): this quotation mark is not closed");
    refused([0xff, 0x00, 0xd8].repeat(1000), "this is neither");
}

/// How much memory the command takes up for an input that it refuses.
#[cfg(target_os = "linux")]
#[test]
fn a_hundred_megabytes_of_noise_are_not_kept() {
    let directory = temporary_directory();
    let file = directory.path().join("noise");
    let megabytes = |start: &str, noise: &[u8]| {
        let noise = noise.repeat((100 << 20) / noise.len());
        std::fs::write(&file, [start.as_bytes(), &noise].concat()).expect("a file");
        // The shell counts in kilobytes. What is virtual is more than what is used, and has to be enough.
        let command =
            format!("ulimit -v 1000000; exec {} explain {}", env!("CARGO_BIN_EXE_cloudkit"), file.display());
        let output = std::process::Command::new("sh").args(["-c", &command]).output().expect("a shell");
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.len() < 2000 && stderr.contains("line "), "{}", stderr.len());
        stderr
    };
    assert!(megabytes("", b"\x00\xf3noise").contains("this is neither"));
    assert!(megabytes("POST /x HTTP/1.1\n", b"x").contains("line 2, column 1"));
    assert!(megabytes("POST /x HTTP/1.1\n", b"x: y\n").contains("do not end"));
    assert!(megabytes("curl https://x ", b"a ").contains("not longer than"));
    assert!(megabytes("{\"log\":{\"entries\":[", b"{},").contains("more than 1000000 entries"));
}

#[test]
fn standard_input_is_read_once() {
    let output = explain(&["-", "--public-key", "-"], v1(V1_SIGNATURE));
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("standard input can be only one"), "{}", output.stderr);
}

#[test]
fn a_wrong_key_file_is_named() {
    let private = repository("tests/vectors/signing/keys/rfc6979.pem");
    let output = explain(&["--public-key", private.to_str().expect("UTF-8")], v1(V1_SIGNATURE));
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("rfc6979.pem is not the public key"), "{}", output.stderr);
}

/// The directories of the corpus, with what is expected of each.
fn corpus() -> Vec<(PathBuf, Value)> {
    let list = |directory: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(directory).expect("the corpus");
        entries.map(|entry| entry.expect("the corpus").path()).filter(|path| path.is_dir()).collect()
    };
    let programs = list(&repository("tests/explain/cases"));
    let cases = programs.iter().flat_map(|program| list(program));
    cases
        .map(|case| {
            let expected = std::fs::read(case.join("case.json")).expect("what is expected");
            (case, serde_json::from_slice(&expected).expect("JSON"))
        })
        .collect()
}

fn parsed(file: &Path) -> Capture {
    let bytes = std::fs::read(file).expect("the corpus");
    let parsed = capture::parse(&bytes, &Options::default());
    let mut parsed = parsed.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    parsed.captures.remove(0)
}

#[test]
fn what_went_over_the_wire_is_read_byte_for_byte() {
    let mut read = 0;
    for (case, expected) in corpus() {
        let file = case.join("request.http");
        if !file.exists() || expected["form"] != Value::Null {
            continue;
        }
        let capture = parsed(&file);
        let bytes = std::fs::read(&file).expect("the corpus");
        let CapturedBody::Exact(body) = &capture.body else { panic!("{}: {capture:?}", case.display()) };
        let chunked = capture.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding"));
        assert!(chunked || bytes.ends_with(body), "{}", case.display());
        read += 1;
    }
    assert!(read > 100, "only {read} requests were found");
}

#[test]
fn a_command_is_the_request_that_curl_makes_of_it() {
    let mut read = 0;
    for (case, expected) in corpus() {
        if expected["form"] != "curl" {
            continue;
        }
        let command = parsed(&case.join("request.curl"));
        let wire = parsed(&case.join("request.http"));
        assert_eq!((&command.method, &command.target), (&wire.method, &wire.target), "{}", case.display());
        assert_eq!(command.host, wire.host, "{}", case.display());
        for header in &command.headers {
            // With --compressed curl names what it can unpack, which differs from one build to another.
            // And the name of curl has no version in a command.
            let is_own = ["accept-encoding", "user-agent"].contains(&&*header.0.to_ascii_lowercase());
            let is_sent = wire
                .headers
                .iter()
                .any(|(name, value)| name.eq_ignore_ascii_case(&header.0) && value.trim() == header.1.trim());
            assert!(is_own || is_sent, "{}: {}", case.display(), header.0);
        }
        let (CapturedBody::Text(text), CapturedBody::Exact(bytes)) = (&command.body, &wire.body) else {
            panic!("{}: {:?} and {:?}", case.display(), command.body, wire.body)
        };
        assert_eq!(text.as_bytes(), bytes, "{}", case.display());
        read += 1;
    }
    assert!(read >= 6, "only {read} commands were found");
}

#[test]
fn what_browsers_export_is_read() {
    let mut read = 0;
    for (case, expected) in corpus() {
        if expected["form"] != "har" {
            continue;
        }
        let file = case.join("request.har");
        let bytes = std::fs::read(&file).expect("the corpus");
        let parsed = capture::parse(&bytes, &Options::default());
        let parsed = parsed.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert_eq!(parsed.form, Form::Har);
        assert!(parsed.captures[0].target.starts_with("/database/1/"), "{}", case.display());
        // Half a file is refused and not half understood.
        assert!(
            capture::parse(&bytes[..bytes.len() / 2], &Options::default()).is_err(),
            "{}",
            case.display()
        );
        read += 1;
    }
    assert!(read >= 10, "only {read} files were found");
}

/// What each signature of the date and body of V1 was made over, each checked with OpenSSL.
const MISTAKES: &[(&[&str], &str)] = &[
    (
        &["signature_raw_rs"],
        "M65tOp9gl0xPLnqiKK18rx7q0ZPXX0idV8VQPbfVZ5fxZJDLntAwMgixcm/NuTAoRAXB0U4GFQ2Zk/1NwYu1/w==",
    ),
    (
        &["full_url_signed"],
        "MEUCIHkh8VlaFAOQ7awplbc9CP03ayXZI65IEj7FZ0lEhH97AiEA1HENd5oMNONCTl7p2LJGisAeSs4uQ/aRzjL/V20Eb8M=",
    ),
    (
        &["body_not_hashed"],
        "MEUCIAyJ+bnEyzU15fFLxDK8my2pF9o/Yu0rA4rVT4jPKAnpAiEAyiF7SEuPxnh+nRzncpbycknskbuwJHEtN45faVqXhV8=",
    ),
    (
        &["body_hash_hex"],
        "MEUCIEFJ6MTbUf+Y1tjN6OWaSCtOAmj99Z/fPH9fxYNyJbPRAiEAm4eWhCRO+ImAObmiF/6BFdW4nsN5W6PwE/JIjVvc1lc=",
    ),
    (
        &["body_hash_base64_of_hex"],
        "MEUCIF3Ew3zPMM8C8noOyGz1Hx8er35sYWBwhkJ6K3mTuzoGAiEAzkCroedCQ6nAItQi74rZpvXnFYaduo0SP+PFNmeAM8c=",
    ),
    (
        &["path_without_environment"],
        "MEQCIHHQXTBjbFWiNV6VWAjKJFzk+4r0VrUUwufKVTa7CCFLAiBmQ9XkY/K9Z2AhwXU3zQ1TOnD9jlzkloIvmZ3jxVZBjw==",
    ),
    (
        &["date_header_differs"],
        "MEUCIGIINCXm2CsR4tVo1ZUKWw5X463ivjwApN0WIvRTOnR2AiEA2FEpafQV7eBymkFx9I5ExKhA+fWL/i8+bc6MopXE8Vw=",
    ),
    (
        &["body_changed_after_hash"],
        "MEQCIEpu3p+yqIfWFBOFiy5DkH8GI5gHmvjThRYNLD8nSatiAiBSH7KymmstRgb80KKW4q9OcBsT7EXbJAX9VG8jNIGPkQ==",
    ),
    (
        &["body_signed_as_empty"],
        "MEYCIQD9T+umSmrWYTRtyrWGHy3YYhLZjtsNlbIjXpdPk6mvcwIhAO6KZ9Fh8Dr7QyaBllZ4tDmAS2HY5QEjmk2SOkochhlF",
    ),
    (
        &["digest_applied_twice"],
        "MEYCIQDTm3lypAcNAlPrCbVbOs6ImkECMbocuGscYHXzezMX7gIhAPu90j8fN1/DhTnvgjaxUJE7gL+q+Omgk8HfP0UolmsM",
    ),
    (
        &["body_hash_hex", "method_in_message"],
        "MEYCIQCtb/Xvex6FNrt3hIQYkX1quUGpuB6/T1GyrxtWR3GV7AIhANyQ2n4sBffzRbBPvT5KKF0/ilP1pbwKGhonx4ZlFp6L",
    ),
];

#[test]
fn each_mistake_is_proved_and_the_fix_is_in_the_language_of_the_request() {
    for &(codes, signature) in MISTAKES {
        let arguments = ["--public-key", &public_key(), "--format", "json"];
        let output = explain(&arguments, v1(signature));
        assert_eq!(output.code, Some(1), "{codes:?}: {}{}", output.stdout, output.stderr);
        let json = output.json();
        let causes = json["causes"].as_array().expect("a list");
        let sure = causes.iter().filter(|cause| cause["strength"] == "sure");
        let mut found: Vec<&str> = sure.map(|cause| cause["code"].as_str().expect("a code")).collect();
        found.sort_unstable();
        assert_eq!(found, codes);
        assert_eq!((&json["verdict"], &json["proven"]), (&"invalid".into(), &true.into()), "{codes:?}");
        for cause in causes {
            let members: Vec<&str> =
                cause.as_object().expect("an object").keys().map(String::as_str).collect();
            let expected = ["class", "code", "detail", "fix", "row", "standing", "strength", "title"];
            assert_eq!(members, expected, "{codes:?}");
        }
        // The body and the signature are not to be sent again by whoever reads the output.
        assert!(!output.stdout.contains(signature), "{codes:?}");
    }
    let hex = MISTAKES[3].1;
    let json = explain(&["--public-key", &public_key(), "--format", "json"], v1(hex)).json();
    let fix = json["causes"][0]["fix"].as_str().expect("a text");
    assert!(fix.ends_with("in Python: base64.b64encode(hashlib.sha256(body).digest()).decode()"), "{fix}");
}

#[test]
fn the_text_shows_both_messages_one_above_the_other() {
    let output = explain(&["--public-key", &public_key()], v1(MISTAKES[3].1));
    assert_eq!((output.code, &*output.stderr), (Some(1), ""));
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert!(lines[0].contains("body_hash_hex (M5)"), "{}", output.stdout);
    let at = |start: &str| lines.iter().position(|line| line.trim_start().starts_with(start));
    let (signed, expected) = (at("signed").expect("a line"), at("expected").expect("a line"));
    assert!(lines[signed].contains("cf681cb94e671fa82fd928b009aafaa3906ecdbfed35293515ad507ca1c54ea5"));
    assert!(lines[expected].contains("z2gcuU5nH6gv2SiwCar6o5Buzb/tNSk1Fa1QfKHFTqU="));
    assert!(lines[signed + 1].contains(&"^".repeat(64)), "{}", output.stdout);
    assert!(lines[expected + 1].contains(&"^".repeat(44)), "{}", output.stdout);
    // The README shows it as far as there.
    let readme = std::fs::read_to_string(repository("README.md")).expect("the README");
    let shown = lines[..=expected + 1].join("\n");
    assert!(readme.contains(&shown), "not in the README: {shown}");
}

#[test]
fn the_exit_code_can_tell_the_class() {
    let by_class = |signature: &str, request: &dyn Fn(String) -> String| {
        explain(&["--exit-by-class", "--public-key", &public_key()], request(v1(signature))).code
    };
    let same = |request: String| request;
    assert_eq!(by_class(V1_SIGNATURE, &same), Some(0));
    assert_eq!(by_class(MISTAKES[3].1, &same), Some(10));
    assert_eq!(by_class(MISTAKES[0].1, &same), Some(11));
    assert_eq!(by_class(V1_SIGNATURE, &|request| request.replace("KeyID: 0aa3c896", "KeyID: ")), Some(12));
    assert_eq!(
        by_class(V1_SIGNATURE, &|request| request.replace("Request-KeyID:", "Request-Key:")),
        Some(14)
    );
}

#[test]
fn two_requests_without_a_key_find_the_mistake() {
    let mut tried = 0;
    for (case, expected) in corpus() {
        let second = case.join("second.http");
        if !second.exists() || expected["verdict"] != "invalid" {
            continue;
        }
        let first = case.join("request.http");
        let [first, second] = [&first, &second].map(|path| path.to_str().expect("UTF-8"));
        let output = Cloudkit::new(["explain", first, "--second", second, "--format", "json"]).run();
        assert_eq!(output.code, Some(1), "{}: {}{}", case.display(), output.stdout, output.stderr);
        let json = output.json();
        let mut codes: Vec<&str> = json["causes"]
            .as_array()
            .expect("a list")
            .iter()
            .filter(|cause| cause["strength"] == "sure")
            .map(|cause| cause["code"].as_str().expect("a code"))
            .collect();
        codes.sort_unstable();
        assert_eq!(Value::from(codes), expected["codes"], "{}", case.display());
        tried += 1;
    }
    assert!(tried > 0, "no case has two requests");
}

#[test]
fn a_wrong_key_proves_nothing() {
    let other = repository("tests/vectors/signing/keys/one.public.pem");
    let output =
        explain(&["--public-key", other.to_str().expect("UTF-8"), "--format", "json"], v1(MISTAKES[3].1));
    assert_eq!(output.code, Some(3), "{}", output.stdout);
    let json = output.json();
    assert_eq!((&json["verdict"], &json["proven"]), (&"unproven".into(), &false.into()));
}

#[test]
fn a_signature_that_waited_is_stale() {
    let with = |time: &str| {
        let arguments = ["--public-key", &public_key(), "--format", "json", "--sent-at", time];
        explain(&arguments, v1(V1_SIGNATURE)).json()
    };
    let stale = with("2016-01-25T23:15:43Z");
    assert_eq!(
        (&stale["verdict"], &stale["causes"][0]["code"]),
        (&"invalid".into(), &"signature_stale".into())
    );
    assert_eq!(with("2016-01-25T22:16:00Z")["verdict"], "valid");
}
