//! The trial: each text of the plan is hashed and held against the signature.

use std::collections::{HashMap, HashSet};

use p256::Scalar;
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use p256::elliptic_curve::PrimeField as _;

use super::digest::{Digest, State};
use super::message::Space;
use super::plan::{Costs, plan};
use super::{Choice, DIMENSIONS};
use crate::auth::{PublicKey, Signature};
use crate::explain::Limits;
use crate::explain::curve::{Point, Prepared, multiples_of_base, number};

/// So many texts go through the arithmetic together. The first few go alone, since most searches end there.
const FIRST_BATCH: usize = 16;
const BATCH: usize = 512;

/// Parts from this length on are hashed once for each text that comes before them.
const LARGE: usize = 1024;

/// Hashing so many bytes counts as one candidate more.
const BYTES_OF_A_CANDIDATE: u64 = 32 * 1024;

/// A request that is searched: its forms, and the signature that should fit one of them.
pub(in crate::explain) struct Signed {
    pub(in crate::explain) space: Space,
    pub(in crate::explain) signature: Signature,
}

/// A text for which the signature verifies.
#[derive(Clone, Copy, Debug)]
pub(in crate::explain) struct Hit {
    pub(in crate::explain) choice: Choice,
    /// The index of the key that it verifies under.
    pub(in crate::explain) key: usize,
}

impl Hit {
    /// The choice of the right text.
    pub(in crate::explain) const RIGHT: Choice = [0; DIMENSIONS];
}

/// Looks for a text for which the signature verifies under one of the keys. Says too how many were tried.
pub(in crate::explain) fn search(signed: &Signed, keys: &[PublicKey], limits: &Limits) -> (Option<Hit>, u64) {
    let right = [0; DIMENSIONS];
    // The right text needs no arithmetic of ours, and no table for it.
    if let Some(key) = keys.iter().position(|key| verifies(signed, &right, key)) {
        return (Some(Hit { choice: right, key }), 1);
    }
    let Some(prepared) = Prepared::new(&signed.signature) else { return (None, 0) };
    if keys.is_empty() {
        return (None, 0);
    }
    let targets: Vec<[Option<Point>; 2]> = keys.iter().map(|key| prepared.targets(key)).collect();
    let mut trial = Trial::new(&signed.space);
    let mut batch = Batch::default();
    for choice in plan_for(&signed.space, limits) {
        if trial.work >= limits.candidates {
            break;
        }
        let Some(digest) = trial.fresh_number(&choice) else { continue };
        batch.choices.push(choice);
        batch.numbers.push(digest);
        if batch.is_full()
            && let Some(hit) = batch.run(signed, keys, &targets)
        {
            return (Some(hit), trial.tried);
        }
    }
    (batch.run(signed, keys, &targets), trial.tried)
}

/// Finds the key that two requests of one program were signed with: the one construction under which both signatures
/// belong to the same key. Says too how many were tried.
///
/// The two must not have the same r, as two copies of one signature have: these have a key in common for every text.
pub(in crate::explain) fn recover_key(
    one: &Signed,
    other: &Signed,
    limits: &Limits,
) -> (Option<PublicKey>, u64) {
    let (Some(prepared), Some(prepared_other)) =
        (Prepared::new(&one.signature), Prepared::new(&other.signature))
    else {
        return (None, 0);
    };
    if one.signature.to_raw()[..32] == other.signature.to_raw()[..32] {
        return (None, 0);
    }
    let (mut trial, mut trial_other) = (Trial::new(&one.space), Trial::new(&other.space));
    let mut pairs: Vec<(Choice, Choice)> = Vec::new();
    let mut numbers: [Vec<Scalar>; 2] = [Vec::new(), Vec::new()];
    let run = |pairs: &mut Vec<(Choice, Choice)>, numbers: &mut [Vec<Scalar>; 2]| {
        let found = prepared.recover(&numbers[0]);
        let found_other = prepared_other.recover(&numbers[1]);
        let key = pairs.iter().zip(found.iter().zip(&found_other)).find_map(
            |((choice, choice_other), (keys, others))| {
                let common =
                    keys.iter().flatten().find(|key| others.iter().flatten().any(|other| other == *key))?;
                let key = common.to_public_key()?;
                (verifies(one, choice, &key) && verifies(other, choice_other, &key)).then_some(key)
            },
        );
        pairs.clear();
        numbers.iter_mut().for_each(Vec::clear);
        key
    };
    for choice in plan_for(&one.space, limits) {
        if trial.work >= limits.candidates {
            break;
        }
        let Some(same) = one.space.same_choice(&other.space, &choice) else { continue };
        let (Some(number), Some(number_other)) = (trial.fresh_number(&choice), trial_other.number(&same))
        else {
            continue;
        };
        pairs.push((choice, same));
        numbers[0].push(number);
        numbers[1].push(number_other);
        if pairs.len() >= BATCH
            && let Some(key) = run(&mut pairs, &mut numbers)
        {
            return (Some(key), trial.tried);
        }
    }
    (run(&mut pairs, &mut numbers), trial.tried)
}

