use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(encrypted)]
    notes: String,
}

fn main() {}
