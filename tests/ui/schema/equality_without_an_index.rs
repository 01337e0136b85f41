use cloudkit_core::{CkRecord, Query};

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Article {
    views: i64,
}

fn main() {
    let _ = Query::<Article>::new().filter(|a| a.views.eq(5));
}
