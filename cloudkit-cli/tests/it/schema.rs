//! `cloudkit schema`, against files and against a test container.

use std::path::{Path, PathBuf};

use cloudkit_core::Environment::{Development, Production};
use cloudkit_test_container::TestContainer;

use crate::support::{Cloudkit, Output, temporary_directory};

/// As CloudKit would export it, without the record type of users.
const ARTICLE: &str = "DEFINE SCHEMA

    RECORD TYPE Article (
        \"___createTime\" TIMESTAMP,
        \"___createdBy\"  REFERENCE,
        \"___etag\"       STRING,
        \"___modTime\"    TIMESTAMP,
        \"___modifiedBy\" REFERENCE,
        \"___recordID\"   REFERENCE QUERYABLE,
        title           STRING QUERYABLE,
        views           INT64,
        GRANT WRITE TO \"_creator\",
        GRANT CREATE TO \"_icloud\",
        GRANT READ TO \"_world\"
    );
";

fn file(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, text).expect("the directory can be written");
    path
}

fn schema(arguments: &[&str]) -> Cloudkit {
    Cloudkit::new(["schema"]).and(arguments)
}

/// A container without schema, and a command that speaks to it.
struct Remote {
    container: TestContainer,
}

impl Remote {
    async fn start() -> Self {
        Self {
            container: TestContainer::builder("iCloud.com.example.News").start().await.expect("it starts"),
        }
    }

    async fn run(&self, arguments: &[&str], stdin: &str) -> Output {
        let command = schema(arguments)
            .env("CLOUDKIT_CONTAINER", self.container.container_id())
            .env("CLOUDKIT_URL", self.container.url())
            .env("CLOUDKIT_TEAM_ID", self.container.team_id())
            .env("CLOUDKIT_MANAGEMENT_TOKEN", self.container.management_token())
            .stdin(stdin);
        // The container answers on this runtime while the command runs.
        let output = tokio::task::spawn_blocking(|| command.run()).await.expect("no panic");
        let shown = format!("{}{}", output.stdout, output.stderr);
        assert!(!shown.contains(self.container.management_token()), "the token is in {shown}");
        output
    }
}

#[test]
fn check_says_everything_that_is_wrong_in_its_line() {
    let directory = temporary_directory();
    let text = "DEFINE SCHEMA\n    RECORD TYPE Article (\n        title STRIN,\n        photo ASSET QUERYABLE\n    );\n";
    let path = file(directory.path(), "schema.ckdb", text);
    let path = path.to_str().expect("UTF-8");
    let output = schema(&["check", path]).run();
    assert_eq!(output.code, Some(1), "{}", output.stderr);
    for part in [
        &format!("{path}:3:15: error[unknown-type]: `STRIN` is not a type"),
        "        title STRIN,\n",
        "^^^^^",
        ":4:",
        "Encountered",
    ] {
        assert!(output.stdout.contains(part), "no {part} in {}", output.stdout);
    }
    assert!(output.stderr.contains("2 errors"), "{}", output.stderr);

    let json = schema(&["check", path, "--format", "json"]).run().json();
    assert_eq!(json["isValid"], false);
    let problems = json["problems"].as_array().expect("an array");
    assert!(
        problems.iter().all(|problem| problem["severity"] != "error" || problem["line"].is_u64()),
        "{json}"
    );
    let unknown = problems.iter().find(|problem| problem["code"] == "unknown-type").expect("it is told");
    assert_eq!((&unknown["line"], &unknown["column"]), (&3.into(), &15.into()), "{json}");
}

#[test]
fn warnings_fail_only_where_they_are_denied() {
    // Without grants nobody may do anything in the public database.
    let text = "DEFINE SCHEMA RECORD TYPE A ( x STRING );";
    for (arguments, code) in [(&["check", "-"][..], 0), (&["check", "-", "--deny-warnings"], 1)] {
        let output = schema(arguments).stdin(text).run();
        assert_eq!(output.code, Some(code), "{}", output.stdout);
        assert!(output.stdout.contains("warning["), "{}", output.stdout);
    }
    let output = schema(&["check", "nowhere.ckdb"]).run();
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("nowhere.ckdb"), "{}", output.stderr);
}

#[test]
fn format_changes_files_in_place_and_checks_them_in_ci() {
    let directory = temporary_directory();
    let text = "define schema\n-- what people read\nrecord type Article ( \"title\" string queryable );";
    let path = file(directory.path(), "schema.ckdb", text);
    let name = path.to_str().expect("UTF-8");
    let output = schema(&["format", "--check", name]).run();
    assert_eq!(output.code, Some(1));
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), text, "--check changes nothing");
    assert_eq!(schema(&["format", name]).run().code, Some(0));
    let formatted = std::fs::read_to_string(&path).expect("it is there");
    assert!(formatted.contains("    -- what people read\n") && formatted.contains("title STRING QUERYABLE"));
    assert_eq!(schema(&["format", "--check", name]).run().code, Some(0));
    // A pipe gets the same.
    let output = schema(&["format", "-"]).stdin(text).run();
    assert_eq!((output.code, output.stdout), (Some(0), formatted));
    let output = schema(&["format", "-"]).stdin("struct Article {}").run();
    assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""));
}

