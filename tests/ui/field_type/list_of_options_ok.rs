use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    tags: Option<Vec<String>>,
}

fn main() {}
