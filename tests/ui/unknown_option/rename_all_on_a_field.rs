use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(rename_all = "snake_case")]
    title_text: String,
}

fn main() {}
