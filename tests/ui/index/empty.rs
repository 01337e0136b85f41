use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(index())]
struct Article {
    title: String,
}

fn main() {}
