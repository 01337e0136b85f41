use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(primary_key)]
    title: String,
}

fn main() {}
