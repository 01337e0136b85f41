use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(index(created_by(queryable)))]
struct Article {
    title: String,
}

fn main() {}
