use cloudkit_core::{CkRecord, Query};

#[derive(CkRecord)]
#[ck(schema = "shema.ckdb", projection)]
struct Article {
    title: String,
}

fn main() {
    let _ = Query::<Article>::new().filter(|a| a.title.eq("x"));
}
