use cloudkit_core::{CkRecord, Timestamp};

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Article {
    published_at: Timestamp,
}

fn main() {}
