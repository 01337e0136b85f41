use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Page {
    content: Vec<String>,
}

fn main() {}
