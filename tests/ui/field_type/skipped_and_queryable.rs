use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(queryable, skip)]
    cached: i64,
}

fn main() {}
