use cloudkit_core::CkEnum;

#[derive(CkEnum)]
enum Status {}

fn main() {}
