use cloudkit_core::{CkRecord, Query};

#[derive(CkRecord)]
struct Article {
    #[ck(queryable)]
    title: String,
}

#[derive(CkRecord)]
struct Author {
    #[ck(queryable)]
    name: String,
}

fn main() {
    let mut named = None;
    let _ = Query::<Author>::new().filter(|a| named.insert(a.name.eq("Ann")).clone());
    let named = named.unwrap();
    let _ = Query::<Article>::new().filter(|_| named);
}
