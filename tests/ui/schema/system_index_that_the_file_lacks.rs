use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection, index(record_name(queryable)))]
struct Article {
    title: String,
}

fn main() {}
