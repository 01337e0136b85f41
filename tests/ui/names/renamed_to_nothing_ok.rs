use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(rename = "headline")]
    title: String,
}

fn main() {}
