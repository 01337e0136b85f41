use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(rename = "headLine")]
    title: String,
}

fn main() {}
