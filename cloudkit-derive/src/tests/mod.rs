//! What the macros write, beside what they were given. After a change, `INSTA_UPDATE=always cargo test -p cloudkit-derive`
//! writes the expansions anew: read the difference.

use proc_macro2::TokenStream;

use crate::names::{self, BadName};
use crate::{enumeration, record, records};

/// Holds the input and its expansion in `snapshots/<name>.snap`.
#[track_caller]
fn check(name: &str, derive: fn(TokenStream) -> TokenStream, input: &str) {
    let tokens: TokenStream = input.parse().expect("the input is Rust");
    let file: syn::File = syn::parse2(derive(tokens)).expect("the expansion is Rust");
    let both = format!("{}\n// becomes\n\n{}", input.trim(), prettyplease::unparse(&file));
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, both);
    });
}

#[test]
fn a_record_of_one_field() {
    check("a_record_of_one_field", record::derive, "struct Article {\n    title: String,\n}\n");
}

#[test]
fn every_option_of_a_record() {
    check(
        "every_option_of_a_record",
        record::derive,
        r#"
#[ck(record_type = "News", rename_all = "snake_case", crate = "crate::cloudkit", projection)]
#[ck(index(record_name(queryable), modified_at(queryable, sortable)))]
pub struct Article {
    #[ck(rename = "headline", queryable, sortable, searchable)]
    pub title: String,
    #[ck(encrypted)]
    notes: Option<String>,
    #[ck(default)]
    likes: i64,
    #[ck(default = "one")]
    pub(crate) copies: i64,
    #[ck(with = "Seconds")]
    length: std::time::Duration,
    #[ck(skip)]
    cached: Option<u64>,
}
"#,
    );
}

#[test]
fn names_that_are_taken() {
    check(
        "names_that_are_taken",
        record::derive,
        "pub(super) struct Task {\n    r#type: String,\n    pub state: state::State,\n    record_name: String,\n    parent: Option<Reference<Self>>,\n}\n",
    );
}

#[test]
fn after_mistakes_the_impl_is_still_there() {
    check(
        "after_mistakes_the_impl_is_still_there",
        record::derive,
        "struct Article {\n    #[ck(renam = \"headline\")]\n    title: String,\n    #[ck(rename = \"title\")]\n    subtitle: String,\n}\n",
    );
}

#[test]
fn something_that_is_no_record() {
    check("something_that_is_no_record", record::derive, "struct Page<T>(Vec<T>)\nwhere\n    T: Clone;\n");
}

#[test]
fn an_enum_of_records() {
    check(
        "an_enum_of_records",
        records::derive,
        "enum Any {\n    Article(Article),\n    Author(AuthorRecord),\n}\n",
    );
}

#[test]
fn an_enum_that_is_stored_as_text() {
    check(
        "an_enum_that_is_stored_as_text",
        enumeration::derive,
        "enum Status {\n    Draft,\n    #[ck(rename = \"live\")]\n    Published,\n    #[ck(other)]\n    Unknown(String),\n}\n",
    );
}

#[test]
fn names_that_cloudkit_refuses() {
    assert_eq!(names::check("publishedAt2_x"), Ok(()));
    assert_eq!(names::check(&"x".repeat(255)), Ok(()));
    assert_eq!(names::check(""), Err(BadName::Empty));
    assert_eq!(names::check("_x"), Err(BadName::Reserved));
    assert_eq!(names::check("2x"), Err(BadName::FirstLetter));
    assert_eq!(names::check("a-b"), Err(BadName::Letter('-')));
    assert_eq!(names::check(&"x".repeat(256)), Err(BadName::TooLong(256)));
}
