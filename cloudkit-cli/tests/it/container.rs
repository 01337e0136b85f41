//! `cloudkit container`: a container that programs of any language use.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use cloudkit_core::auth::ServerKey;
use cloudkit_core::dynamic::DynamicRecord;
use cloudkit_core::{Container, Environment};
use serde_json::Value;

use crate::support::{Cloudkit, repository, temporary_directory};

const SCHEMA: &str = "DEFINE SCHEMA\n\n    RECORD TYPE Note (\n        \"___recordID\" REFERENCE QUERYABLE,\n        \
    text STRING QUERYABLE,\n        GRANT WRITE TO \"_creator\",\n        GRANT CREATE TO \"_icloud\",\n        \
    GRANT READ TO \"_world\"\n    );\n";

/// A process that serves, and what it said when it was ready.
pub(crate) struct Serving {
    process: Child,
    stdout: BufReader<std::process::ChildStdout>,
    ready: Value,
}

impl Serving {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut process = command(arguments).spawn().expect("the command starts");
        let mut stdout = BufReader::new(process.stdout.take().expect("it was piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("it prints a line");
        let ready = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        Self { process, stdout, ready }
    }

    pub(crate) fn text(&self, member: &str) -> &str {
        self.ready[member].as_str().unwrap_or_else(|| panic!("{member} is missing in {}", self.ready))
    }

    /// Sends a signal; returns the exit code, and what else came out.
    pub(crate) fn stop(mut self, signal: &str) -> (Option<i32>, String, String) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().expect("kill runs").success());
        let code = self.process.wait().expect("it ends").code();
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut stdout).expect("text");
        self.process.stderr.take().expect("it was piped").read_to_string(&mut stderr).expect("text");
        (code, stdout, stderr)
    }

    fn client(&self, environment: Environment) -> Container {
        let key = ServerKey::from_pem_file(self.text("keyId"), self.text("privateKeyFile")).expect("a key");
        Container::builder(self.text("container"))
            .environment(environment)
            .url(self.text("url"))
            .server_key(key)
            .build()
            .expect("a client")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cloudkit"));
    command.env_clear().args(["container", "serve", "--ready-json"]).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn schema_file(directory: &Path) -> String {
    let file = directory.join("schema.ckdb");
    std::fs::write(&file, SCHEMA).expect("written");
    file.display().to_string()
}

fn note(text: &str) -> DynamicRecord {
    DynamicRecord::new("Note").with("text", text)
}

#[tokio::test]
async fn one_line_of_json_has_all_that_a_program_needs() {
    let directory = temporary_directory();
    let schema = schema_file(directory.path());
    let serving =
        Serving::start(&["--schema", &schema, "--deploy", "--user", "alice", "--user", "bob=a-token"]);
    let members: Vec<&String> = serving.ready.as_object().expect("an object").keys().collect();
    let mut expected = vec![
        "url",
        "container",
        "keyId",
        "privateKeyFile",
        "apiToken",
        "managementToken",
        "teamId",
        "users",
        "console",
    ];
    expected.sort_unstable();
    assert_eq!(members, expected);
    assert_eq!(serving.ready["users"][0]["name"], "alice");
    assert_eq!(serving.ready["users"][1]["webAuthToken"], "a-token");
    assert!(serving.text("url").starts_with("http://127.0.0.1:"));

    // One key for both environments, and the schema is in both.
    for environment in [Environment::Development, Environment::Production] {
        let db = serving.client(environment).public();
        let dynamic = db.dynamic();
        dynamic.create(note("hello")).await.expect("saved");
    }
    let key_file = serving.text("privateKeyFile").to_owned();
    let (code, stdout, stderr) = serving.stop("TERM");
    assert_eq!((code, &*stdout), (Some(0), ""), "{stderr}");
    assert!(stderr.contains("Stopped by SIGTERM"), "{stderr}");
    assert!(!Path::new(&key_file).exists(), "the temporary key is left behind");
}

#[tokio::test]
async fn a_directory_keeps_the_key_and_the_records() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = temporary_directory();
    let schema = schema_file(directory.path());
    let data = directory.path().join("data").display().to_string();
    let first = Serving::start(&["--data", &data, "--schema", &schema]);
    let saved =
        first.client(Environment::Development).public().dynamic().create(note("kept")).await.expect("saved");
    let (key_id, key_file) = (first.text("keyId").to_owned(), first.text("privateKeyFile").to_owned());
    let mode = std::fs::metadata(&key_file).expect("it exists").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(first.stop("INT").0, Some(0));

    let second = Serving::start(&["--data", &data]);
    assert_eq!((second.text("keyId"), second.text("privateKeyFile")), (&*key_id, &*key_file));
    let dynamic = second.client(Environment::Development).public().dynamic();
    let found = dynamic.lookup(saved.record_name()).await.expect("found");
    assert_eq!(found.change_tag(), saved.change_tag());
}

