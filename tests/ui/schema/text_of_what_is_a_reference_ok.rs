use cloudkit_core::{CkRecord, Reference};

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Article {
    author: Reference,
}

fn main() {}
