use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection, index(modified_at(queryable)))]
struct Article {
    title: String,
}

fn main() {}