#[tokio::test]
async fn a_snapshot_goes_into_a_directory_and_back() {
    let directory = temporary_directory();
    let schema = schema_file(directory.path());
    let fixture = directory.path().join("fixture").display().to_string();
    let first = Serving::start(&["--schema", &schema]);
    let saved =
        first.client(Environment::Development).public().dynamic().create(note("kept")).await.expect("saved");
    let output = Cloudkit::new(["container", "snapshot", &fixture])
        .env("CLOUDKIT_URL", first.text("url"))
        .env("CLOUDKIT_MANAGEMENT_TOKEN", first.text("managementToken"))
        .run();
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let records = std::fs::read_to_string(Path::new(&fixture).join("data/records.jsonl")).expect("records");
    assert!(records.contains("\"kept\""), "{records}");

    let second = Serving::start(&[]);
    let restore = |token: &str| {
        Cloudkit::new(["container", "restore", &fixture, "--format", "json"])
            .env("CLOUDKIT_URL", second.text("url"))
            .env("CLOUDKIT_MANAGEMENT_TOKEN", token)
            .run()
    };
    let refused = restore("another");
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("401"), "{}", refused.stderr);
    let output = restore(second.text("managementToken"));
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.json()["files"].as_u64() > Some(4), "{}", output.stdout);
    let dynamic = second.client(Environment::Development).public().dynamic();
    assert_eq!(dynamic.lookup(saved.record_name()).await.expect("found").change_tag(), saved.change_tag());

    let nowhere =
        Cloudkit::new(["container", "restore", "/nowhere"]).env("CLOUDKIT_URL", second.text("url")).run();
    assert_eq!(nowhere.code, Some(2));
}

#[tokio::test]
async fn records_go_into_a_file_and_into_another_container() {
    let directory = temporary_directory();
    let schema = schema_file(directory.path());
    let file = directory.path().join("notes.jsonl").display().to_string();
    let first = Serving::start(&["--schema", &schema]);
    let saved =
        first.client(Environment::Development).public().dynamic().create(note("kept")).await.expect("saved");
    let of = |serving: &Serving, arguments: &[&str]| {
        Cloudkit::new([&["container"], arguments].concat())
            .env("CLOUDKIT_URL", serving.text("url"))
            .env("CLOUDKIT_MANAGEMENT_TOKEN", serving.text("managementToken"))
            .run()
    };
    let output = of(&first, &["export", &file, "--type", "Note"]);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stdout.starts_with("1 record, "), "{}", output.stdout);
    let lines = std::fs::read_to_string(&file).expect("written");
    assert!(lines.lines().count() == 1 && lines.contains("\"kept\""), "{lines}");
    assert_eq!(of(&first, &["export", "-", "--type", "Note"]).stdout, lines);

    let second = Serving::start(&["--schema", &schema]);
    let output = of(&second, &["import", &file, "--format", "json"]);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert_eq!(output.json()["saved"], 1);
    let dynamic = second.client(Environment::Development).public().dynamic();
    let found = dynamic.lookup(saved.record_name()).await.expect("found");
    assert_eq!(found.get("text"), note("kept").get("text"));

    let wrong = lines.replace("Note", "Nothing").replace(saved.record_name().as_str(), "wrong");
    std::fs::write(&file, format!("{lines}{wrong}")).expect("written");
    let output = of(&second, &["import", &file]);
    assert_eq!(output.code, Some(1));
    assert!(output.stderr.contains("line 2, `wrong`: NOT_FOUND"), "{}", output.stderr);
    assert_eq!(of(&second, &["export", &file, "--user", "nobody"]).code, Some(1));
    assert_eq!(of(&second, &["export", &file, "--environment", "Development"]).code, Some(2));
}

