use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(queryable)]
    tags: Vec<String>,
}

fn main() {}
