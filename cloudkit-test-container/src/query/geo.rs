//! Distances on earth.

use crate::value::Location;

/// The mean radius of the earth, in metres.
const EARTH_RADIUS: f64 = 6_371_008.8;

/// The distance between two places along the surface, in metres.
pub(crate) fn distance(one: &Location, other: &Location) -> f64 {
    let (lat1, lat2) = (one.latitude.to_radians(), other.latitude.to_radians());
    let half_lat = (lat2 - lat1) / 2.0;
    let half_lon = (other.longitude - one.longitude).to_radians() / 2.0;
    let chord = half_lat.sin().powi(2) + lat1.cos() * lat2.cos() * half_lon.sin().powi(2);
    2.0 * EARTH_RADIUS * chord.sqrt().min(1.0).asin()
}

/// The latitudes, in degrees, that a circle around a place can reach.
pub(crate) fn latitudes(centre: &Location, radius: f64) -> (f64, f64) {
    // A little more than the radius, so that rounding excludes nothing that lies on the circle.
    let reach = (radius / EARTH_RADIUS).to_degrees() * (1.0 + 1e-9) + 1e-9;
    (centre.latitude - reach, centre.latitude + reach)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(latitude: f64, longitude: f64) -> Location {
        Location { latitude, longitude, optional: [None; 5], timestamp: None }
    }

    #[track_caller]
    fn about(metres: f64, expected: f64) {
        assert!((metres - expected).abs() <= expected * 0.005, "{metres} is not about {expected}");
    }

    #[test]
    fn known_distances() {
        about(distance(&place(52.5163, 13.3777), &place(48.8584, 2.2945)), 879_000.0);
        about(distance(&place(0.0, 179.5), &place(0.0, -179.5)), 111_195.0);
        about(distance(&place(90.0, 0.0), &place(-90.0, 0.0)), 20_015_114.0);
        assert_eq!(distance(&place(1.0, 2.0), &place(1.0, 2.0)), 0.0);
    }

    #[test]
    fn no_place_in_the_circle_lies_outside_its_latitudes() {
        let centre = place(47.0, 8.0);
        let (south, north) = latitudes(&centre, 10_000.0);
        for step in 0..1000 {
            let there = place(46.8 + f64::from(step) * 0.0004, 8.0);
            if distance(&centre, &there) <= 10_000.0 {
                assert!((south..=north).contains(&there.latitude));
            }
        }
    }
}
