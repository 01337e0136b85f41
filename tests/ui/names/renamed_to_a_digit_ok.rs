use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(rename = "second")]
    second: i64,
}

fn main() {}