pub(super) fn plan_for(space: &Space, limits: &Limits) -> Vec<Choice> {
    let costs = space.costs();
    let costs = Costs {
        of: &costs,
        shows_body: &|encoding| space.shows_body(encoding),
        lacks_path: &|order| space.lacks_path(order),
    };
    plan(&costs, limits)
}

/// Plain verification, as anybody would do it.
fn verifies(signed: &Signed, choice: &Choice, key: &PublicKey) -> bool {
    let Some(text) = signed.space.text(choice) else { return false };
    let digest = signed.space.digest(choice);
    if digest == Digest::Sha256 {
        return key.verify(&text, &signed.signature);
    }
    let mut state = digest.start();
    state.update(&text);
    let mut digest = digest.finish(state);
    // The library wants at least half of the width; a number is the same with zeros before it.
    if digest.len() < 32 {
        digest = [vec![0; 32 - digest.len()], digest].concat();
    }
    key.as_ecdsa().verify_prehash(&digest, signed.signature.as_ecdsa()).is_ok()
}

/// Texts on their way through the arithmetic.
#[derive(Default)]
struct Batch {
    choices: Vec<Choice>,
    numbers: Vec<Scalar>,
    is_not_first: bool,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.choices.len() >= if self.is_not_first { BATCH } else { FIRST_BATCH }
    }

    /// The first of them that fits, checked once more by plain verification. The batch is empty then.
    fn run(&mut self, signed: &Signed, keys: &[PublicKey], targets: &[[Option<Point>; 2]]) -> Option<Hit> {
        let multiples = multiples_of_base(&self.numbers);
        let hit = self.choices.iter().zip(&multiples).find_map(|(choice, multiple)| {
            let key = targets.iter().position(|targets| targets.contains(multiple))?;
            verifies(signed, choice, &keys[key]).then_some(Hit { choice: *choice, key })
        });
        self.choices.clear();
        self.numbers.clear();
        self.is_not_first = true;
        hit
    }
}

/// Hashes texts, and remembers which were tried.
struct Trial<'a> {
    space: &'a Space,
    seen: HashSet<[u8; 32]>,
    /// What a digest is after a large part: by digest, by what comes before the part, and by the place of the part.
    states: HashMap<(Digest, Vec<u8>, usize, usize), State>,
    tried: u64,
    /// The candidates so far, and what hashing large bodies counts for.
    work: u64,
    hashed: u64,
}

impl<'a> Trial<'a> {
    fn new(space: &'a Space) -> Self {
        Self { space, seen: HashSet::new(), states: HashMap::new(), tried: 0, work: 0, hashed: 0 }
    }

    /// The digest of a text as a number; `None` if an earlier text had the same one. The earlier has fewer mistakes.
    fn fresh_number(&mut self, choice: &Choice) -> Option<Scalar> {
        let number = self.number(choice)?;
        if !self.seen.insert(number.to_repr().into()) {
            return None;
        }
        self.tried += 1;
        self.work = self.tried + self.hashed / BYTES_OF_A_CANDIDATE;
        Some(number)
    }

    fn number(&mut self, choice: &Choice) -> Option<Scalar> {
        let pieces = self.space.pieces(choice)?;
        let digest = self.space.digest(choice);
        let base = match digest {
            Digest::Twice | Digest::TwiceOfHex | Digest::TwiceOfBase64 => Digest::Sha256,
            other => other,
        };
        let mut state = digest.start();
        let mut before = Some(Vec::new());
        for piece in pieces {
            if piece.len() < LARGE {
                state.update(piece);
                if let Some(before) = &mut before {
                    before.extend_from_slice(piece);
                }
                continue;
            }
            // The forms do not move while they are searched, so the place of a part tells it from the others.
            let known = before.take().map(|before| (base, before, piece.as_ptr().addr(), piece.len()));
            match known {
                Some(key) => {
                    if let Some(known) = self.states.get(&key) {
                        state = known.clone();
                    } else {
                        state.update(piece);
                        self.hashed += piece.len() as u64;
                        self.states.insert(key, state.clone());
                    }
                }
                None => {
                    state.update(piece);
                    self.hashed += piece.len() as u64;
                }
            }
        }
        Some(number(&digest.finish(state)))
    }
}
