use cloudkit_core::{CkRecord, Query, Reference};

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Article {
    editor: Option<Reference>,
}

fn main() {
    let _ = Query::<Article>::new().filter(|a| a.editor.eq(Reference::new("ines")));
}
