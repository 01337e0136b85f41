use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Page<T> {
    content: Vec<T>,
}

fn main() {}
