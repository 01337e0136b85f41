use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    views: i64,
}

fn main() {}
