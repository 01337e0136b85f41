use cloudkit_core::{Asset, CkRecord};

#[derive(CkRecord)]
struct Article {
    photo: Asset,
}

fn main() {}
