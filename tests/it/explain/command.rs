//! The command `cloudkit explain` on each request: what programs and people get from it.

use std::io::{self, Cursor, Write};
use std::sync::{Arc, Mutex};

use cloudkit_cli::Context;
use cloudkit_cli::capture::Form;
use serde_json::Value;

use super::corpus::{API_TOKEN, Case, KEY_ID, cases};
use super::secrets::Secrets;

/// The case that stands for those in which nothing is found: its body is text that has lost something.
const UNPROVEN: &str = "node_webcrypto/har_of_chrome_body_as_text";

/// A stream that keeps what is written to it.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Runs the command on a request of the case, which it finds on standard input. Exit code, result and remarks.
async fn explain(case: &Case, form: Form, format: &str) -> (u8, String, String) {
    let request = match form {
        Form::Http => "request.http",
        Form::Curl => "request.curl",
        Form::Har => "request.har",
    };
    let mut arguments =
        vec!["cloudkit".to_owned(), "explain".to_owned(), "--format".to_owned(), format.to_owned()];
    for (file, has_key_id) in case.key_files() {
        let file = file.to_str().unwrap();
        let given = if has_key_id { format!("{KEY_ID}={file}") } else { file.to_owned() };
        arguments.extend(["--public-key".to_owned(), given]);
    }
    let second = case.directory.join("second.http");
    if second.exists() {
        arguments.extend(["--second".to_owned(), second.to_str().unwrap().to_owned()]);
    }
    let token = case.expected.api_token_is_known.then_some(API_TOKEN);
    let variables = move |name: &str| token.filter(|_| name == "CLOUDKIT_API_TOKEN").map(str::to_owned);
    let (stdout, stderr) = (Kept::default(), Kept::default());
    let stdin = Cursor::new(case.file(request).unwrap());
    let mut context =
        Context::new(variables, Box::new(stdin), Box::new(stdout.clone()), Box::new(stderr.clone()));
    let exit = cloudkit_cli::run(arguments.into_iter().map(Into::into), &mut context).await;
    (exit.code(), stdout.text(), stderr.text())
}

#[tokio::test]
async fn the_command_says_the_same_and_gives_nothing_away() {
    let mut wrong = Vec::new();
    let private_keys = Secrets::private_keys();
    for case in cases() {
        if case.expected.verdict == "unproven" && !case.key_files().is_empty() && case.name != UNPROVEN {
            // A search to the end takes its time, and one of them is enough.
            continue;
        }
        // The command is not told when a request was sent.
        let knows_the_time = case.expected.sent_at.is_none();
        for (form, captures) in case.captures() {
            let secrets = private_keys.and_of(&captures);
            let (code, result, remarks) = explain(&case, form, "json").await;
            let json: Value =
                serde_json::from_str(&result).unwrap_or_else(|error| panic!("{case}: {error}: {remarks}"));
            let mut codes: Vec<&str> = json["causes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|cause| cause["code"].as_str().unwrap())
                .collect();
            codes.sort_unstable();
            let expected_code = match &*case.expected.verdict {
                "valid" => 0,
                "invalid" => 1,
                _ => 3,
            };
            if knows_the_time
                && (code != expected_code
                    || json["verdict"] != *case.expected.verdict
                    || codes != case.expected.codes)
            {
                wrong.push(format!("{case} ({form:?}): {code} {} {codes:?}", json["verdict"]));
            }
            let (same_code, text, more) = explain(&case, form, "text").await;
            if same_code != code {
                wrong.push(format!("{case} ({form:?}): {code} as JSON and {same_code} as text"));
            }
            if let Some(code) =
                case.expected.codes.iter().find(|code| knows_the_time && !text.contains(*code))
            {
                wrong.push(format!("{case} ({form:?}): the text does not name {code}"));
            }
            let told = secrets.in_text(&[result, remarks, text, more].concat());
            wrong.extend(told.iter().map(|what| format!("{case} ({form:?}): {what} is printed")));
        }
    }
    assert!(wrong.is_empty(), "{} times:\n{}", wrong.len(), wrong.join("\n"));
}
