use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    cached: i64,
}

fn main() {}
