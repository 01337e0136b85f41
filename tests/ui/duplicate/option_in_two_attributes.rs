use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(rename = "hits")]
    #[ck(rename = "seen")]
    views: i64,
}

fn main() {}
