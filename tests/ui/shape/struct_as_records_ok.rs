use cloudkit_core::{CkRecord, CkRecords};

#[derive(CkRecord)]
struct Article {
    title: String,
}

#[derive(CkRecords)]
enum Both {
    Article(Article),
}

fn main() {}
