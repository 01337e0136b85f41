use cloudkit_core::{Asset, CkRecord};

#[derive(CkRecord)]
struct Article {
    #[ck(queryable)]
    photo: Asset,
}

fn main() {}
