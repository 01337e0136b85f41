use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Article {
    published_at: i64,
}

fn main() {}
