use cloudkit_core::CkEnum;

#[derive(CkEnum)]
enum Status {
    Draft,
    #[ck(rename = "draft")]
    Sketch,
}

fn main() {}
