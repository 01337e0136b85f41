//! The cities: rows of a file, and the record type that they are saved as.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use cloudkit_core::{CkRecord, Location, Operation};
use flate2::read::GzDecoder;
use serde::Deserialize;

/// The record type `City`.
#[derive(CkRecord, Clone, Debug)]
#[ck(index(record_name(queryable)))]
pub(crate) struct City {
    #[ck(queryable, sortable, searchable)]
    pub(crate) name: String,
    #[ck(queryable)]
    pub(crate) country: String,
    #[ck(queryable, sortable)]
    pub(crate) population: i64,
    /// What kind of place it is, and its country and province.
    #[ck(queryable)]
    pub(crate) labels: Vec<String>,
    #[ck(queryable, sortable)]
    pub(crate) location: Location,
}

/// A line of the file.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) country: String,
    feature_code: String,
    admin: String,
    pub(crate) population: i64,
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
}

/// The cities of the whole world that are too many to be kept with the program.
const ALL: usize = 135_233;

/// Reads the file. Without one, the excerpt that is kept with the examples is repeated under other names, in other places.
pub(crate) fn read(file: Option<&Path>) -> io::Result<Vec<Row>> {
    if let Some(file) = file {
        return rows(file);
    }
    let excerpt = rows(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data/cities.jsonl.gz")))?;
    let copies = (0_u32..).flat_map(|copy| excerpt.iter().map(move |row| row.other(copy)));
    Ok(copies.take(ALL).collect())
}

fn rows(file: &Path) -> io::Result<Vec<Row>> {
    BufReader::new(GzDecoder::new(File::open(file)?))
        .lines()
        .map(|line| Ok(serde_json::from_str(&line?)?))
        .collect()
}

impl Row {
    /// A city that is not there: letters and meridians are moved on.
    fn other(&self, copy: u32) -> Self {
        let moved = |text: &str| text.chars().map(|letter| moved(letter, copy)).collect::<String>();
        let east = self.longitude + f64::from(copy) * 13.37;
        Self {
            id: self.id + u64::from(copy) * 100_000_000,
            name: moved(&self.name),
            country: moved(&self.country),
            feature_code: self.feature_code.clone(),
            admin: self.admin.clone(),
            population: self.population,
            latitude: self.latitude,
            longitude: (east + 180.0).rem_euclid(360.0) - 180.0,
        }
    }

    pub(crate) fn location(&self) -> Location {
        Location::new(self.latitude, self.longitude).expect("the file has degrees of the earth")
    }

    pub(crate) fn labels(&self) -> Vec<String> {
        vec![self.feature_code.clone(), format!("{}/{}", self.country, self.admin)]
    }

    pub(crate) fn operation(&self) -> Operation<City> {
        let city = City {
            name: self.name.clone(),
            country: self.country.clone(),
            population: self.population,
            labels: self.labels(),
            location: self.location(),
        };
        Operation::create_named(format!("city-{}", self.id), city)
    }

    /// The distance to a place in metres.
    pub(crate) fn distance(&self, (latitude, longitude): (f64, f64)) -> f64 {
        let (lat1, lat2) = (self.latitude.to_radians(), latitude.to_radians());
        let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
        let chord =
            half(latitude - self.latitude) + lat1.cos() * lat2.cos() * half(longitude - self.longitude);
        2.0 * 6_371_008.8 * chord.sqrt().min(1.0).asin()
    }
}

fn moved(letter: char, by: u32) -> char {
    let first = match letter {
        'a'..='z' => 'a',
        'A'..='Z' => 'A',
        _ => return letter,
    };
    let place = (u32::from(letter) - u32::from(first) + by) % 26;
    char::from_u32(u32::from(first) + place).unwrap_or(letter)
}
