use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection, record_type = "Article")]
struct Articles {
    title: String,
}

fn main() {}
