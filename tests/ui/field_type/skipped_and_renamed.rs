use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(skip, rename = "cache")]
    cached: i64,
}

fn main() {}
