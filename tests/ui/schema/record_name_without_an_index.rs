use cloudkit_core::{CkRecord, Query, Reference};

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Article {
    title: String,
}

fn main() {
    let _ = Query::<Article>::new().filter(|a| a.record_name().eq(Reference::new("x")));
}
