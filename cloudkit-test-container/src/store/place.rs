//! Places on earth as numbers, so that an index in one order serves searches in two dimensions.
//!
//! The earth is halved by longitude and by latitude in turn, 32 times each, and every halving is a bit of the number. So the
//! places of a cell, which is what some of the halvings leave, are one run of numbers.

use super::KeyRange;
use super::keys::PRESENT;
use crate::value::Location;

/// Degrees of latitude and longitude.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
}

impl Place {
    /// The opposite place on earth.
    pub(crate) fn antipode(self) -> Self {
        let longitude = if self.longitude > 0.0 { self.longitude - 180.0 } else { self.longitude + 180.0 };
        Self { latitude: -self.latitude, longitude }
    }
}

impl From<&Location> for Place {
    fn from(location: &Location) -> Self {
        Self { latitude: location.latitude, longitude: location.longitude }
    }
}

/// Part of the earth: between two meridians and two circles of latitude.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cell {
    /// How often longitude and latitude were halved.
    level: u32,
    /// The first number in it.
    first: u64,
}

/// The edges of a cell, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Edges {
    pub(crate) south: f64,
    pub(crate) north: f64,
    pub(crate) west: f64,
    pub(crate) east: f64,
}

const DEEPEST: u32 = 32;

/// The steps into which 32 halvings cut a whole.
const STEPS: f64 = 4_294_967_296.0;

impl Cell {
    /// All of it.
    pub(crate) const EARTH: Self = Self { level: 0, first: 0 };

    /// Its quarters, unless it is a point already.
    pub(crate) fn quarters(self) -> Option<[Self; 4]> {
        (self.level < DEEPEST).then(|| {
            let level = self.level + 1;
            [0, 1, 2, 3].map(|quarter| Self { level, first: self.first | quarter << (64 - 2 * level) })
        })
    }

    /// The index keys of the places in it.
    pub(crate) fn range(self) -> KeyRange {
        let numbers = u64::MAX.checked_shr(2 * self.level).unwrap_or(0);
        KeyRange { from: key(self.first), to: Some([key(self.first | numbers), vec![0]].concat()) }
    }

    pub(crate) fn edges(self) -> Edges {
        let (north_bits, east_bits) = (gather(self.first), gather(self.first >> 1));
        let size = STEPS / 2_f64.powi(self.level.cast_signed());
        let degrees = |bits: u32, whole: f64| {
            let at = |steps: f64| steps / STEPS * whole - whole / 2.0;
            (at(f64::from(bits)), at(f64::from(bits) + size))
        };
        let ((south, north), (west, east)) = (degrees(north_bits, 180.0), degrees(east_bits, 360.0));
        Edges { south, north, west, east }
    }
}

/// The index key of a place. It tells the place to the centimetre.
pub(super) fn place_key(place: Place) -> Vec<u8> {
    // What lies outside of the earth is taken for its edge.
    let steps = |degrees: f64, whole: f64| ((degrees / whole + 0.5) * STEPS) as u32;
    key(spread(steps(place.latitude, 180.0)) | spread(steps(place.longitude, 360.0)) << 1)
}

/// The place of an index key; `None` if it is the key of something else.
pub(crate) fn read_place_key(key: &[u8]) -> Option<Place> {
    let number = u64::from_be_bytes(key.strip_prefix(&[PRESENT])?.try_into().ok()?);
    let degrees = |bits: u32, whole: f64| ((f64::from(bits) + 0.5) / STEPS - 0.5) * whole;
    Some(Place { latitude: degrees(gather(number), 180.0), longitude: degrees(gather(number >> 1), 360.0) })
}

fn key(number: u64) -> Vec<u8> {
    [&[PRESENT], number.to_be_bytes().as_slice()].concat()
}

/// Puts a zero before every bit.
fn spread(bits: u32) -> u64 {
    let mut spread = u64::from(bits);
    for (shift, mask) in [
        (16, 0x0000_ffff_0000_ffff),
        (8, 0x00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ] {
        spread = (spread | spread << shift) & mask;
    }
    spread
}

/// Takes every second bit, from the lowest on.
fn gather(spread: u64) -> u32 {
    let mut bits = spread & 0x5555_5555_5555_5555;
    for (shift, mask) in [
        (1, 0x3333_3333_3333_3333),
        (2, 0x0f0f_0f0f_0f0f_0f0f),
        (4, 0x00ff_00ff_00ff_00ff),
        (8, 0x0000_ffff_0000_ffff),
        (16, 0x0000_0000_ffff_ffff),
    ] {
        bits = (bits | bits >> shift) & mask;
    }
    bits as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place() -> impl Strategy<Value = Place> {
        (-90.0..=90.0, -180.0..=180.0).prop_map(|(latitude, longitude)| Place { latitude, longitude })
    }

    proptest! {
        #[test]
        fn keys_read_back_to_the_centimetre(place in place()) {
            let read = read_place_key(&place_key(place)).expect("a key of a place");
            prop_assert!((read.latitude - place.latitude).abs() < 1e-7);
            prop_assert!((read.longitude - place.longitude).abs() < 1e-7);
        }

        #[test]
        fn of_four_quarters_one_has_the_place_and_its_key(place in place(), levels in 1_usize..33) {
            let key = place_key(place);
            let mut cell = Cell::EARTH;
            for _ in 0..levels {
                let quarters = cell.quarters().expect("not a point yet");
                let with_key: Vec<_> = quarters.iter().filter(|cell| cell.range().holds(&key)).collect();
                prop_assert_eq!(with_key.len(), 1);
                cell = *with_key[0];
                let Edges { south, north, west, east } = cell.edges();
                prop_assert!(south <= place.latitude && place.latitude <= north);
                prop_assert!(west <= place.longitude && place.longitude <= east);
            }
        }

        #[test]
        fn bits_that_are_spread_gather_again(bits: u32) {
            prop_assert_eq!(gather(spread(bits)), bits);
            prop_assert_eq!(gather(spread(bits) << 1), 0);
        }
    }

    #[test]
    fn the_ends_of_the_earth_have_keys() {
        for (latitude, longitude) in [(90.0, 180.0), (-90.0, -180.0), (90.0, -180.0)] {
            let key = place_key(Place { latitude, longitude });
            assert!(Cell::EARTH.range().holds(&key));
        }
        assert_eq!(Cell::EARTH.edges(), Edges { south: -90.0, north: 90.0, west: -180.0, east: 180.0 });
    }
}
