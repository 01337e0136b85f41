use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(record_type = "_Article")]
struct Article {
    title: String,
}

fn main() {}
