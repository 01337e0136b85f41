use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck]
    views: i64,
}

fn main() {}
