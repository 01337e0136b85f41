use cloudkit_core::CkRecord;

#[derive(CkRecord)]
union Number {
    whole: i64,
    real: f64,
}

fn main() {}
