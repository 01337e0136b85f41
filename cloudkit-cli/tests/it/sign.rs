//! `cloudkit sign`, against vectors that other implementations made.

use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Cloudkit, repository, temporary_directory};

const KEY_ID: &str = "0aa3c896785c6f3e9ca8a050978d636ddf3218b344e5c11b39ea02d2e23a32c5";
const V1_BODY: &str = r#"{"query":{"recordType":"Account"},"resultsLimit":1}"#;
const V1_SIGNATURE: &str =
    "MEUCIDOubTqfYJdMTy56oiitfK8e6tGT119InVfFUD231WeXAiEA8WSQy57QMDIIsXJvzbkwKEQFwdFOBhUNmZP9TcGLtf8=";

fn key() -> PathBuf {
    repository("tests/vectors/signing/keys/rfc6979.pem")
}

/// `cloudkit sign` for vector V1, with some arguments more.
fn v1(arguments: &[&str]) -> Cloudkit {
    let fixed = ["sign", "records/query", "--date", "2016-01-25T22:15:43Z"];
    Cloudkit::new(fixed.iter().chain(arguments))
        .env("CLOUDKIT_CONTAINER", "iCloud.com.example.Ledger")
        .env("CLOUDKIT_KEY_ID", KEY_ID)
        .env("CLOUDKIT_PRIVATE_KEY_FILE", key())
}

#[test]
fn each_step_is_that_of_the_vectors() {
    let mut checked = 0;
    for entry in std::fs::read_dir(repository("tests/vectors/signing")).expect("the vectors") {
        let directory = entry.expect("the vectors").path();
        let Ok(context) = std::fs::read(directory.join("context.json")) else { continue };
        let context: Value = serde_json::from_slice(&context).expect("JSON");
        let read = |name: &str| std::fs::read_to_string(directory.join(name)).expect("a step");
        let text = |name: &str| context[name].as_str().expect("a text").to_owned();
        let key = format!("tests/vectors/signing/keys/{}.pem", text("key"));
        let body = directory.join("body.bin");
        let output = Cloudkit::new(["sign", "--format", "json", "--path", &text("subpath"), "--date"])
            .env("CLOUDKIT_KEY_ID", text("keyId"))
            .env("CLOUDKIT_PRIVATE_KEY_FILE", repository(&key));
        let output = output.and(&[&text("date"), "--body", body.to_str().expect("UTF-8")]).run();
        assert_eq!(output.code, Some(0), "{}: {}", directory.display(), output.stderr);
        let json = output.json();
        assert_eq!(json["body"]["sha256Base64"], read("body_hash.txt").trim_end());
        assert_eq!(json["message"], read("message.txt"));
        if context["deterministic"] == true {
            assert_eq!(json["signature"]["base64"], read("signature.txt").trim_end());
            for line in read("headers.txt").lines() {
                let (name, value) = line.split_once(": ").expect("a header");
                assert_eq!(json["headers"][name.to_lowercase()], value, "{}", directory.display());
            }
        }
        checked += 1;
    }
    assert!(checked > 30, "only {checked} vectors were found");
}

#[test]
fn the_steps_in_json_fit_together() {
    let json = v1(&["--data", V1_BODY, "--format", "json"]).run().json();
    assert_eq!(json["signature"]["base64"], V1_SIGNATURE);
    assert_eq!(json["body"]["sha256Hex"], "cf681cb94e671fa82fd928b009aafaa3906ecdbfed35293515ad507ca1c54ea5");
    let hex = |name: &str| json["signature"][name].as_str().expect("hexadecimal").to_owned();
    // SEQUENCE of two INTEGERs; s is high here, so that it has a zero byte in front.
    assert_eq!(hex("derHex"), format!("30450220{}022100{}", hex("r"), hex("s")));
    assert_eq!(json["path"], "/database/1/iCloud.com.example.Ledger/development/public/records/query");
    assert_eq!(json["method"], "POST");
    // sha256sum of the message.
    assert_eq!(json["digestHex"], "cabef9f004b19c2fecf307b5c43ece09443998a7206371e6e8e28d6c47c8f31c");
}

