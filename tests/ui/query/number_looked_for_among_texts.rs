use cloudkit_core::{CkRecord, Query};

#[derive(CkRecord)]
struct Article {
    #[ck(queryable)]
    views: i64,
}

fn main() {
    let _ = Query::<Article>::new().filter(|a| a.views.is_in(["1", "2"]));
}
