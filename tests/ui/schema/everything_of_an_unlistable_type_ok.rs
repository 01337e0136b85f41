use cloudkit_core::query::Answerable;
use cloudkit_core::{CkRecord, Query};

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Patient {
    number: i64,
}

fn answerable<R, F: Answerable<R>>(_: &Query<R, F>) {}

fn main() {
    answerable(&Query::<Patient>::new());
}
