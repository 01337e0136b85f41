use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(index(etag(queryable)))]
struct Article {
    title: String,
}

fn main() {}
