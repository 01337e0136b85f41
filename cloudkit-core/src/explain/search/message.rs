//! The texts: put together in parts, so that a large body is neither copied nor hashed for each of them; and shown.

use std::cell::OnceCell;
use std::ops::Range;

use sha2::{Digest as _, Sha256};

use super::body::{Content, Encoding, contents, encodings};
use super::date::dates;
use super::digest::{Digest, digests};
use super::layout::{Separator, Slot, orders, separators};
use super::path::paths;
use super::{CONTENT, Choice, DATE, DIGEST, DIMENSIONS, ENCODING, Form, ORDER, PATH, SEPARATOR};
use crate::explain::redact;
use crate::explain::{Capture, CauseCode, Evidence, Mark, ShownMessage};

/// All forms of all dimensions for one request.
pub(in crate::explain) struct Space {
    contents: Vec<Form<Content>>,
    encodings: Vec<Form<Encoding>>,
    paths: Vec<Form<String>>,
    dates: Vec<Form<String>>,
    orders: Vec<Form<&'static [Slot]>>,
    separators: Vec<Form<Separator>>,
    pub(super) digests: Vec<Form<Digest>>,
    method: String,
    /// The SHA-256 of each content, and the body part for each content and encoding, once they were needed.
    hashes: Vec<OnceCell<[u8; 32]>>,
    parts: Vec<Vec<OnceCell<Vec<u8>>>>,
}

/// A mistake in a text.
#[derive(Clone, Debug)]
pub(in crate::explain) struct Mistake {
    pub(in crate::explain) code: CauseCode,
    /// What was signed, as a phrase after "with".
    pub(in crate::explain) says: String,
    /// Whether keeping the body as text may have made the difference, and not the program.
    pub(in crate::explain) may_be_the_captures: bool,
}

impl Space {
    pub(in crate::explain) fn new(capture: &Capture, date: &str, evidence: &Evidence) -> Self {
        let contents = contents(&capture.body);
        let encodings = encodings(&capture.body);
        let hashes = vec![OnceCell::new(); contents.len()];
        let parts = vec![vec![OnceCell::new(); encodings.len()]; contents.len()];
        Self {
            contents,
            encodings,
            paths: paths(capture, &evidence.queries),
            dates: dates(date),
            orders: orders(),
            separators: separators(),
            digests: digests(),
            method: capture.method.clone(),
            hashes,
            parts,
        }
    }

    pub(super) fn costs(&self) -> [Vec<u32>; DIMENSIONS] {
        fn of<V>(forms: &[Form<V>]) -> Vec<u32> {
            forms.iter().map(|form| form.cost).collect()
        }
        [
            of(&self.contents),
            of(&self.encodings),
            of(&self.paths),
            of(&self.dates),
            of(&self.orders),
            of(&self.separators),
            of(&self.digests),
        ]
    }

    pub(super) fn shows_body(&self, encoding: u16) -> bool {
        self.encodings[usize::from(encoding)].value.shows_body()
    }

    pub(super) fn lacks_path(&self, order: u16) -> bool {
        matches!(self.orders[usize::from(order)].value, [Slot::Body] | [Slot::Date, Slot::Body])
    }

    /// The choice of another request that stands for the same construction; `None` if it has no such form.
    pub(super) fn same_choice(&self, other: &Self, choice: &Choice) -> Option<Choice> {
        fn index<V: PartialEq>(forms: &[Form<V>], form: &Form<V>) -> Option<u16> {
            forms.iter().position(|candidate| candidate.is(form)).and_then(|index| u16::try_from(index).ok())
        }
        let at = |dimension: usize| usize::from(choice[dimension]);
        Some([
            index(&other.contents, &self.contents[at(CONTENT)])?,
            index(&other.encodings, &self.encodings[at(ENCODING)])?,
            index(&other.paths, &self.paths[at(PATH)])?,
            index(&other.dates, &self.dates[at(DATE)])?,
            index(&other.orders, &self.orders[at(ORDER)])?,
            index(&other.separators, &self.separators[at(SEPARATOR)])?,
            index(&other.digests, &self.digests[at(DIGEST)])?,
        ])
    }

    pub(super) fn digest(&self, choice: &Choice) -> Digest {
        self.digests[usize::from(choice[DIGEST])].value
    }

    /// The body part; `None` if it needs a body that was not captured.
    fn body(&self, choice: &Choice) -> Option<&[u8]> {
        let (content, encoding) = (usize::from(choice[CONTENT]), usize::from(choice[ENCODING]));
        let form = &self.encodings[encoding].value;
        if *form == Encoding::Empty {
            return Some(&[]);
        }
        let content_bytes = self.contents[content].value.as_deref()?;
        if *form == Encoding::Raw {
            return Some(content_bytes);
        }
        Some(self.parts[content][encoding].get_or_init(|| {
            let hash = self.hashes[content].get_or_init(|| Sha256::digest(content_bytes).into());
            form.part(content_bytes, hash)
        }))
    }

