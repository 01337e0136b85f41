use cloudkit_core::{CkRecord, Reference};

#[derive(CkRecord)]
struct Article {
    #[ck(encrypted)]
    parent: Reference<Article>,
}

fn main() {}
