//! The hook by which a program tells `cloudkit schema emit` what it needs, run as that command runs it.
#![expect(clippy::unwrap_used, reason = "a test that panics is a test that failed")]

use std::process::Command;

use cloudkit_core::CkRecord;
use cloudkit_core::schema::{EmitError, Schema, emit, emit_when_asked};

#[derive(CkRecord)]
#[expect(dead_code, reason = "only the schema is looked at")]
struct Article {
    #[ck(queryable)]
    title: String,
}

#[derive(CkRecord)]
#[expect(dead_code, reason = "only the schema is looked at")]
struct Author {
    name: String,
}

#[test]
fn emit_schema() -> Result<(), EmitError> {
    emit_when_asked::<(Article, Author)>()
}

#[test]
fn the_hook_writes_where_it_is_asked_to_and_says_if_it_cannot() {
    let directory = std::env::temp_dir().join(format!("cloudkit-emit-test-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let run = |wanted: &std::path::Path| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["emit_schema", "--exact"]).env("CLOUDKIT_EMIT_SCHEMA", wanted).output().unwrap()
    };
    assert!(run(&directory).status.success());
    let files: Vec<_> = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [file] = files.as_slice() else { panic!("{files:?}") };
    let text = std::fs::read_to_string(file).unwrap();
    assert_eq!(text, emit::<(Article, Author)>().unwrap());
    let schema = Schema::parse(&text).unwrap();
    assert!(schema.record_type("Article").is_some() && schema.record_type("Author").is_some());

    let nowhere = run(&directory.join("nowhere"));
    assert!(!nowhere.status.success());
    let said =
        String::from_utf8_lossy(&nowhere.stdout).into_owned() + &String::from_utf8_lossy(&nowhere.stderr);
    assert!(said.contains("nowhere"), "{said}");
    std::fs::remove_dir_all(&directory).unwrap();
}
