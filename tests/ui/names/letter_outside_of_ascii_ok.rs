use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    size: i64,
}

fn main() {}
