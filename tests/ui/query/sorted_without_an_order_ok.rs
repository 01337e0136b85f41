use cloudkit_core::{CkRecord, Query};

#[derive(CkRecord)]
struct Article {
    #[ck(sortable)]
    views: i64,
}

fn main() {
    let _ = Query::<Article>::new().sort(|a| a.views.descending());
}
