//! Mistakes, each with the message that the compiler gives for it, and beside each the same program without it.
//!
//! `theme/mistake.rs` does not compile, and says `theme/mistake.stderr`; `theme/mistake_ok.rs` compiles. After a change
//! of messages, `TRYBUILD=overwrite cargo test -p cloudkit-ui` writes them anew: read the difference.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn each_mistake_has_its_message_and_its_remedy() {
    let cases = trybuild::TestCases::new();
    for theme in sorted(Path::new(".")).iter().filter(|path| path.is_dir()) {
        for case in sorted(theme).iter().filter(|path| path.extension().is_some_and(|is| is == "rs")) {
            let stem = case.with_extension("");
            let stem = stem.to_string_lossy();
            if stem.ends_with("_ok") {
                cases.pass(case);
            } else {
                let sibling = PathBuf::from(format!("{stem}_ok.rs"));
                assert!(
                    sibling.exists(),
                    "{} lacks a sibling that compiles: {}",
                    case.display(),
                    sibling.display()
                );
                cases.compile_fail(case);
            }
        }
    }
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder is in the repository")
        .map(|entry| entry.expect("the folder can be read").path())
        .collect();
    paths.sort();
    paths
}
