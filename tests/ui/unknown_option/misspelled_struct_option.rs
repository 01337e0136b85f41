use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(record_typ = "News")]
struct Article {
    title: String,
}

fn main() {}
