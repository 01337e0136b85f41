//! Generated Rust: names, options and layout. That it compiles, and means the schema, the workspace's own tests show.

use std::io::Write;
use std::process::{Command, Stdio};

use cloudkit_schema::Schema;
use cloudkit_schema::generate::{FieldPath, GenerateError, Options, TypeMapping, generate};

use crate::support::{AWKWARD, EXPORT, foreign_files, is_schema, schema};

fn options_of_all_kinds() -> Vec<Options> {
    let usual = Options::default();
    vec![
        usual.clone(),
        Options { schema: Some("schemas/app.ckdb".to_owned()), ..usual.clone() },
        Options { imports: false, visibility: String::new(), ..usual.clone() },
        Options {
            crate_path: "crate::a_prelude_with_a_long_name::and_another_module::cloudkit".to_owned(),
            visibility: "pub(crate)".to_owned(),
            header: Some("// From the schema.\n\n\n".to_owned()),
            ..usual.clone()
        },
        Options {
            derives: [
                "Clone",
                "Debug",
                "Default",
                "PartialEq",
                "serde::Serialize",
                "serde::Deserialize",
                "schemars::JsonSchema",
            ]
            .map(str::to_owned)
            .into(),
            ..usual.clone()
        },
        Options { derives: Vec::new(), ..usual },
    ]
}

