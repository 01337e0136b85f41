use cloudkit_core::{CkRecord, CkRecords};

#[derive(CkRecord)]
struct Article {
    title: String,
}

#[derive(CkRecords)]
struct Both {
    article: Article,
}

fn main() {}
