use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb")]
struct Patient {
    #[ck(encrypted)]
    history: Option<String>,
    number: i64,
}

fn main() {}
