use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    grid: Vec<String>,
}

fn main() {}
