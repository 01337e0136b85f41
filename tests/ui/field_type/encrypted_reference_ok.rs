use cloudkit_core::{CkRecord, Reference};

#[derive(CkRecord)]
struct Article {
    parent: Reference<Article>,
}

fn main() {}
