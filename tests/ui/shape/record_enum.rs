use cloudkit_core::CkRecord;

#[derive(CkRecord)]
enum Status {
    Draft,
}

fn main() {}
