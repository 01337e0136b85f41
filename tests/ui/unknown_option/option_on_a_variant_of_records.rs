use cloudkit_core::{CkRecord, CkRecords};

#[derive(CkRecord)]
struct Article {
    title: String,
}

#[derive(CkRecords)]
enum Any {
    #[ck(rename = "News")]
    Article(Article),
}

fn main() {}
