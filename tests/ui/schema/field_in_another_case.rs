use cloudkit_core::{CkRecord, Timestamp};

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection, rename_all = "snake_case")]
struct Article {
    published_at: Timestamp,
}

fn main() {}
