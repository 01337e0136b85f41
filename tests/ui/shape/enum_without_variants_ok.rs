use cloudkit_core::CkEnum;

#[derive(CkEnum)]
enum Status {
    Draft,
}

fn main() {}
