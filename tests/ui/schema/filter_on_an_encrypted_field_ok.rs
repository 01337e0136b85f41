use cloudkit_core::{CkRecord, Query};

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Patient {
    #[ck(encrypted)]
    history: String,
    number: i64,
}

fn main() {
    let _ = Query::<Patient>::new().filter(|a| a.number.eq(5));
}
