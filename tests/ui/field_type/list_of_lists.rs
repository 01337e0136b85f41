use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    grid: Vec<Vec<String>>,
}

fn main() {}
