use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Page<'a> {
    content: &'a str,
}

fn main() {}
