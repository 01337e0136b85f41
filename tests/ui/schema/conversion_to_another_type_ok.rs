use cloudkit_core::CkRecord;
use cloudkit_core::value::Conversion;

struct Seconds;

impl Conversion<std::time::Duration> for Seconds {
    type Value = i64;
    type Error = std::num::TryFromIntError;

    fn to_value(duration: &std::time::Duration) -> Result<i64, Self::Error> {
        duration.as_secs().try_into()
    }

    fn from_value(seconds: i64) -> Result<std::time::Duration, Self::Error> {
        Ok(std::time::Duration::from_secs(seconds.try_into()?))
    }
}

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Article {
    #[ck(with = "Seconds")]
    views: std::time::Duration,
}

fn main() {}
