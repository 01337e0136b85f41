use serde::de::{Deserializer, Error as _};
use serde::ser::{SerializeStruct, Serializer};
use serde::{Deserialize, Serialize};

use super::list::Plain;
use super::scalar::{deserialize_f64, deserialize_i64};
use super::{Encryptable, ListElement, ScalarType, StoredValue, Timestamp, ValueType};

/// A place on earth, with what is known of how it was measured.
///
/// ```
/// use cloudkit_core::Location;
///
/// let paris = Location::new(48.8566, 2.3522)?.with_horizontal_accuracy(10.0);
/// assert_eq!(paris.latitude(), 48.8566);
/// assert!(Location::new(91.0, 0.0).is_err());
/// # Ok::<(), cloudkit_core::value::LocationError>(())
/// ```
///
/// Apple: [Types and Dictionaries, Location Dictionary](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/Types.html)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Location {
    latitude: f64,
    longitude: f64,
    horizontal_accuracy: Option<f64>,
    vertical_accuracy: Option<f64>,
    altitude: Option<f64>,
    speed: Option<f64>,
    course: Option<f64>,
    timestamp: Option<Timestamp>,
}

/// The numbers are not those of a place on earth.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LocationError {
    /// The latitude is not from −90 to 90.
    #[error("{0} is not a latitude: it must be from -90 to 90 degrees")]
    Latitude(f64),
    /// The longitude is not from −180 to 180.
    #[error("{0} is not a longitude: it must be from -180 to 180 degrees")]
    Longitude(f64),
}

impl Location {
    /// The place at this latitude and longitude, in degrees.
    ///
    /// # Errors
    ///
    /// When the latitude is not from −90 to 90, or the longitude not from −180 to 180.
    pub fn new(latitude: f64, longitude: f64) -> Result<Self, LocationError> {
        if !(-90.0..=90.0).contains(&latitude) {
            return Err(LocationError::Latitude(latitude));
        }
        if !(-180.0..=180.0).contains(&longitude) {
            return Err(LocationError::Longitude(longitude));
        }
        Ok(Self {
            latitude,
            longitude,
            horizontal_accuracy: None,
            vertical_accuracy: None,
            altitude: None,
            speed: None,
            course: None,
            timestamp: None,
        })
    }

    /// Degrees north of the equator.
    #[must_use]
    pub const fn latitude(&self) -> f64 {
        self.latitude
    }

    /// Degrees east of Greenwich.
    #[must_use]
    pub const fn longitude(&self) -> f64 {
        self.longitude
    }

    /// How far off the position may be, in metres.
    #[must_use]
    pub const fn horizontal_accuracy(&self) -> Option<f64> {
        self.horizontal_accuracy
    }

    /// How far off the altitude may be, in metres.
    #[must_use]
    pub const fn vertical_accuracy(&self) -> Option<f64> {
        self.vertical_accuracy
    }

    /// Metres above sea level.
    #[must_use]
    pub const fn altitude(&self) -> Option<f64> {
        self.altitude
    }

    /// Metres a second.
    #[must_use]
    pub const fn speed(&self) -> Option<f64> {
        self.speed
    }

    /// The direction of travel, in degrees clockwise from north.
    #[must_use]
    pub const fn course(&self) -> Option<f64> {
        self.course
    }

    /// When the place was measured.
    #[must_use]
    pub const fn timestamp(&self) -> Option<Timestamp> {
        self.timestamp
    }

    /// The same place, known to this many metres.
    #[must_use]
    pub const fn with_horizontal_accuracy(self, metres: f64) -> Self {
        Self { horizontal_accuracy: Some(metres), ..self }
    }

    /// The same place, its altitude known to this many metres.
    #[must_use]
    pub const fn with_vertical_accuracy(self, metres: f64) -> Self {
        Self { vertical_accuracy: Some(metres), ..self }
    }

    /// The same place, this many metres above sea level.
    #[must_use]
    pub const fn with_altitude(self, metres: f64) -> Self {
        Self { altitude: Some(metres), ..self }
    }

    /// The same place, passed at this many metres a second.
    #[must_use]
    pub const fn with_speed(self, metres_per_second: f64) -> Self {
        Self { speed: Some(metres_per_second), ..self }
    }

    /// The same place, passed in this direction, in degrees clockwise from north.
    #[must_use]
    pub const fn with_course(self, degrees: f64) -> Self {
        Self { course: Some(degrees), ..self }
    }

    /// The same place, measured at this time.
    #[must_use]
    pub const fn with_timestamp(self, timestamp: Timestamp) -> Self {
        Self { timestamp: Some(timestamp), ..self }
    }
}

impl StoredValue for Location {
    const VALUE_TYPE: ValueType = ValueType::one(ScalarType::Location);

    fn serialize_value<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let optional: [(&'static str, Option<f64>); 5] = [
            ("horizontalAccuracy", self.horizontal_accuracy),
            ("verticalAccuracy", self.vertical_accuracy),
            ("altitude", self.altitude),
            ("speed", self.speed),
            ("course", self.course),
        ];
        let mut location = serializer.serialize_struct("Location", 8)?;
        location.serialize_field("latitude", &self.latitude)?;
        location.serialize_field("longitude", &self.longitude)?;
        for (name, value) in optional {
            if let Some(value) = value {
                location.serialize_field(name, &Plain(&value))?;
            }
        }
        if let Some(timestamp) = self.timestamp {
            location.serialize_field("timestamp", &timestamp.as_millis())?;
        }
        location.end()
    }

    fn deserialize_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = WireLocation::deserialize(deserializer)?;
        let place = Self::new(wire.latitude.0, wire.longitude.0).map_err(D::Error::custom)?;
        Ok(Self {
            horizontal_accuracy: wire.horizontal_accuracy.map(|number| number.0),
            vertical_accuracy: wire.vertical_accuracy.map(|number| number.0),
            altitude: wire.altitude.map(|number| number.0),
            speed: wire.speed.map(|number| number.0),
            course: wire.course.map(|number| number.0),
            timestamp: wire.timestamp.map(|number| Timestamp::from_millis(number.0)),
            ..place
        })
    }
}

impl ListElement for Location {}
impl Encryptable for Location {}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireLocation {
    latitude: Number,
    longitude: Number,
    horizontal_accuracy: Option<Number>,
    vertical_accuracy: Option<Number>,
    altitude: Option<Number>,
    speed: Option<Number>,
    course: Option<Number>,
    timestamp: Option<Whole>,
}

struct Number(f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_f64(deserializer).map(Self)
    }
}

struct Whole(i64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_i64(deserializer).map(Self)
    }
}

// `Plain` writes the value of a field; a location inside JSON of ours (a filter, a sort) is written the same way.
impl Serialize for Location {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize_value(serializer)
    }
}
