use cloudkit_core::{CkRecord, Location};

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Article {
    titel: String,
    views: String,
    #[ck(searchable)]
    tags: Vec<String>,
    place: Vec<Location>,
}

fn main() {}
