use cloudkit_core::{CkRecord, Query, Timestamp};

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Article {
    title: String,
}

fn main() {
    let _ = Query::<Article>::new().filter(|a| a.created_at().gt(Timestamp::from_millis(0)));
}
