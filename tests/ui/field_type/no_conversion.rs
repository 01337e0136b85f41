use cloudkit_core::CkRecord;
use cloudkit_core::value::Conversion;
use std::time::Duration;

struct Seconds;

impl Conversion<i32> for Seconds {
    type Value = i64;
    type Error = std::num::TryFromIntError;

    fn to_value(seconds: &i32) -> Result<i64, Self::Error> {
        Ok(i64::from(*seconds))
    }

    fn from_value(seconds: i64) -> Result<i32, Self::Error> {
        seconds.try_into()
    }
}

#[derive(CkRecord)]
struct Track {
    #[ck(with = "Seconds")]
    length: Duration,
}

fn main() {}
