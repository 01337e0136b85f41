//! Chance under a seed, so that a run can be repeated.

/// SplitMix64.
pub(super) struct Dice {
    state: u64,
    /// Names of the world that texts are made of, beside those that every world has.
    pub(super) names: Vec<String>,
}

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed, names: Vec::new() }
    }

    pub(super) fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 on, and below this one, which is not 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.number() % end as u64).unwrap()
    }

    pub(super) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(super) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    /// A name that was not given before, most likely.
    pub(super) fn name(&mut self) -> String {
        format!("n-{:08x}", self.number() >> 32)
    }
}
