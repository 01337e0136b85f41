use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(queryable)]
struct Article {
    title: String,
}

fn main() {}