    fn slot(&self, slot: Slot, choice: &Choice) -> Option<&[u8]> {
        Some(match slot {
            Slot::Date => self.dates[usize::from(choice[DATE])].value.as_bytes(),
            Slot::Body => self.body(choice)?,
            Slot::Path => self.paths[usize::from(choice[PATH])].value.as_bytes(),
            Slot::Method => self.method.as_bytes(),
        })
    }

    /// The text in pieces. `None` if it needs a body that was not captured, or is no other text than one with fewer
    /// mistakes: a mistake in a part that is left out is none.
    pub(super) fn pieces(&self, choice: &Choice) -> Option<Vec<&[u8]>> {
        let order = self.orders[usize::from(choice[ORDER])].value;
        let separator = &self.separators[usize::from(choice[SEPARATOR])].value;
        let mut pieces: Vec<&[u8]> = Vec::with_capacity(9);
        pieces.push(separator.before.as_bytes());
        for (index, slot) in order.iter().enumerate() {
            if index > 0 {
                pieces.push(separator.between.as_bytes());
            }
            pieces.push(self.slot(*slot, choice)?);
        }
        pieces.push(separator.after.as_bytes());
        Some(pieces)
    }

    /// The whole text.
    pub(super) fn text(&self, choice: &Choice) -> Option<Vec<u8>> {
        Some(self.pieces(choice)?.concat())
    }

    /// What is wrong with a text, in the order of the catalogue.
    pub(in crate::explain) fn mistakes(&self, choice: &Choice) -> Vec<Mistake> {
        fn of<V>(form: &Form<V>) -> impl Iterator<Item = Mistake> {
            form.codes.iter().enumerate().map(|(index, code)| Mistake {
                code: *code,
                says: match &form.says {
                    Some(says) if index == 0 => says.clone(),
                    _ => code.title().to_owned(),
                },
                may_be_the_captures: form.name == super::body::LOST_IN_TEXT,
            })
        }
        let at = |dimension: usize| usize::from(choice[dimension]);
        let mut mistakes: Vec<Mistake> = of(&self.contents[at(CONTENT)])
            .chain(of(&self.encodings[at(ENCODING)]))
            .chain(of(&self.paths[at(PATH)]))
            .chain(of(&self.dates[at(DATE)]))
            .chain(of(&self.orders[at(ORDER)]))
            .chain(of(&self.separators[at(SEPARATOR)]))
            .chain(of(&self.digests[at(DIGEST)]))
            .collect();
        mistakes.sort_by_key(|mistake| mistake.code);
        mistakes.dedup_by_key(|mistake| mistake.code);
        mistakes
    }

    /// The text that was signed and the right one, with marks where they differ.
    pub(in crate::explain) fn shown(&self, choice: &Choice) -> (ShownMessage, ShownMessage) {
        let (signed, right) = (self.shown_pieces(choice), self.shown_pieces(&[0; DIMENSIONS]));
        (marked(&signed, &right), marked(&right, &signed))
    }

    fn shown_pieces(&self, choice: &Choice) -> Vec<ShownPiece> {
        let order = self.orders[usize::from(choice[ORDER])].value;
        let separator = &self.separators[usize::from(choice[SEPARATOR])].value;
        let between = |text: &str, at| ShownPiece {
            slot: None,
            place: at,
            text: text.escape_default().to_string(),
            label: if text == ":" { String::new() } else { "something else than a colon".to_owned() },
        };
        let mut pieces = vec![between(separator.before, 0)];
        for (index, slot) in order.iter().enumerate() {
            if index > 0 {
                pieces.push(between(separator.between, index));
            }
            pieces.push(self.shown_slot(*slot, index, choice));
        }
        pieces.push(between(separator.after, 9));
        pieces.retain(|piece| piece.slot.is_some() || !piece.text.is_empty());
        pieces
    }

    fn shown_slot(&self, slot: Slot, place: usize, choice: &Choice) -> ShownPiece {
        let at = |dimension: usize| usize::from(choice[dimension]);
        let (text, label) = match slot {
            Slot::Date => (redact::short(&self.dates[at(DATE)].value, 64), "the date".to_owned()),
            Slot::Path => (redact::path(&self.paths[at(PATH)].value), "the path".to_owned()),
            Slot::Method => (redact::short(&self.method, 20), "the HTTP method".to_owned()),
            Slot::Body => match self.body(choice) {
                None => ("<hash of a body that was not captured>".to_owned(), String::new()),
                Some(bytes) => {
                    let encoding = self.encodings[at(ENCODING)].value;
                    let of = match (choice[CONTENT], &self.contents[at(CONTENT)].says) {
                        (0, _) => "",
                        (_, Some(_)) => ", of another text than the body",
                        (_, None) => ", of nothing",
                    };
                    let text = if encoding.shows_body() {
                        redact::body(bytes)
                    } else {
                        String::from_utf8_lossy(bytes).into_owned()
                    };
                    (text, format!("{}{of}", encoding.label(bytes.len())))
                }
            },
        };
        ShownPiece { slot: Some(slot), place, text, label }
    }
}

