use cloudkit_core::{CkRecord, Query};

#[derive(CkRecord)]
struct Article {
    #[ck(queryable)]
    tags: Vec<String>,
}

fn main() {
    let _ = Query::<Article>::new().sort(|a| a.tags.ascending());
}
