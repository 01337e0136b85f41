use cloudkit_core::{CkRecord, Query, Timestamp};

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Article {
    published_at: Timestamp,
}

fn main() {
    let _ = Query::<Article>::new()
        .filter(|a| a.published_at.ne(Timestamp::from_millis(0)))
        .sort(|a| a.modified_at().descending());
}
