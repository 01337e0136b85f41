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
