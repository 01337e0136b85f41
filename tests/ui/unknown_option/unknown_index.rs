use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(index(modified_at(sorted)))]
struct Article {
    title: String,
}

fn main() {}
