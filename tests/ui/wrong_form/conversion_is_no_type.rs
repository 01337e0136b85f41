use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(with = "as seconds")]
    views: i64,
}

fn main() {}
