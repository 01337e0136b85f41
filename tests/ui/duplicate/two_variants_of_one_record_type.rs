use cloudkit_core::{CkRecord, CkRecords};

#[derive(CkRecord)]
struct Article {
    title: String,
}

#[derive(CkRecord)]
#[ck(record_type = "Article")]
struct Summary {
    summary: String,
}

#[derive(CkRecords)]
enum Any {
    Article(Article),
    Summary(Summary),
}

fn main() {}
