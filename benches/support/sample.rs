//! Two hundred articles.

use cloudkit_core::{Location, Reference, Timestamp};

use super::article::Article;

const RECORDS: usize = 200;

const WORDS: [&str; 16] = [
    "harbour", "lantern", "meadow", "ferry", "copper", "violet", "signal", "orchard", "gravel", "winter",
    "clock", "paper", "bridge", "salt", "engine", "quiet",
];

/// The same numbers every time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.0 ^ (self.0 >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^ (mixed >> 33)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn words(&mut self, count: u64) -> String {
        let mut text = String::new();
        for index in 0..count {
            if index > 0 {
                text.push(' ');
            }
            let word = usize::try_from(self.below(16)).expect("16 words fit");
            text.push_str(WORDS[word]);
        }
        text
    }
}

#[expect(clippy::cast_possible_wrap, reason = "the numbers are small")]
pub(crate) fn articles() -> Vec<Article> {
    let mut numbers = Numbers(42);
    (0..RECORDS)
        .map(|index| Article {
            title: format!("The \"{}\" of {}", numbers.words(2), numbers.words(2)),
            slug: format!("article-{index}"),
            body: numbers.words(40),
            summary: (index % 3 != 0).then(|| numbers.words(4)),
            published_at: Timestamp::from_millis(1_700_000_000_000 + numbers.below(60_000_000_000) as i64),
            views: numbers.below(1_000_000) as i64,
            rating: numbers.unit() * 5.0,
            featured: numbers.below(2) == 1,
            tags: (0..3).map(|_| numbers.words(1)).collect(),
            author: Reference::new(format!("author-{}", numbers.below(40))),
            place: Location::new(numbers.unit() * 180.0 - 90.0, numbers.unit() * 360.0 - 180.0)
                .expect("the numbers are those of a place")
                .with_horizontal_accuracy(10.0),
            thumbnail: (0..60).map(|_| numbers.next().to_le_bytes()[0]).collect(),
        })
        .collect()
}
