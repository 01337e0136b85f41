use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(rename)]
    views: i64,
}

fn main() {}
