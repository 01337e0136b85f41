use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(skip)]
    cached: i64,
}

fn main() {}
