use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(record_type = "Article")]
struct Article {
    title: String,
}

fn main() {}
