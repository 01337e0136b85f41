//! A table of ratios at the end of a run.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// A name, and what it does.
pub(crate) type Contestant<'a> = (&'a str, &'a mut dyn FnMut());

/// The time of one call: the least of the means of several rounds, which is what noise of the machine disturbs least.
///
/// The contestants take turns, so that a slow second of the machine meets all of them.
fn race(contestants: &mut [Contestant<'_>]) -> Vec<Duration> {
    const ROUNDS: u32 = 30;
    const ROUND: Duration = Duration::from_millis(15);

    let calls: Vec<u32> = contestants
        .iter_mut()
        .map(|(_, run)| {
            run();
            let began = Instant::now();
            run();
            let once = began.elapsed().max(Duration::from_nanos(50));
            u32::try_from(ROUND.as_nanos() / once.as_nanos()).unwrap_or(u32::MAX).clamp(1, 100_000)
        })
        .collect();
    let mut best = vec![Duration::MAX; contestants.len()];
    for _ in 0..ROUNDS {
        for (index, (_, run)) in contestants.iter_mut().enumerate() {
            let began = Instant::now();
            for _ in 0..calls[index] {
                black_box(&mut *run)();
            }
            best[index] = best[index].min(began.elapsed() / calls[index]);
        }
    }
    best
}

/// Runs the contestants against each other and prints their times relative to the first.
pub(crate) fn compare(title: &str, contestants: &mut [Contestant<'_>]) {
    let times = race(contestants);
    let first = times[0].as_secs_f64();
    println!("\n{title}");
    for ((name, _), time) in contestants.iter().zip(&times) {
        println!("  {name:<44} {time:>12.1?}   {:>6.3}", time.as_secs_f64() / first);
    }
}
