use cloudkit_core::{CkEnum, CkRecord};

#[derive(CkEnum)]
enum Status {
    Draft,
    Live,
}

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Article {
    title: Status,
}

fn main() {}
