use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    #[ck(encrypted, queryable)]
    notes: String,
}

fn main() {}
