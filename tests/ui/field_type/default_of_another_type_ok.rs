use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(default = "one")]
    likes: i64,
}

fn one() -> i64 {
    1
}

fn main() {}
