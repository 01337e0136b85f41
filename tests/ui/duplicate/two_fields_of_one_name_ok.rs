use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    is_done: bool,
    #[ck(rename = "wasDone")]
    done: bool,
}

fn main() {}
