//! The search for the text that was signed.
//!
//! A text has seven dimensions, one file or function each: what the body part is made from and how it is written
//! (`body.rs`), path (`path.rs`), date (`date.rs`), order and separators (`layout.rs`), digest (`digest.rs`). In each,
//! the first form is the right one and all others are mistakes. Texts are tried by the number of mistakes in them, and
//! inside one number by how likely these are.

mod body;
mod date;
mod digest;
mod json;
mod layout;
mod message;
mod path;
mod plan;
mod trial;

pub(super) use message::Space;
pub(super) use trial::{Hit, Signed, recover_key, search};

use super::CauseCode;

/// One of the things that may stand in one dimension of the text.
#[derive(Clone, Debug)]
struct Form<V> {
    /// With the number, what tells it from the others, the same for every request.
    name: &'static str,
    number: i32,
    /// None for the right form.
    codes: Vec<CauseCode>,
    /// How unlikely it is, from 1.
    cost: u32,
    /// What was signed, as a phrase after "with"; the title of the code, unless said otherwise.
    says: Option<String>,
    value: V,
}

impl<V> Form<V> {
    fn right(value: V) -> Self {
        Self { name: "right", number: 0, codes: Vec::new(), cost: 0, says: None, value }
    }

    fn new(name: &'static str, code: CauseCode, cost: u32, value: V) -> Self {
        Self { name, number: 0, codes: vec![code], cost, says: None, value }
    }

    fn says(self, says: impl Into<String>) -> Self {
        Self { says: Some(says.into()), ..self }
    }

    fn numbered(self, number: i32) -> Self {
        Self { number, ..self }
    }

    /// One mistake that has two codes.
    fn and(mut self, code: CauseCode) -> Self {
        self.codes.push(code);
        self
    }

    fn is(&self, other: &Form<V>) -> bool
    where
        V: PartialEq,
    {
        (self.name, self.number) == (other.name, other.number)
    }
}

/// The dimensions.
const CONTENT: usize = 0;
const ENCODING: usize = 1;
const PATH: usize = 2;
const DATE: usize = 3;
const ORDER: usize = 4;
const SEPARATOR: usize = 5;
const DIGEST: usize = 6;
const DIMENSIONS: usize = 7;

/// One form of each dimension, by its index.
type Choice = [u16; DIMENSIONS];
