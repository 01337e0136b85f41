use cloudkit_core::{CkRecord, Query, Reference, RecordName};

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
    let author = Reference::<Author>::new(RecordName::new("ann").unwrap());
    let _ = Query::<Article>::new().filter(|a| a.parent.eq(author));
}
