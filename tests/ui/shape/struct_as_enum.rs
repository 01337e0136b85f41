use cloudkit_core::CkEnum;

#[derive(CkEnum)]
struct Status {
    draft: bool,
}

fn main() {}
