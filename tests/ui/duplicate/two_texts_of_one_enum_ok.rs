use cloudkit_core::CkEnum;

#[derive(CkEnum)]
enum Status {
    Draft,
    #[ck(rename = "sketch")]
    Sketch,
}

fn main() {}
