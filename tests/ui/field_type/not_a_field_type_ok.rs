use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    length: i64,
}

fn main() {}
