use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(sortable)]
    tags: Vec<String>,
}

fn main() {}
