use cloudkit_core::{CkRecord, Timestamp};

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Article {
    #[ck(queryable, sortable)]
    published_at: Timestamp,
}

fn main() {}
