use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    views: u64,
}

fn main() {}
