use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    first_line: String,
    line1: String,
}

fn main() {}
