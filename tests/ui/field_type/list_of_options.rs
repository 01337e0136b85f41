use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    tags: Vec<Option<String>>,
}

fn main() {}
