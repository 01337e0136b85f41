use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(rename_all = "snake_case")]
struct Article {
    title_text: String,
}

fn main() {}
