use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(rename = "head-line")]
    title: String,
}

fn main() {}
