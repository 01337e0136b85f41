use cloudkit_core::{CkRecord, CkRecords};

#[derive(CkRecord)]
struct Article {
    title: String,
}

#[derive(CkRecords)]
enum Any {
    Article(Article, String),
}

fn main() {}
