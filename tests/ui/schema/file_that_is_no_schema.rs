use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(schema = "program.ckdb")]
struct Article {
    title: String,
}

fn main() {}
