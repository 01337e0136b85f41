use cloudkit_core::{CkRecord, Reference};

#[derive(CkRecord)]
struct Article {
    #[ck(sortable)]
    parent: Option<Reference<Article>>,
}

fn main() {}
