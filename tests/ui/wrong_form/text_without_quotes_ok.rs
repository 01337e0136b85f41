use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(rename = "hits")]
    views: i64,
}

fn main() {}
