use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article(String);

fn main() {}
