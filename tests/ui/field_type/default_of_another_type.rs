use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(default = "one")]
    likes: i64,
}

fn one() -> String {
    "one".to_owned()
}

fn main() {}
