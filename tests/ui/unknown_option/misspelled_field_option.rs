use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(renam = "headline")]
    title: String,
}

fn main() {}
