use cloudkit_core::CkRecord;

#[derive(CkRecord)]
struct Number {
    whole: i64,
    real: f64,
}

fn main() {}
