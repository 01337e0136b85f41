use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(index(modified_at))]
struct Article {
    views: i64,
}

fn main() {}