#[test]
fn diff_says_what_production_forbids_and_the_way_out() {
    let directory = temporary_directory();
    let old = file(directory.path(), "production.ckdb", ARTICLE);
    let text = ARTICLE
        .replace("views           INT64", "Views           INT64")
        .replace("title           STRING QUERYABLE", "title           STRING QUERYABLE SORTABLE");
    let new = file(directory.path(), "wanted.ckdb", &text);
    let (old, new) = (old.to_str().expect("UTF-8"), new.to_str().expect("UTF-8"));

    let output = schema(&["diff", old, old]).run();
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), ""));
    let output = schema(&["diff", old, new, "--against", old]).run();
    assert_eq!(output.code, Some(1));
    for part in
        ["- field `views` of `Article`: INT64 (forbidden)", "+ index SORTABLE on `title`", "instead: "]
    {
        assert!(output.stdout.contains(part), "no {part} in {}", output.stdout);
    }
    assert!(!output.stdout.contains('\u{1b}'), "colour in a pipe");
    // Without production it is a loss in development, which CI may let pass.
    let output = schema(&["diff", old, new, "--fail-on", "forbidden"]).run();
    assert_eq!(output.code, Some(0));
    assert!(output.stdout.contains("(destructive)"), "{}", output.stdout);
    assert_eq!(schema(&["diff", old, new, "--fail-on", "destructive"]).run().code, Some(1));
    assert_eq!(schema(&["diff", old, new, "--fail-on", "never"]).run().code, Some(0));

    let json = schema(&["diff", old, new, "--format", "json", "--against", old]).run().json();
    assert_eq!(json["worst"], "forbidden");
    let forbidden =
        json["changes"].as_array().expect("an array").iter().find(|it| it["class"] == "forbidden");
    let forbidden = forbidden.expect("a forbidden change");
    assert_eq!((&forbidden["recordType"], &forbidden["field"]), (&"Article".into(), &"views".into()));
    assert!(forbidden["wayOut"].is_string(), "{forbidden}");
}

#[test]
fn generate_writes_the_structs() {
    let output = schema(&[
        "generate",
        "-",
        "--required",
        "Article.title",
        "--struct",
        "Article=Post",
        "--type",
        "Article.views=bool",
    ])
    .stdin(ARTICLE)
    .run();
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    for part in
        ["pub struct Post {", "record_type = \"Article\"", "pub title: String,", "pub views: Option<bool>,"]
    {
        assert!(output.stdout.contains(part), "no {part} in {}", output.stdout);
    }
    let output = schema(&["generate", "-", "--required", "Article.titel"]).stdin(ARTICLE).run();
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("titel"), "{}", output.stderr);
}

/// A command in place of the program's test, which puts these files where the schemas are wanted.
#[cfg(unix)]
fn emitting(texts: &[&str]) -> Vec<String> {
    let mut script = "test -n \"$CLOUDKIT_EMIT_SCHEMA\"".to_owned();
    for (at, text) in texts.iter().enumerate() {
        script += &format!(" && cat > \"$CLOUDKIT_EMIT_SCHEMA/{at}.ckdb\" <<'END'\n{text}\nEND\ntrue");
    }
    ["/bin/sh", "-c", &script]
        .iter()
        .flat_map(|word| ["--emit-command".to_owned(), (*word).to_owned()])
        .collect()
}

#[cfg(unix)]
fn with_emit(arguments: &[&str], texts: &[&str]) -> Cloudkit {
    let emit = emitting(texts);
    let words: Vec<&str> = arguments.iter().copied().chain(emit.iter().map(String::as_str)).collect();
    schema(&words).env("PATH", "/usr/bin:/bin")
}

#[cfg(unix)]
#[test]
fn emit_joins_what_the_tests_of_a_program_write() {
    let author = "DEFINE SCHEMA RECORD TYPE Author ( name STRING );";
    let output = with_emit(&["emit"], &[ARTICLE, author]).run();
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stdout.starts_with(ARTICLE.trim_end()), "{}", output.stdout);
    assert!(output.stdout.contains("RECORD TYPE Author ("), "{}", output.stdout);

    let output = with_emit(&["emit"], &[]).run();
    assert_eq!(output.code, Some(1));
    assert!(output.stderr.contains("emit_when_asked::<(Article, Author)>()"), "{}", output.stderr);
    let output = schema(&["emit", "--emit-command", "/bin/false"]).run();
    assert_eq!(output.code, Some(1));
    assert!(output.stderr.contains("`/bin/false` failed"), "{}", output.stderr);
    let output = with_emit(&["emit"], &[ARTICLE, "DEFINE SCHEMA RECORD TYPE Article ( title INT64 );"]).run();
    assert!(output.code == Some(1) && output.stderr.contains("title"), "{}", output.stderr);
}

