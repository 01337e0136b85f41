use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article;

fn main() {}
