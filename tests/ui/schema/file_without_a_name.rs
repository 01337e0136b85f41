use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(schema, projection)]
struct Article {
    title: String,
}

fn main() {}
