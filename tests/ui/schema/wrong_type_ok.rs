use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Article {
    views: u32,
}

fn main() {}
