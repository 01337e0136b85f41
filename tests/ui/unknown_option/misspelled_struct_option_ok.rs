use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(record_type = "News")]
struct Article {
    title: String,
}

fn main() {}
