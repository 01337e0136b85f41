use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(index(modified_at(queryable)))]
struct Article {
    title: String,
}

fn main() {}
