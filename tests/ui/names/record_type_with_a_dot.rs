use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(record_type = "news.Article")]
struct Article {
    title: String,
}

fn main() {}
