use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Page {
    content: String,
}

fn main() {}
