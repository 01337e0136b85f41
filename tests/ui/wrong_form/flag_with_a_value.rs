use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(queryable = true)]
    views: i64,
}

fn main() {}
