//! Which texts are tried, and in what order.

use super::{Choice, DIMENSIONS, ENCODING, ORDER};
use crate::explain::Limits;

/// Beyond so much improbability, a form of several mistakes is not tried. By the number of mistakes.
const DEAREST: [u32; 5] = [u32::MAX, u32::MAX, 8, 6, 6];

/// A form that costs so much is tried after all pairs of others, and with none of them.
pub(super) const ALONE: u32 = 20;

/// One mistake more than the limit is tried where each of them is among the most likely: these were seen together.
const KNOWN_TOGETHER: u32 = 3;

/// For each dimension, the cost of each form; 0 for the right one, which is the first.
pub(super) struct Costs<'a> {
    pub(super) of: &'a [Vec<u32>; DIMENSIONS],
    /// The encodings that show the body, and the orders that leave out the path: the two were seen together so often
    /// that they count as one mistake.
    pub(super) shows_body: &'a dyn Fn(u16) -> bool,
    pub(super) lacks_path: &'a dyn Fn(u16) -> bool,
}

/// All choices within the limits, likely ones first. The first is the right text.
pub(super) fn plan(costs: &Costs<'_>, limits: &Limits) -> Vec<Choice> {
    let most = limits.mistakes.min(4);
    let mut steps = vec![(0, 0, [0; DIMENSIONS])];
    let mut walk = Walk { costs, most, steps: &mut steps };
    walk.from(0, [0; DIMENSIONS], 0, 0);
    steps.sort_by_key(|(level, cost, _)| (if *cost >= ALONE { 2 } else { *level }, *cost));
    steps.truncate(usize::try_from(limits.candidates).unwrap_or(usize::MAX));
    steps.into_iter().map(|(_, _, choice)| choice).collect()
}

struct Walk<'a> {
    costs: &'a Costs<'a>,
    most: u32,
    steps: &'a mut Vec<(u32, u32, Choice)>,
}

impl Walk<'_> {
    /// Adds all choices that have further mistakes in this dimension or later ones.
    fn from(&mut self, dimension: usize, choice: Choice, mistakes: u32, cost: u32) {
        if dimension == DIMENSIONS {
            return;
        }
        self.from(dimension + 1, choice, mistakes, cost);
        let may_merge = dimension <= ORDER && (self.costs.shows_body)(choice[ENCODING]);
        let may_be_known = mistakes <= self.most && cost < KNOWN_TOGETHER;
        if mistakes >= self.most && !may_merge && !may_be_known {
            return;
        }
        let costs = &self.costs.of[dimension];
        for (index, form_cost) in (0..).zip(costs).skip(1) {
            let mut choice = choice;
            choice[dimension] = index;
            let is_merged = dimension == ORDER
                && (self.costs.shows_body)(choice[ENCODING])
                && (self.costs.lacks_path)(choice[ORDER]);
            let (mistakes, cost) =
                if is_merged { (mistakes, cost) } else { (mistakes + 1, cost + form_cost) };
            if self.is_within(mistakes, cost) {
                self.steps.push((mistakes, cost, choice));
            }
            // The cost only grows.
            if mistakes <= self.most && cost <= DEAREST[if mistakes < 2 { 2 } else { 3 }] {
                self.from(dimension + 1, choice, mistakes, cost);
            }
        }
    }

    fn is_within(&self, mistakes: u32, cost: u32) -> bool {
        let dearest = DEAREST.get(mistakes as usize).copied().unwrap_or(0);
        if mistakes <= self.most {
            cost <= dearest
        } else {
            mistakes == self.most + 1 && mistakes <= 3 && cost <= KNOWN_TOGETHER
        }
    }
}
