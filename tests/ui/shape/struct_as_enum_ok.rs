use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Status {
    draft: bool,
}

fn main() {}
