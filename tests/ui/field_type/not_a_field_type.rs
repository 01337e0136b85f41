use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    length: std::time::Duration,
}

fn main() {}
