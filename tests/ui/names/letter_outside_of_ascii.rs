use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Article {
    größe: i64,
}

fn main() {}
