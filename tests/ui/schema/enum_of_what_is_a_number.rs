use cloudkit_core::{CkEnum, CkRecord};

#[derive(CkEnum)]
enum Status {
    Draft,
    Live,
}

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Article {
    views: Status,
}

fn main() {}
