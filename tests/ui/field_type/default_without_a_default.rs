use cloudkit_core::{CkRecord, Timestamp};

#[derive(CkRecord)]
struct Article {
    #[ck(default)]
    published_at: Timestamp,
}

fn main() {}
