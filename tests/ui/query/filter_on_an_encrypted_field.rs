use cloudkit_core::{CkRecord, Query};

#[derive(CkRecord)]
struct Article {
    #[ck(encrypted)]
    notes: String,
    #[ck(queryable)]
    title: String,
}

fn main() {
    let _ = Query::<Article>::new().filter(|a| a.notes.eq("secret"));
}
