use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Patient {
    number: i64,
}

fn main() {}
