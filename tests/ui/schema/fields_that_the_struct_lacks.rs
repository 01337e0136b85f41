use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb")]
struct Article {
    title: String,
    views: i64,
}

fn main() {}