#[cfg(unix)]
#[test]
fn rust_types_are_compared_without_what_they_do_not_know() {
    let directory = temporary_directory();
    let text = ARTICLE.replace(
        "DEFINE SCHEMA\n",
        "DEFINE SCHEMA\n    CREATE ROLE editor;\n    RECORD TYPE Log ( line STRING );\n",
    );
    let path = file(directory.path(), "schema.ckdb", &text.replace("READ TO \"_world\"", "READ TO editor"));
    let path = path.to_str().expect("UTF-8");
    let output = with_emit(&["diff", "rust", path], &[ARTICLE]).run();
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), ""), "{}", output.stderr);
    let output = with_emit(&["diff", path, "rust"], &[&ARTICLE.replace("INT64", "DOUBLE")]).run();
    assert_eq!(output.code, Some(1));
    assert!(
        output.stdout.contains("~ field `views` of `Article`: INT64 becomes DOUBLE"),
        "{}",
        output.stdout
    );
}

#[tokio::test]
async fn a_schema_is_imported_exported_deployed_and_compared() {
    let remote = Remote::start().await;
    let output = remote.run(&["validate", "-"], ARTICLE).await;
    assert_eq!(
        (output.code, output.stdout.as_str()),
        (Some(0), "the schema is valid\n"),
        "{}",
        output.stderr
    );
    let output = remote.run(&["import", "-", "--validate"], ARTICLE).await;
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let output = remote.run(&["export"], "").await;
    assert_eq!((output.code, &output.stdout), (Some(0), &remote.container.export_schema(Development)));
    assert!(output.stdout.starts_with(ARTICLE), "{}", output.stdout);
    let output = remote.run(&["export", "--environment", "production", "--format", "json"], "").await;
    assert_eq!(output.json()["schema"], remote.container.export_schema(Production));

    let output = remote.run(&["diff", "production", "development"], "").await;
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), "+ record type `Article` (addition)\n"));
    remote.container.deploy_schema().expect("it deploys");
    let output = remote.run(&["diff", "production", "development"], "").await;
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), ""));

    // Production guards what it has, and the command knows before and after.
    let less = ARTICLE.replace("        views           INT64,\n", "");
    let output = remote.run(&["diff", "production", "-", "--fail-on", "forbidden"], &less).await;
    assert_eq!(output.code, Some(1), "{}", output.stdout);
    let output = remote.run(&["validate", "-", "--format", "json"], &less).await;
    assert_eq!((output.code, &output.json()["isValid"]), (Some(1), &false.into()));
    for arguments in [&["import", "-"][..], &["import", "-", "--validate"]] {
        let output = remote.run(arguments, &less).await;
        assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
        let reason = "invalid attempt to delete a field which is active in a production container";
        assert!(output.stderr.contains(reason) && output.stderr.contains("`views`"), "{}", output.stderr);
    }
}

#[tokio::test]
async fn a_reset_has_to_be_meant() {
    let remote = Remote::start().await;
    remote.container.import_schema(ARTICLE).expect("a schema");
    let output = remote.run(&["reset"], "").await;
    assert_eq!(output.code, Some(2));
    assert!(
        output.stderr.contains("--yes") && remote.container.export_schema(Development).contains("Article")
    );
    let output = remote.run(&["reset", "--yes"], "").await;
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(!remote.container.export_schema(Development).contains("Article"));
}

#[tokio::test]
async fn deploy_check_names_what_production_lacks() {
    let remote = Remote::start().await;
    remote.container.import_schema(ARTICLE).expect("a schema");
    remote.container.deploy_schema().expect("it deploys");
    let output = remote.run(&["deploy-check", "--types", "-"], ARTICLE).await;
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);

    let more = ARTICLE.replace("views           INT64", "views           INT64 QUERYABLE");
    let more = more.replace("        title ", "        tags LIST<STRING>,\n        title ");
    let output = remote.run(&["deploy-check", "--types", "-"], &more).await;
    assert_eq!(output.code, Some(1), "{}", output.stderr);
    for part in
        ["`tags` of `Article`", "needs: tags LIST<STRING>", "`views` of `Article`", "not marked QUERYABLE"]
    {
        assert!(output.stdout.contains(part), "no {part} in {}", output.stdout);
    }
    let output = remote.run(&["deploy-check", "--types", "-", "--format", "json"], &more).await;
    assert_eq!(output.json()["missing"].as_array().map(Vec::len), Some(2), "{}", output.stdout);
}

#[tokio::test]
async fn what_is_missing_or_wrong_in_the_environment_is_named() {
    let output = schema(&["export"]).run();
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("CLOUDKIT_MANAGEMENT_TOKEN"), "{}", output.stderr);
    let remote = Remote::start().await;
    let output = remote.run(&["export", "--team", "OTHERTEAM1"], "").await;
    assert_eq!(output.code, Some(1));
    assert!(
        output.stderr.contains("OTHERTEAM1") && output.stderr.contains("CLOUDKIT_TEAM_ID"),
        "{}",
        output.stderr
    );
    let output = remote.run(&["export", "--url", "http://example.com"], "").await;
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("plain http"), "{}", output.stderr);
}
