use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(renam = "headline")]
    title: String,
    #[ck(querable, sortable = "yes")]
    views: i64,
    _secret: String,
    #[ck(rename = "views")]
    likes: i64,
}

fn main() {}
