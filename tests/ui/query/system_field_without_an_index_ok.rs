use cloudkit_core::{CkRecord, Query};

#[derive(CkRecord)]
#[ck(index(modified_at(sortable)))]
struct Article {
    title: String,
}

fn main() {
    let _ = Query::<Article>::new().sort(|a| a.modified_at().descending());
}
