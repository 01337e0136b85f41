use cloudkit_core::{CkRecord, Query};

#[derive(CkRecord)]
struct Article {
    #[ck(queryable)]
    title: String,
}

fn main() {
    let _ = Query::<Article>::new().filter(|a| a.title.eq("Rust"));
}
