use cloudkit_core::{CkRecord, Reference};

#[derive(CkRecord)]
struct Article {
    #[ck(queryable)]
    parent: Option<Reference<Article>>,
}

fn main() {}
