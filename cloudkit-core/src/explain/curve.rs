//! Arithmetic on P-256 that tries thousands of digests against one signature.
//!
//! ECDSA accepts (r, s) for the digest z and the key Q if sR = zG + rQ for a point R whose x-coordinate is r. Turned
//! round: zG = sR − rQ. The right side does not depend on the digest, so a candidate costs one multiple of the base
//! point and a comparison, whatever the number of keys. All numbers here are public, so the time may depend on them.

use std::sync::OnceLock;

use p256::ecdsa::VerifyingKey;
use p256::elliptic_curve::PrimeField as _;
use p256::elliptic_curve::hazmat::FieldArithmetic;
use p256::elliptic_curve::ops::{Double as _, Reduce as _};
use p256::elliptic_curve::point::{AffineCoordinates as _, DecompressPoint as _};
use p256::elliptic_curve::sec1::ToSec1Point as _;
use p256::{AffinePoint, FieldBytes, NistP256, ProjectivePoint, Scalar};

use crate::auth::{PublicKey, Signature};

type FieldElement = <NistP256 as FieldArithmetic>::FieldElement;

/// A point that is not the point at infinity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    x: FieldElement,
    y: FieldElement,
}

impl Point {
    fn of(point: &ProjectivePoint) -> Option<Self> {
        let affine = point.to_affine();
        if bool::from(affine.is_identity()) {
            return None;
        }
        let coordinate = |bytes: FieldBytes| Option::<FieldElement>::from(FieldElement::from_repr(bytes));
        Some(Self { x: coordinate(affine.x())?, y: coordinate(affine.y())? })
    }

    fn negated(self) -> Self {
        Self { x: self.x, y: self.y.neg() }
    }

    pub(super) fn to_public_key(self) -> Option<PublicKey> {
        let affine: Option<AffinePoint> =
            AffinePoint::from_coordinates(&self.x.to_repr(), &self.y.to_repr()).into();
        VerifyingKey::from_sec1_bytes(affine?.to_sec1_point(false).as_bytes()).ok().map(PublicKey::from_ecdsa)
    }
}

/// The digest as ECDSA takes it: the leftmost 256 bits as a number.
pub(super) fn number(digest: &[u8]) -> Scalar {
    let mut bytes = FieldBytes::default();
    let digest = &digest[..digest.len().min(32)];
    bytes[32 - digest.len()..].copy_from_slice(digest);
    Scalar::reduce(&bytes)
}

/// A signature, prepared for trying many digests against it.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    /// sR for one of the two points whose x-coordinate is r.
    s_times_r_point: ProjectivePoint,
    r: Scalar,
    /// (s/r)R.
    recovery: Option<Point>,
    r_inverse: Scalar,
}

impl Prepared {
    /// `None` if r is the x-coordinate of no point, so that no key can have made the signature.
    ///
    /// That r is the remainder of an x-coordinate above the order of the curve is left out: of 2¹²⁸ signatures it is
    /// one.
    pub(super) fn new(signature: &Signature) -> Option<Self> {
        let (r, s) = signature.as_ecdsa().split_scalars();
        let point: Option<AffinePoint> = AffinePoint::decompress(&r.to_repr(), 0.into()).into();
        let s_times_r_point = ProjectivePoint::from(point?) * *s;
        let r_inverse: Scalar = Option::from(r.invert())?;
        let recovery = Point::of(&(s_times_r_point * r_inverse));
        Some(Self { s_times_r_point, r: *r, recovery, r_inverse })
    }

    /// The two points that zG is one of if the key made the signature over z. Which of them it is depends on whether
    /// the signer brought s into the lower half.
    pub(super) fn targets(&self, key: &PublicKey) -> [Option<Point>; 2] {
        let r_times_key = ProjectivePoint::from(*key.as_ecdsa().as_affine()) * self.r;
        [self.s_times_r_point - r_times_key, -self.s_times_r_point - r_times_key]
            .map(|point| Point::of(&point))
    }

    /// The two keys that may have made the signature, for each of the digests. None for the rare digest that has none.
    pub(super) fn recover(&self, digests: &[Scalar]) -> Vec<[Option<Point>; 2]> {
        let shares: Vec<Scalar> = digests.iter().map(|z| -(*z * self.r_inverse)).collect();
        let shares = multiples_of_base(&shares);
        let Some(recovery) = self.recovery else { return vec![[None; 2]; digests.len()] };
        let sums = |start: Point| add_all(&vec![Some(start); shares.len()], &shares);
        sums(recovery).into_iter().zip(sums(recovery.negated())).map(|(one, other)| [one, other]).collect()
    }
}

/// One multiple of the base point for each number, in order; none for zero.
pub(super) fn multiples_of_base(numbers: &[Scalar]) -> Vec<Option<Point>> {
    let table = table();
    let digits: Vec<FieldBytes> = numbers.iter().map(|number| number.to_repr()).collect();
    let mut sums = vec![None; numbers.len()];
    let mut terms = vec![None; numbers.len()];
    // From the lowest digit to the highest. A sum of lower digits never is the next term or its negative: both are
    // smaller than the order of the curve, and the sum is smaller than the term. So no exception can occur.
    for (window, row) in table.iter().enumerate() {
        for (term, digits) in terms.iter_mut().zip(&digits) {
            let digit = usize::from(digits[31 - window]);
            *term = digit.checked_sub(1).map(|index| row[index]);
        }
        sums = add_all(&sums, &terms);
    }
    sums
}

