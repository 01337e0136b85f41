use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Article {
    #[ck(schema = "schema.ckdb")]
    title: String,
}

fn main() {}
