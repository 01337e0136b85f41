use cloudkit_core::{CkRecord, Query};

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection, record_type = "Patient")]
struct Page {
    number: i64,
}

fn main() {
    let _ = Query::<Page>::new().filter(|a| a.number.eq(5));
}
