use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(queryable)]
    title: String,
}

fn main() {}