/// A part of a text, fit to be shown.
#[derive(Debug)]
struct ShownPiece {
    /// None for what stands between the parts.
    slot: Option<Slot>,
    /// Which part it is, or which part it follows.
    place: usize,
    text: String,
    label: String,
}

/// One of two texts, with marks where it differs from the other.
fn marked(pieces: &[ShownPiece], others: &[ShownPiece]) -> ShownMessage {
    let mut text = String::new();
    let mut marks: Vec<Mark> = Vec::new();
    let order = |pieces: &[ShownPiece]| pieces.iter().filter_map(|piece| piece.slot).collect::<Vec<_>>();
    let is_in_order = {
        let (mine, theirs) = (order(pieces), order(others));
        let common = |one: &[Slot], other: &[Slot]| {
            one.iter().copied().filter(|slot| other.contains(slot)).collect::<Vec<_>>()
        };
        common(&mine, &theirs) == common(&theirs, &mine)
    };
    for piece in pieces {
        let start = text.len();
        text.push_str(&piece.text);
        let other = others.iter().find(|other| {
            other.slot == piece.slot && (piece.slot.is_some() || other.place.min(2) == piece.place.min(2))
        });
        let difference = match other {
            Some(other) if other.text == piece.text => None,
            Some(other) if piece.slot == Some(Slot::Body) => Some((0..piece.text.len(), other)),
            Some(other) => Some((difference(&piece.text, &other.text), other)),
            None => {
                let label = if piece.label.is_empty() { "not in the other text" } else { &piece.label };
                marks.push(Mark { range: start..text.len(), label: label.to_owned() });
                continue;
            }
        };
        match difference {
            Some((range, _)) => {
                marks
                    .push(Mark { range: start + range.start..start + range.end, label: piece.label.clone() });
            }
            None if !is_in_order && piece.slot.is_some() => {
                let label = piece.slot.map_or("", Slot::name).to_owned();
                marks.push(Mark { range: start..text.len(), label });
            }
            None => {}
        }
    }
    marks.retain(|mark| !mark.range.is_empty() || !mark.label.is_empty());
    let shown = ShownMessage { text, marks };
    shown.with_missing(pieces, others)
}

impl ShownMessage {
    /// Says at its end what the other text has and this one has not.
    fn with_missing(mut self, pieces: &[ShownPiece], others: &[ShownPiece]) -> Self {
        let end = self.text.len();
        for other in others {
            let Some(slot) = other.slot.filter(|slot| *slot != Slot::Method) else { continue };
            if !pieces.iter().any(|piece| piece.slot == Some(slot)) {
                self.marks.push(Mark { range: end..end, label: format!("no {}", slot.name()) });
            }
        }
        self
    }
}

/// The part of a text that is left when its common beginning and end with another are taken away.
fn difference(text: &str, other: &str) -> Range<usize> {
    let common = |one: &mut dyn Iterator<Item = u8>, two: &mut dyn Iterator<Item = u8>| {
        one.zip(two).take_while(|(one, two)| one == two).count()
    };
    let start = common(&mut text.bytes(), &mut other.bytes());
    let longest = text.len().min(other.len()) - start;
    let end = common(&mut text.bytes().rev(), &mut other.bytes().rev()).min(longest);
    start..text.len() - end
}

/// For tests: any combination of forms as long as it is tried within the default limits.
#[cfg(test)]
impl Space {
    pub(in crate::explain) fn any_choice(
        &self,
        forms: &[(usize, proptest::sample::Index)],
    ) -> Option<(Choice, Vec<u8>, Vec<u8>)> {
        let costs = self.costs();
        let mut choice = [0; DIMENSIONS];
        for (dimension, index) in forms {
            choice[*dimension] = u16::try_from(index.index(costs[*dimension].len())).ok()?;
        }
        let is_planned = super::trial::plan_for(self, &crate::explain::Limits::default()).contains(&choice);
        if !is_planned || choice == [0; DIMENSIONS] {
            return None;
        }
        let text = self.text(&choice)?;
        let mut state = self.digest(&choice).start();
        state.update(&text);
        let mut digest = self.digest(&choice).finish(state);
        if digest.len() < 32 {
            digest = [vec![0; 32 - digest.len()], digest].concat();
        }
        Some((choice, text, digest))
    }

    pub(in crate::explain) fn digest_name(&self, choice: &Choice) -> &'static str {
        self.digests[usize::from(choice[DIGEST])].name
    }

    pub(in crate::explain) fn whole_text(&self, choice: &Choice) -> Vec<u8> {
        self.text(choice).unwrap_or_default()
    }
}
