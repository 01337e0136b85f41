use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(record_type = "NewsArticle")]
struct Article {
    title: String,
}

fn main() {}
