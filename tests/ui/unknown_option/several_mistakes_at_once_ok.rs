use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(rename = "headline")]
    title: String,
    #[ck(queryable, sortable)]
    views: i64,
    secret: String,
    #[ck(rename = "likes")]
    likes: i64,
}

fn main() {}
