use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    line_1: String,
    line1: String,
}

fn main() {}
