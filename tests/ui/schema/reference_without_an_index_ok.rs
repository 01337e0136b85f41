use cloudkit_core::{CkRecord, Query, Reference};

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Article {
    author: Option<Reference>,
}

fn main() {
    let _ = Query::<Article>::new().filter(|a| a.author.eq(Reference::new("ines")));
}
