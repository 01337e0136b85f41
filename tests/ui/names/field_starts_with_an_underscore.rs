use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    _cached: i64,
}

fn main() {}
