use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(rename = "2nd")]
    second: i64,
}

fn main() {}