/// The sums of points, pair by pair; `None` is the point at infinity. All divisions are done at once.
///
/// A sum of a point and itself or its negative is given as `None`. Callers show that it does not occur, or lose one
/// candidate by it.
fn add_all(left: &[Option<Point>], right: &[Option<Point>]) -> Vec<Option<Point>> {
    let mut product = FieldElement::ONE;
    let mut products = Vec::with_capacity(left.len());
    for pair in left.iter().zip(right) {
        products.push(product);
        if let (Some(a), Some(b)) = pair {
            let difference = b.x.sub(&a.x);
            if !bool::from(difference.is_zero()) {
                product = product.multiply(&difference);
            }
        }
    }
    let mut inverse = Option::from(product.invert_vartime()).unwrap_or(FieldElement::ZERO);
    let mut sums = vec![None; left.len()];
    for (index, pair) in left.iter().zip(right).enumerate().rev() {
        sums[index] = match pair {
            (Some(a), Some(b)) => {
                let difference = b.x.sub(&a.x);
                if bool::from(difference.is_zero()) {
                    None
                } else {
                    let slope = b.y.sub(&a.y).multiply(&inverse.multiply(&products[index]));
                    inverse = inverse.multiply(&difference);
                    let x = slope.square().sub(&a.x).sub(&b.x);
                    Some(Point { x, y: slope.multiply(&a.x.sub(&x)).sub(&a.y) })
                }
            }
            (Some(one), None) | (None, Some(one)) => Some(*one),
            (None, None) => None,
        };
    }
    sums
}

/// Row i holds 1, 2, … 255 times 2⁸ⁱG.
fn table() -> &'static [Vec<Point>] {
    static TABLE: OnceLock<Vec<Vec<Point>>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut base = ProjectivePoint::GENERATOR;
        let mut rows = Vec::with_capacity(32);
        let mut doubles = Vec::with_capacity(32);
        for _ in 0..32 {
            let double = base.double();
            // The order of the curve is a prime, so no multiple of the base point by a power of two is infinity.
            rows.extend(Point::of(&base).map(|point| vec![point]));
            doubles.push(Point::of(&double));
            base = (0..7).fold(double, |point, _| point.double());
        }
        let bases: Vec<Option<Point>> = rows.iter().map(|row| row.first().copied()).collect();
        let mut last = doubles;
        for _ in 2..=255 {
            for (row, point) in rows.iter_mut().zip(&last) {
                row.extend(*point);
            }
            last = add_all(&last, &bases);
        }
        rows
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::PrivateKey;
    use proptest::prelude::*;

    fn key(seed: u8) -> PrivateKey {
        PrivateKey::from_scalar(&format!("{seed:02x}").repeat(32)).unwrap()
    }

    proptest! {
        #[test]
        fn multiples_are_those_of_the_library(numbers in proptest::collection::vec(any::<[u8; 32]>(), 1..20)) {
            let numbers: Vec<Scalar> = numbers.iter().map(|bytes| number(bytes)).collect();
            let expected: Vec<Option<Point>> =
                numbers.iter().map(|number| Point::of(&(ProjectivePoint::GENERATOR * *number))).collect();
            prop_assert_eq!(multiples_of_base(&numbers), expected);
        }
    }

    #[test]
    fn the_numbers_at_the_edges_have_their_multiples() {
        let minus_one = -Scalar::ONE;
        let numbers = [Scalar::ZERO, Scalar::ONE, Scalar::from(255_u64), Scalar::from(256_u64), minus_one];
        let expected: Vec<Option<Point>> =
            numbers.iter().map(|number| Point::of(&(ProjectivePoint::GENERATOR * *number))).collect();
        assert_eq!(multiples_of_base(&numbers), expected);
        assert_eq!(expected[0], None);
    }

    #[test]
    fn a_signature_has_its_digest_among_the_targets_and_its_key_among_the_recovered() {
        use sha2::Digest as _;
        for seed in 1..12_u8 {
            let (private, message) = (key(seed), [seed; 9]);
            let signature = private.sign_bytes(&message).unwrap();
            let prepared = Prepared::new(&signature).unwrap();
            let digest = number(&sha2::Sha256::digest(message));
            let other = number(&sha2::Sha256::digest(b"other"));

            let targets = prepared.targets(&private.public_key());
            let [found, missed]: [Option<Point>; 2] = multiples_of_base(&[digest, other]).try_into().unwrap();
            assert!(targets.contains(&found), "{seed}");
            assert!(!targets.contains(&missed), "{seed}");

            let recovered = prepared.recover(&[digest, other]);
            let keys: Vec<PublicKey> =
                recovered[0].iter().flatten().filter_map(|point| point.to_public_key()).collect();
            assert!(keys.contains(&private.public_key()), "{seed}");
            assert!(keys.iter().all(|key| key.verify(&message, &signature)), "{seed}");
        }
    }
}
