use cloudkit_core::CkEnum;

#[derive(CkEnum)]
enum Status {
    Draft,
    Published(i64),
}

fn main() {}
