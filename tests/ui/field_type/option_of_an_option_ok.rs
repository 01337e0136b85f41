use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    subtitle: Option<String>,
}

fn main() {}
