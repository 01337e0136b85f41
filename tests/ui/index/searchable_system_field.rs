use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(index(modified_at(searchable)))]
struct Article {
    title: String,
}

fn main() {}
