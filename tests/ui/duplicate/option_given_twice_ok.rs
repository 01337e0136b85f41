use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(queryable, sortable)]
    views: i64,
}

fn main() {}
