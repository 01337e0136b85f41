use cloudkit_core::CkEnum;

#[derive(CkEnum)]
enum Status {
    Draft,
    #[ck(other)]
    Unknown(String),
}

fn main() {}
