use cloudkit_core::{CkRecord, Query};

#[derive(CkRecord)]
struct Article {
    #[ck(sortable)]
    title: String,
}

fn main() {
    let _ = Query::<Article>::new().sort(|a| a.title.ascending());
}