/// Programs that read SSL_CERT_FILE are many; this command is one of them, where the machine keeps certificates in files.
#[cfg(target_os = "linux")]
#[test]
fn over_https_it_names_the_certificate_to_trust() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = temporary_directory();
    let data = directory.path().join("data").display().to_string();
    let stranger = Serving::start(&["--tls"]);
    for arguments in [&["--tls"][..], &["--tls-name", "cloudkit.test"], &["--tls", "--data", &data]] {
        let serving = Serving::start(arguments);
        assert!(serving.text("url").starts_with("https://127.0.0.1:"), "{}", serving.ready);
        let ca_file = serving.text("caFile").to_owned();
        let ca = std::fs::read_to_string(&ca_file).expect("it exists");
        assert!(ca.starts_with("-----BEGIN CERTIFICATE-----\n"), "{ca}");
        assert_eq!(std::fs::metadata(&ca_file).expect("it exists").permissions().mode() & 0o777, 0o600);

        let snapshot = |trusted: &str| {
            let fixture = directory.path().join("fixture").display().to_string();
            Cloudkit::new(["container", "snapshot", &fixture])
                .env("CLOUDKIT_URL", serving.text("url"))
                .env("CLOUDKIT_MANAGEMENT_TOKEN", serving.text("managementToken"))
                .env("SSL_CERT_FILE", trusted)
                .run()
        };
        let output = snapshot(&ca_file);
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        assert_eq!(
            snapshot(stranger.text("caFile")).code,
            Some(1),
            "another container vouches for itself alone"
        );

        let (code, _, stderr) = serving.stop("TERM");
        assert_eq!(code, Some(0), "{stderr}");
        assert!(!stderr.contains("PRIVATE KEY"), "{stderr}");
        assert_eq!(Path::new(&ca_file).exists(), arguments.contains(&"--data"));
    }
}

#[test]
fn the_exit_code_says_why() {
    let directory = temporary_directory();
    let faults = directory.path().join("faults.toml");
    std::fs::write(&faults, "[[fault]]\nkind = \"misdirected\"\n").expect("written");
    let serving = Serving::start(&["--faults", &faults.display().to_string(), "--seed", "5"]);
    let (code, _, stderr) = serving.stop("TERM");
    assert_eq!(code, Some(4), "{stderr}");
    assert!(stderr.contains("faults.toml, fault 1: `misdirected`, met 0 of 1 times"), "{stderr}");
    assert!(stderr.contains("The seed is 5"), "{stderr}");

    let public = repository("tests/fixtures/keys/public.pem").display().to_string();
    let wrong: [(&[&str], i32, &str); 8] = [
        (&["--id", "News"], 2, "`News` is not a container ID"),
        (&["--key-id", "12", "--public-key", &public], 2, "key ID"),
        (&["--faults", "/nowhere.toml"], 2, "/nowhere.toml"),
        (&["--schema", "/nowhere.ckdb"], 2, "/nowhere.ckdb"),
        (&["--user", "a", "--user", "a"], 2, "two users are named `a`"),
        (&["--listen", "192.0.2.1:1"], 1, "cannot listen on 192.0.2.1:1"),
        (&["--key-id", "12"], 2, "--public-key"),
        (&["--tls-name", "*.test"], 2, "`*.test` cannot have a certificate"),
    ];
    for (arguments, code, text) in wrong {
        let output = command(arguments).output().expect("the command ends");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(code), 0), "{arguments:?}: {stderr}");
        assert!(stderr.contains(text), "{arguments:?}: {stderr}");
    }
}

#[test]
fn people_read_lines_to_paste() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_cloudkit"))
        .env_clear()
        .args(["container", "serve", "--user", "alice"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command starts");
    let mut text = String::new();
    let mut stdout = BufReader::new(process.stdout.take().expect("it was piped"));
    while !text.contains("Ctrl-C") {
        assert!(stdout.read_line(&mut text).expect("a line") > 0, "{text}");
    }
    // A shell takes the lines as they are, and a program that reads the variables finds the container.
    let script = format!("{text}\nprintf '%s' \"$CLOUDKIT_URL/$CLOUDKIT_CONTAINER\"");
    let script: String = script
        .lines()
        .filter(|line| line.starts_with("export") || line.starts_with("printf"))
        .fold(String::new(), |all, line| all + line + "\n");
    let mut shell =
        Command::new("sh").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("there is a shell");
    shell.stdin.take().expect("it was piped").write_all(script.as_bytes()).expect("written");
    let output = shell.wait_with_output().expect("it ends");
    let printed = String::from_utf8(output.stdout).expect("text");
    assert!(
        printed.starts_with("http://127.0.0.1:") && printed.ends_with("/iCloud.com.example.App"),
        "{printed}"
    );
    process.kill().expect("killed");
    process.wait().expect("ended");
}
