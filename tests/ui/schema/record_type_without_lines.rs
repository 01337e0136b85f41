use cloudkit_core::{CkRecord, Query};

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Page {
    title: String,
}

fn main() {
    let _ = Query::<Page>::new().filter(|a| a.title.eq("x"));
}
