use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Patient {
    #[ck(encrypted)]
    history: String,
}

fn main() {}
