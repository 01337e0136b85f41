use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Page {
    content: Vec<u8>,
}

fn main() {}
