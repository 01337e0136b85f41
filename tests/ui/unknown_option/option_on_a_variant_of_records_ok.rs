use cloudkit_core::{CkRecord, CkRecords};

#[derive(CkRecord)]
#[ck(record_type = "News")]
struct Article {
    title: String,
}

#[derive(CkRecords)]
enum Any {
    Article(Article),
}

fn main() {}
