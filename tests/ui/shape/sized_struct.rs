use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Page<const N: usize> {
    content: [u8; N],
}

fn main() {}
