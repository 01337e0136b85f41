use cloudkit_core::{CkRecord, Timestamp};

#[derive(CkRecord)]
struct Article {
    #[ck(default = "epoch")]
    published_at: Timestamp,
}

fn epoch() -> Timestamp {
    Timestamp::from_millis(0)
}

fn main() {}
