use cloudkit_core::{CkRecord, Query};

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Article {
    tags: Vec<String>,
}

fn main() {
    let _ = Query::<Article>::new().filter(|a| a.tags.contains("rust"));
}
