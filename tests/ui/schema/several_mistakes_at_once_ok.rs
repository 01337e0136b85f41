use cloudkit_core::{CkRecord, Location};

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Article {
    title: String,
    views: i64,
    tags: Vec<String>,
    place: Location,
}

fn main() {}
