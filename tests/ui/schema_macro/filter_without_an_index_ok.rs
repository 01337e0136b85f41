use cloudkit_core::{Query, schema};

schema!("schema.ckdb");

fn main() {
    let _ = Query::<Article>::new().filter(|a| a.tags.contains("rust"));
}
