use cloudkit_core::{CkRecord, Location, Query};

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Article {
    place: Location,
    tags: Vec<String>,
}

fn main() {
    let _ = Query::<Article>::new().filter(|a| a.tags.contains("x")).sort(|a| a.modified_at().ascending());
}
