use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(index(modified_at(sortable)))]
struct Article {
    title: String,
}

fn main() {}
