//! How long requests take.

use std::f64::consts::TAU;
use std::time::Duration;

use crate::random::Random;

/// No request is delayed for longer than this, whatever the distribution says.
const LONGEST: Duration = Duration::from_secs(3600);

/// The 99th percentile of the standard normal distribution.
const Z_99: f64 = 2.326_347_874_040_841;

/// A distribution of delays. No delay is longer than an hour.
///
/// In [virtual time](crate::TestContainerBuilder::virtual_time) a delay moves the clock and takes no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Latency {
    /// Always the same.
    Fixed(Duration),
    /// Anything in between, all equally likely.
    Uniform {
        /// The shortest.
        from: Duration,
        /// The longest.
        to: Duration,
    },
    /// Mostly short and sometimes long, as between events that know nothing of each other.
    Exponential {
        /// The mean.
        mean: Duration,
    },
    /// A log-normal distribution, which is what services over the internet look like: a hump and a long tail.
    LongTail {
        /// Half of the requests are faster.
        median: Duration,
        /// One request in a hundred is slower.
        p99: Duration,
    },
}

impl Latency {
    pub(super) fn sample(self, random: &mut Random) -> Duration {
        let delay = match self {
            Self::Fixed(delay) => delay,
            Self::Uniform { from, to } => {
                from + to.saturating_sub(from).min(LONGEST).mul_f64(random.unit_interval())
            }
            Self::Exponential { mean } => scale(mean, -(1.0 - random.unit_interval()).ln()),
            Self::LongTail { median, p99 } => {
                let spread = (p99.as_secs_f64() / median.as_secs_f64().max(1e-9)).max(1.0).ln() / Z_99;
                // Box and Muller: two uniform numbers make a normal one.
                let radius = (-2.0 * (1.0 - random.unit_interval()).ln()).sqrt();
                let normal = radius * (TAU * random.unit_interval()).cos();
                scale(median, (spread * normal).exp())
            }
        };
        delay.min(LONGEST)
    }
}

fn scale(duration: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(duration.as_secs_f64() * factor).unwrap_or(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The median and the 99th percentile of ten thousand delays, in milliseconds.
    fn percentiles(latency: Latency) -> (f64, f64) {
        let mut random = Random::new(5);
        let mut delays: Vec<Duration> = (0..10_000).map(|_| latency.sample(&mut random)).collect();
        delays.sort();
        (delays[5_000].as_secs_f64() * 1e3, delays[9_900].as_secs_f64() * 1e3)
    }

    #[track_caller]
    fn check(latency: Latency, median: f64, p99: f64) {
        let found = percentiles(latency);
        let near = |found: f64, wanted: f64| (found / wanted - 1.0).abs() < 0.05;
        assert!(near(found.0, median) && near(found.1, p99), "{latency:?} gives {found:?}");
    }

    #[test]
    fn distributions_have_the_percentiles_that_they_promise() {
        let ms = Duration::from_millis;
        check(Latency::Fixed(ms(40)), 40.0, 40.0);
        check(Latency::Uniform { from: ms(10), to: ms(30) }, 20.0, 29.8);
        // The quantiles of an exponential distribution: ln 2 and ln 100 times the mean.
        check(Latency::Exponential { mean: ms(100) }, 69.3, 460.5);
        check(Latency::LongTail { median: ms(60), p99: ms(900) }, 60.0, 900.0);
    }

    #[test]
    fn no_distribution_is_beyond_an_hour_or_fails() {
        let mut random = Random::new(1);
        for latency in [
            Latency::Fixed(Duration::MAX),
            Latency::Uniform { from: Duration::ZERO, to: Duration::MAX },
            Latency::Uniform { from: Duration::from_secs(2), to: Duration::from_secs(1) },
            Latency::Exponential { mean: Duration::MAX },
            Latency::LongTail { median: Duration::ZERO, p99: Duration::MAX },
        ] {
            for _ in 0..1000 {
                assert!(latency.sample(&mut random) <= LONGEST, "{latency:?}");
            }
        }
    }
}
