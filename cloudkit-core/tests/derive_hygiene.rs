//! Derived code beside names of the user's own, under the strictest lints. Compiling is the test.
#![cfg(feature = "derive")]
#![deny(warnings, missing_docs, unreachable_pub, missing_debug_implementations, private_interfaces)]
#![deny(unused, unused_qualifications, non_camel_case_types, clippy::pedantic, clippy::nursery)]
#![expect(clippy::redundant_pub_crate, reason = "`unreachable_pub` asks for the opposite")]
#![forbid(unsafe_code)]

pub mod library {
    //! Public types with private parts.
    use cloudkit_core::{CkEnum, CkRecord, CkRecords, Reference};

    /// A record with fields of every visibility, named as the macro names things of its own.
    #[derive(CkRecord, Debug)]
    #[ck(index(record_name(queryable)))]
    pub struct Task {
        /// Public.
        #[ck(queryable, sortable)]
        pub title: String,
        pub(crate) record_name: i64,
        pub(super) created_at: String,
        pub(in crate::library) fields: Option<bool>,
        state: State,
        r#type: Vec<String>,
        #[ck(encrypted)]
        r#match: Option<String>,
        parent: Option<Reference<Self>>,
    }

    /// Private, and the type of a field of a public struct.
    #[derive(CkEnum, Debug, Default)]
    enum State {
        #[default]
        Open,
        #[ck(other)]
        Other(String),
    }

    /// Records of one type.
    #[derive(CkRecords, Debug)]
    pub enum Any {
        /// The one type.
        Task(Task),
    }

    impl Task {
        /// A task of this title.
        #[must_use]
        pub fn new(title: &str) -> Self {
            Self {
                title: title.to_owned(),
                record_name: 1,
                created_at: String::new(),
                fields: None,
                state: State::default(),
                r#type: Vec::new(),
                r#match: None,
                parent: None,
            }
        }

        /// Everything about it.
        #[must_use]
        pub fn describe(&self) -> String {
            let Self { title, record_name, created_at, fields, state, r#type, r#match, parent } = self;
            let state = state.as_str();
            format!("{title} {record_name} {created_at} {fields:?} {state} {type:?} {match:?} {parent:?}")
        }
    }
}

mod shadow {
    #![expect(dead_code, non_camel_case_types, reason = "what matters about these is their names")]

    struct Option;
    struct Result;
    struct String;
    struct Vec;
    struct Some;
    struct None;
    struct Ok;
    struct Default;
    struct str;
    struct bool;
    struct usize;
    mod core {}
    mod std {}
    mod cloudkit_core {}

    #[derive(::cloudkit_core::CkRecord)]
    pub(super) struct Shadowed {
        pub(super) cloudkit_core: i64,
        core: i64,
        str: i64,
        usize: i64,
        i64: i64,
        #[ck(default)]
        name: i64,
        index: ::core::option::Option<::std::string::String>,
        state: state::State,
    }

    mod state {
        #[derive(::cloudkit_core::CkEnum)]
        pub(super) enum State {
            Ok,
            Err,
        }
    }
}

mod prelude {
    pub(crate) mod cloudkit {
        pub(crate) use cloudkit_core::*;
    }
}

#[test]
fn records_of_one_name_live_side_by_side() {
    use cloudkit_core::{CkRecord, Query};

    /// As another one.
    #[derive(CkRecord, Debug)]
    #[ck(crate = "crate::prelude::cloudkit")]
    struct Task {
        #[ck(queryable)]
        title: String,
    }

    let inner = Query::<Task>::new().filter(|task| task.title.eq("x"));
    let outer = Query::<library::Task>::new().filter(|task| task.title.eq("x"));
    assert_eq!(format!("{inner:?}"), format!("{outer:?}"));
    assert_eq!(Task { title: "x".to_owned() }.title, "x");
    assert_eq!(library::Task::new("x").describe(), "x 1  None open [] None None");
    assert_eq!(shadow::Shadowed::RECORD_TYPE, "Shadowed");
}
