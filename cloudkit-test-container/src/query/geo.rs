//! Distances on earth.

use crate::store::{Cell, KeyRange, Place};

/// The mean radius of the earth, in metres.
const EARTH_RADIUS: f64 = 6_371_008.8;

/// From one pole to the other, in metres.
pub(super) const FARTHEST: f64 = EARTH_RADIUS * std::f64::consts::PI;

/// More than rounding can add to or take from a distance, in metres. Keys tell places to the centimetre, and the distances
/// of opposite places are known to a decimetre.
pub(super) const SLACK: f64 = 1.0;

/// A circle is covered by about so many cells. Around the poles, where cells are narrow, that covers more than the circle.
const COVER: usize = 48;

/// The distance between two places along the surface, in metres.
pub(crate) fn distance(one: Place, other: Place) -> f64 {
    let (lat1, lat2) = (one.latitude.to_radians(), other.latitude.to_radians());
    let half_lat = (lat2 - lat1) / 2.0;
    let half_lon = (other.longitude - one.longitude).to_radians() / 2.0;
    let chord = half_lat.sin().powi(2) + lat1.cos() * lat2.cos() * half_lon.sin().powi(2);
    2.0 * EARTH_RADIUS * chord.sqrt().min(1.0).asin()
}

/// Bounds of the distances from a place to the places of a cell, which is not the whole earth.
pub(super) fn reach(from: Place, cell: Cell) -> (f64, f64) {
    let edges = cell.edges();
    let middle =
        Place { latitude: (edges.south + edges.north) / 2.0, longitude: (edges.west + edges.east) / 2.0 };
    // In a cell of at most 180 degrees no place is farther from the middle than the corners.
    let corner = |latitude| distance(middle, Place { latitude, longitude: edges.west });
    let around = corner(edges.south).max(corner(edges.north)) + SLACK;
    let to_middle = distance(from, middle);
    ((to_middle - around).max(0.0), to_middle + around)
}

/// The index keys of cells that together cover a circle, in order.
pub(super) fn cover(centre: Place, radius: f64) -> Vec<KeyRange> {
    let mut within = Vec::new();
    let mut on_edge = vec![Cell::EARTH];
    while !on_edge.is_empty() && within.len() + on_edge.len() < COVER {
        let mut halved = Vec::new();
        for cell in on_edge {
            let Some(quarters) = cell.quarters() else {
                within.push(cell);
                continue;
            };
            for quarter in quarters {
                let (nearest, farthest) = reach(centre, quarter);
                if farthest <= radius {
                    within.push(quarter);
                } else if nearest <= radius {
                    halved.push(quarter);
                }
            }
        }
        on_edge = halved;
    }
    within.extend(on_edge);
    let mut ranges: Vec<_> = within.into_iter().map(Cell::range).collect();
    ranges.sort_by(|a, b| a.from.cmp(&b.from));
    ranges
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::index_key;
    use crate::value::{Location, Scalar};

    fn place(latitude: f64, longitude: f64) -> Place {
        Place { latitude, longitude }
    }

    fn any_place() -> impl Strategy<Value = Place> {
        let latitude = prop_oneof![4 => -90.0..=90.0, 1 => prop::sample::select(vec![-90.0, 0.0, 90.0])];
        let longitude = prop_oneof![4 => -180.0..=180.0, 1 => prop::sample::select(vec![-180.0, 0.0, 180.0])];
        (latitude, longitude).prop_map(|(latitude, longitude)| place(latitude, longitude))
    }

    fn key(place: Place) -> Vec<u8> {
        let Place { latitude, longitude } = place;
        index_key(&Scalar::Location(Location { latitude, longitude, optional: [None; 5], timestamp: None }))
    }

    #[track_caller]
    fn about(metres: f64, expected: f64) {
        assert!((metres - expected).abs() <= expected * 0.005, "{metres} is not about {expected}");
    }

    #[test]
    fn known_distances() {
        about(distance(place(52.5163, 13.3777), place(48.8584, 2.2945)), 879_000.0);
        about(distance(place(0.0, 179.5), place(0.0, -179.5)), 111_195.0);
        about(distance(place(90.0, 0.0), place(-90.0, 0.0)), FARTHEST);
        assert_eq!(distance(place(1.0, 2.0), place(1.0, 2.0)), 0.0);
    }

    #[test]
    fn a_small_circle_is_covered_by_little_more_than_itself() {
        for centre in [place(47.0, 8.0), place(0.0, 180.0), place(-33.9, 151.2)] {
            let ranges = cover(centre, 10_000.0);
            assert!(ranges.len() <= 4 * COVER, "{} ranges", ranges.len());
            // A grid of places in the square around the circle, twice as wide: a quarter of it is covered, or a bit more.
            let step = 0.0018;
            let mut covered = 0;
            for north in -100..100 {
                for east in -100..100 {
                    let latitude = centre.latitude + f64::from(north) * step;
                    let wide = centre.latitude.to_radians().cos().max(1e-3);
                    let longitude = centre.longitude + f64::from(east) * step / wide;
                    let longitude = if longitude > 180.0 { longitude - 360.0 } else { longitude };
                    if latitude <= 90.0 && longitude.abs() <= 180.0 {
                        let key = key(place(latitude, longitude));
                        covered += usize::from(ranges.iter().any(|range| range.holds(&key)));
                    }
                }
            }
            assert!(covered < 200 * 200 * 2 / 5, "{covered} of {}", 200 * 200);
        }
    }

    proptest! {
        #[test]
        fn what_is_in_a_circle_is_in_its_cover(
            centre in any_place(),
            other in any_place(),
            radius in prop_oneof![0.0..FARTHEST, 0.0..50_000.0],
            near in any::<bool>(),
        ) {
            let north = centre.latitude + other.latitude / 500.0;
            let other = if near { place(north.clamp(-90.0, 90.0), centre.longitude) } else { other };
            let ranges = cover(centre, radius);
            if distance(centre, other) <= radius {
                let key = key(other);
                prop_assert_eq!(ranges.iter().filter(|range| range.holds(&key)).count(), 1);
            }
        }

        #[test]
        fn the_opposite_place_is_as_far_as_any_can_be(one in any_place(), other in any_place()) {
            let sum = distance(one, other) + distance(one.antipode(), other);
            prop_assert!((sum - FARTHEST).abs() < SLACK / 2.0, "{}", sum);
        }
    }
}
