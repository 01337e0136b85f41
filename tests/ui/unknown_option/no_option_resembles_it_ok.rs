use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    title: String,
}

fn main() {}
