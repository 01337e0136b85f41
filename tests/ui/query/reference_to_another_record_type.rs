use cloudkit_core::{CkRecord, Query, Reference};

#[derive(CkRecord)]
struct Article {
    #[ck(queryable)]
    parent: Reference<Article>,
}

#[derive(CkRecord)]
struct Author {
    name: String,
}

fn main() {
    let author = Reference::<Author>::new("ann");
    let _ = Query::<Article>::new().filter(|a| a.parent.eq(author));
}
