use cloudkit_core::{Asset, CkRecord};

#[derive(CkRecord)]
struct Article {
    #[ck(encrypted)]
    photo: Asset,
}

fn main() {}
