//! Real data: 5,000 cities, saved in batches and queried by prefix, range, list and distance. Each count is checked
//! against a plain scan of the file.
//!
//! ```sh
//! cargo run --release --example cities
//! ```
//!
//! With `CLOUDKIT_CONTAINER` set it writes 5,000 records into that container, under names that begin with `city-`.

use std::io::{BufRead, BufReader};
use std::time::Instant;

use cloudkit_core::{CkRecord, Location, Operation};
use cloudkit_test_container::Session;
use flate2::read::GzDecoder;
use serde::Deserialize;

/// The record type `City`.
#[derive(CkRecord, Clone, Debug, PartialEq)]
#[ck(index(record_name(queryable)))]
struct City {
    #[ck(queryable, sortable)]
    name: String,
    #[ck(queryable)]
    country: String,
    #[ck(queryable, sortable)]
    population: i64,
    #[ck(queryable, sortable)]
    location: Location,
}

/// A line of the file.
#[derive(Deserialize)]
struct Row {
    id: u64,
    name: String,
    country: String,
    population: i64,
    latitude: f64,
    longitude: f64,
}

/// CloudKit takes at most 200 operations in one request.
const BATCH: usize = 200;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows = read()?;
    let session = Session::start::<City>().await?;
    let db = session.container().public();

    let started = Instant::now();
    for batch in rows.chunks(BATCH) {
        let operations = batch.iter().map(operation).collect::<Result<Vec<_>, _>>()?;
        // Each record has an outcome of its own; here all of them must be saved.
        db.modify(operations).await?.all_saved()?;
    }
    println!("saved {} cities in {:?}", rows.len(), started.elapsed());

    let san = db
        .query::<City>()
        .filter(|c| c.name.begins_with("San "))
        .sort(|c| c.name.ascending())
        .fetch_all()
        .await?;
    check("named San …", san.len(), rows.iter().filter(|row| row.name.starts_with("San ")).count())?;

    let towns = db
        .query::<City>()
        .filter(|c| c.population.ge(50_000))
        .filter(|c| c.population.lt(100_000))
        .sort(|c| c.population.descending())
        .fetch_all()
        .await?;
    let range = 50_000..100_000;
    check("with 50,000 to 100,000 people", towns.len(), count(&rows, |row| range.contains(&row.population)))?;
    if !towns.is_sorted_by(|a, b| a.population >= b.population) {
        return Err("the towns are not sorted by population".into());
    }

    let nordic = ["DK", "FI", "IS", "NO", "SE"];
    let northern = db.query::<City>().filter(|c| c.country.is_in(nordic)).fetch_all().await?;
    check("in the north", northern.len(), count(&rows, |row| nordic.contains(&row.country.as_str())))?;

    let paris = Location::new(48.8566, 2.3522)?;
    let metres = 100_000.0;
    let near = db
        .query::<City>()
        .filter(|c| c.location.near(paris, metres))
        .sort(|c| c.location.nearest_to(paris))
        .fetch_all()
        .await?;
    check("within 100 km of Paris", near.len(), count(&rows, |row| distance(paris, row) <= metres))?;
    for city in near.iter().take(3) {
        println!("  {} ({} people)", city.name, city.population);
    }

    let mut all = db.query::<City>().stream();
    let mut total = 0;
    while all.try_next().await?.is_some() {
        total += 1;
    }
    check("in all, page by page", total, rows.len())?;
    Ok(())
}

fn read() -> Result<Vec<Row>, Box<dyn std::error::Error>> {
    let file = std::fs::File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/cities.jsonl.gz"))?;
    BufReader::new(GzDecoder::new(file)).lines().map(|line| Ok(serde_json::from_str(&line?)?)).collect()
}

fn operation(row: &Row) -> Result<Operation<City>, Box<dyn std::error::Error>> {
    let city = City {
        name: row.name.clone(),
        country: row.country.clone(),
        population: row.population,
        location: Location::new(row.latitude, row.longitude)?,
    };
    // Under the name of its row, so that a second run finds the same records and doubles nothing.
    Ok(Operation::force_replace(format!("city-{}", row.id), city))
}

fn count(rows: &[Row], condition: impl Fn(&Row) -> bool) -> usize {
    rows.iter().filter(|row| condition(row)).count()
}

/// The length of the great circle between two places, in metres, on a sphere of the earth's mean radius.
fn distance(from: Location, to: &Row) -> f64 {
    const EARTH_RADIUS: f64 = 6_371_008.8;
    let (latitude, other) = (from.latitude().to_radians(), to.latitude.to_radians());
    let turn = (to.longitude - from.longitude()).to_radians();
    let haversine =
        ((other - latitude) / 2.0).sin().powi(2) + latitude.cos() * other.cos() * (turn / 2.0).sin().powi(2);
    2.0 * EARTH_RADIUS * haversine.sqrt().asin()
}

fn check(what: &str, found: usize, expected: usize) -> Result<(), Box<dyn std::error::Error>> {
    println!("{found} cities {what}");
    if found != expected {
        return Err(format!("{found} cities {what} were found, and the file has {expected}").into());
    }
    Ok(())
}