/// What rustfmt makes of the source with its usual settings.
fn rustfmt(source: &str) -> String {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--config", "max_width=100,use_small_heuristics=Default"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("rustfmt is a component of the toolchain");
    child.stdin.take().expect("it is piped").write_all(source.as_bytes()).expect("rustfmt reads");
    let output = child.wait_with_output().expect("rustfmt ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("source is UTF-8")
}

#[test]
fn rustfmt_leaves_generated_source_as_it_is() {
    let mut schemas: Vec<Schema> = [EXPORT, AWKWARD].map(schema).into();
    let files = foreign_files();
    schemas.extend(files.iter().filter(|(path, _)| is_schema(path)).map(|(_, text)| schema(text)));
    for schema in schemas {
        for options in options_of_all_kinds() {
            let source = generate(&schema, &options).unwrap();
            assert_eq!(rustfmt(&source), source);
        }
    }
}

#[test]
fn awkward_names_and_every_type() {
    insta::assert_snapshot!(generate(&schema(AWKWARD), &Options::default()).unwrap());
}

#[test]
fn options_rename_choose_and_map() {
    let path = FieldPath::new;
    let options = Options {
        record_types: Some(vec!["Users".to_owned(), "Article".to_owned()]),
        struct_names: [("Article".to_owned(), "Post".to_owned())].into(),
        field_names: [
            (path("Article", "body"), "text".to_owned()),
            (path("Article", "type"), "kind".to_owned()),
        ]
        .into(),
        field_types: [
            (path("Article", "type"), TypeMapping::new("crate::Kind")),
            (path("Article", "index"), TypeMapping::new("bool")),
            (path("Article", "CD_entityName"), TypeMapping::new("Json<Layout>").without_indexes()),
            (path("Article", "timestamp"), TypeMapping::with("jiff::Timestamp", "crate::Instant")),
            (path("Article", "tags"), TypeMapping::new("Vec<Tag>")),
            (path("Article", "author"), TypeMapping::new("Reference<Author>")),
        ]
        .into(),
        required: [path("Article", "index"), path("Article", "body"), path("Article", "tags")].into(),
        imports: false,
        crate_path: "my_prelude::cloudkit".to_owned(),
        header: Some("// Generated from schema.ckdb.".to_owned()),
        ..Options::default()
    };
    insta::assert_snapshot!(generate(&schema(EXPORT), &options).unwrap());
}

#[test]
fn the_schema_file_gives_the_indexes_if_it_is_named() {
    let options = Options {
        record_types: Some(vec!["Category".to_owned()]),
        schema: Some("schema.ckdb".to_owned()),
        ..Options::default()
    };
    insta::assert_snapshot!(generate(&schema(EXPORT), &options).unwrap());
}

/// The message of options that do not fit the schema of the exports.
#[track_caller]
fn refusal(change: impl FnOnce(&mut Options)) -> String {
    let mut options = Options::default();
    change(&mut options);
    generate(&schema(EXPORT), &options).unwrap_err().to_string()
}

#[test]
fn options_that_do_not_fit_are_refused() {
    let path = FieldPath::new;
    assert_eq!(
        refusal(|it| it.record_types = Some(vec!["Artikle".to_owned()])),
        "the schema has no record type `Artikle`; did you mean `Article`?"
    );
    assert_eq!(
        refusal(|it| _ = it.struct_names.insert("Nothing".to_owned(), "Post".to_owned())),
        "the schema has no record type `Nothing`; names are case-sensitive"
    );
    assert_eq!(
        refusal(|it| _ = it.required.insert(path("Article", "boddy"))),
        "the schema has no field `Article.boddy`; did you mean `body`?"
    );
    assert_eq!(
        refusal(|it| _ = it.field_types.insert(path("Article", "___etag"), TypeMapping::new("String"))),
        "the schema has no field `Article.___etag`; names are case-sensitive"
    );
    assert_eq!(
        refusal(|it| it.record_types = Some(vec!["cloudkit.share".to_owned()])),
        "CloudKit manages record type `cloudkit.share`, and its name is not one that a struct can have; leave it out"
    );
    assert_eq!(
        refusal(|it| _ = it.field_names.insert(path("Article", "body"), "the body".to_owned())),
        "`the body` is not a name in Rust; use letters, digits and `_`, a letter first, and no keyword"
    );
    assert_eq!(
        refusal(|it| _ = it.field_names.insert(path("Article", "body"), "self".to_owned())),
        "`self` is not a name in Rust; use letters, digits and `_`, a letter first, and no keyword"
    );
    assert_eq!(
        refusal(|it| _ = it.field_types.insert(path("Article", "body"), TypeMapping::new("Vec<"))),
        "`Vec<` is not a type in Rust"
    );
    assert_eq!(refusal(|it| it.visibility = "public".to_owned()), "`public` is not a visibility in Rust");
    assert_eq!(
        refusal(|it| it.derives = vec!["a b".to_owned()]),
        "`a b` is not the path of a derive macro in Rust"
    );
    assert_eq!(
        refusal(|it| {
            it.struct_names.insert("Article".to_owned(), "Thing".to_owned());
            it.struct_names.insert("Category".to_owned(), "Thing".to_owned());
        }),
        "`Article` and `Category` are both to be called `Thing`; give one of them another name"
    );
    assert_eq!(
        refusal(|it| {
            it.field_names.insert(path("Article", "body"), "r#type".to_owned());
            it.field_names.insert(path("Article", "key"), "type".to_owned());
        }),
        "`Article.body` and `Article.key` are both to be called `type`; give one of them another name"
    );
}

#[test]
fn a_name_that_the_options_give_wins_over_the_usual_one() {
    let options = Options {
        record_types: Some(vec!["Article".to_owned()]),
        field_names: [(FieldPath::new("Article", "weight"), "body".to_owned())].into(),
        ..Options::default()
    };
    let source = generate(&schema(EXPORT), &options).unwrap();
    assert!(source.contains("#[ck(rename = \"weight\", sortable)]\n    pub body: Option<f64>"), "{source}");
    assert!(
        source.contains("#[ck(rename = \"body\", encrypted)]\n    pub body_2: Option<String>"),
        "{source}"
    );
}

#[test]
fn a_schema_that_breaks_rules_is_refused() {
    let schema = Schema::new().with_record_type(cloudkit_schema::RecordType::new("_x"));
    assert!(matches!(generate(&schema, &Options::default()), Err(GenerateError::Schema(_))));
}

#[test]
fn paths_of_fields_are_read_and_written() {
    let path: FieldPath = "Article.title".parse().unwrap();
    assert_eq!(path, FieldPath::new("Article", "title"));
    assert_eq!(path.to_string(), "Article.title");
    for text in ["Article", ".title", "Article.", ""] {
        assert!(text.parse::<FieldPath>().is_err(), "{text}");
    }
}
