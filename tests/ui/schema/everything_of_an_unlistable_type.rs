use cloudkit_core::query::Answerable;
use cloudkit_core::{CkRecord, Query};

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Article {
    title: String,
}

fn answerable<R, F: Answerable<R>>(_: &Query<R, F>) {}

fn main() {
    answerable(&Query::<Article>::new());
}
