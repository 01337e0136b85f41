use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(searchable)]
    views: i64,
}

fn main() {}