#[test]
fn the_text_shows_each_step_and_a_command() {
    let output = v1(&["--data", r#"{"name":"O'Neill"}"#]).run();
    assert_eq!((output.code, &*output.stderr), (Some(0), ""));
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("sign_text", output.stdout);
    });
}

#[test]
fn the_command_is_one_that_a_shell_reads_as_meant() {
    let data = "{\"name\":\"O'Neill \\u00e9 é $HOME `x` \\\\n\"}\n";
    let json = v1(&["--data", data, "--format", "json"]).run().json();
    let curl = json["curl"].as_str().expect("a command").replacen("curl ", "printf '%s\\0' ", 1);
    let shell = std::process::Command::new("sh").args(["-c", &curl]).output().expect("a shell");
    let words = String::from_utf8(shell.stdout).expect("UTF-8");
    let words: Vec<&str> = words.split_terminator('\0').collect();
    assert_eq!(words.last(), Some(&data));
    assert_eq!(
        words[2],
        "https://api.apple-cloudkit.com/database/1/iCloud.com.example.Ledger/development/public/records/query"
    );
}

#[test]
fn a_body_from_standard_input_is_signed_byte_for_byte() {
    let json = v1(&["--body", "-", "--format", "json"]).stdin(V1_BODY).run().json();
    assert_eq!(json["signature"]["base64"], V1_SIGNATURE);
}

#[test]
fn without_a_date_it_is_now() {
    let output = Cloudkit::new(["sign", "users/caller", "--format", "json"])
        .env("CLOUDKIT_CONTAINER", "iCloud.com.example.Ledger")
        .env("CLOUDKIT_KEY_ID", KEY_ID)
        .env("CLOUDKIT_PRIVATE_KEY_FILE", key())
        .run();
    let date = output.json()["date"].as_str().expect("a date").to_owned();
    let other = std::process::Command::new("date").args(["-u", "+%Y-%m-%d"]).output().expect("a clock");
    let today = String::from_utf8(other.stdout).expect("text");
    // Around midnight the two may differ by a day; the year does not, but on one night.
    assert_eq!(date[..4], today[..4]);
    assert!(date.ends_with('Z') && date.len() == 20, "{date}");
}

#[test]
fn what_cannot_be_signed_is_named() {
    let check = |arguments: &[&str], words: &str| {
        let output = v1(arguments).run();
        assert_eq!((output.code, &*output.stdout), (Some(2), ""), "{arguments:?}");
        assert!(output.stderr.contains(words), "{arguments:?}: {}", output.stderr);
    };
    check(&["--key-id", "abc"], "CLOUDKIT_KEY_ID");
    check(&["--environment", "Production"], "in lower case");
    check(&["--url", "http://example.com"], "plain http");
    check(&["--body", "/nowhere/body.json"], "/nowhere/body.json");
    let date = Cloudkit::new(["sign", "x", "--container", "iCloud.x", "--date", "2016-01-25T22:15:43.123Z"]);
    let output = date.env("CLOUDKIT_KEY_ID", KEY_ID).run();
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("--date 2016-01-25T22:15:43.123Z"), "{}", output.stderr);
    let path = |path: &str, words: &str| {
        let output = Cloudkit::new(["sign", "--path", path, "--key-id", KEY_ID]).run();
        assert_eq!(output.code, Some(2), "{path}");
        assert!(output.stderr.contains(words), "{path}: {}", output.stderr);
    };
    path("https://api.apple-cloudkit.com/database/1/x", "is a URL");
    path("/records/query", "does not begin with /database/1/");
    path("/database/1/iCloud.x/development/public/records/über", "percent-encode");
}

#[test]
fn a_missing_variable_is_named() {
    let directory = temporary_directory();
    let output = Cloudkit::new(["sign", "records/query"])
        .env("CLOUDKIT_KEY_ID", KEY_ID)
        .env("HOME", directory.path())
        .run();
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("CLOUDKIT_CONTAINER is not set"), "{}", output.stderr);
}
