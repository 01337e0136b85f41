use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    subtitle: Option<Option<String>>,
}

fn main() {}
