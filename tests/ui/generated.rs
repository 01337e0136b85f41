//! What is generated from schemas of other projects compiles without a warning.
//!
//! The schemas are the `.ckdb` files of the directory in `CLOUDKIT_SCHEMA_FILES`. They are not ours to publish; the
//! structs of our own are in the end-to-end tests.

use std::path::Path;

use cloudkit_schema::Schema;
use cloudkit_schema::generate::{Options, generate};

#[test]
fn structs_of_other_projects_compile_without_a_warning() {
    let Some(directory) = std::env::var_os("CLOUDKIT_SCHEMA_FILES") else {
        println!("CLOUDKIT_SCHEMA_FILES names no directory of schema files: nothing to compile");
        return;
    };
    let cases = trybuild::TestCases::new();
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("generated");
    std::fs::create_dir_all(&out).expect("the directory can be made");
    let mut count = 0;
    for entry in std::fs::read_dir(&directory).expect("CLOUDKIT_SCHEMA_FILES is a directory") {
        let path = entry.expect("the directory can be read").path();
        let Some(name) = path.file_stem().map(|name| name.to_string_lossy().into_owned()) else { continue };
        if path.extension().is_none_or(|extension| extension != "ckdb") || name.contains("not-a-schema") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("the file is text");
        let schema = Schema::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        // Nothing uses the structs here, which is no fault of theirs.
        let header = "#![deny(warnings)]\n#![allow(dead_code)]".to_owned();
        let options = Options { header: Some(header), ..Options::default() };
        let source = generate(&schema, &options).unwrap_or_else(|error| panic!("{name}: {error}"));
        let file = out.join(format!("{name}.rs"));
        std::fs::write(&file, source + "\nfn main() {}\n").expect("the file can be written");
        cases.pass(&file);
        count += 1;
    }
    assert!(count > 0, "CLOUDKIT_SCHEMA_FILES has no .ckdb files");
}
