//! The questions, and what each of them finds.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;

use cloudkit_core::database::Public;
use cloudkit_core::query::ContinuationMarker;
use cloudkit_core::{Database, Location};

use super::data::{City, Row};

pub(crate) type Db = Database<Public>;

/// How many records an answer has.
type Count<'a> = Pin<Box<dyn Future<Output = cloudkit_core::Result<usize>> + 'a>>;

pub(crate) struct Question {
    pub(crate) name: String,
    pub(crate) ask: Box<dyn for<'a> Fn(&'a Db) -> Count<'a>>,
    /// The rows that it finds, however many others there are.
    pub(crate) finds: Vec<usize>,
}

const ZURICH: (f64, f64) = (47.3667, 8.55);
const TOKYO: (f64, f64) = (35.6895, 139.6917);

fn place((latitude, longitude): (f64, f64)) -> Location {
    Location::new(latitude, longitude).expect("a city lies on earth")
}

/// The questions to these rows. What they ask for is so chosen that they find some hundred of them.
pub(crate) fn questions(rows: &[Row]) -> Vec<Question> {
    let that = |test: &dyn Fn(&Row) -> bool| -> Vec<usize> {
        rows.iter().enumerate().filter(|(_, row)| test(row)).map(|(index, _)| index).collect()
    };
    let first = |count: usize, key: &dyn Fn(&Row) -> f64| -> Vec<usize> {
        let mut all: Vec<usize> = (0..rows.len()).collect();
        all.sort_by(|a, b| key(&rows[*a]).total_cmp(&key(&rows[*b])));
        all.truncate(count);
        all
    };
    let words = |row: &Row| -> BTreeSet<String> {
        row.name.to_lowercase().split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect()
    };
    let has = |row: &Row, wanted: &[&str]| {
        let words = words(row);
        wanted.iter().all(|word| words.contains(*word))
    };
    let largest = first(rows.len(), &|row| -(row.population as f64));
    let (most, least) = (rows[largest[2_000]].population, rows[largest[2_100]].population);
    let around =
        first(100, &|row| row.distance(ZURICH)).last().map_or(0.0, |last| rows[*last].distance(ZURICH));
    // Not on the edge of the circle.
    let around = around.ceil() + 1.0;
    let mut provinces = BTreeMap::<String, usize>::new();
    for row in rows {
        *provinces.entry(row.labels().swap_remove(1)).or_default() += 1;
    }
    let province = provinces.into_iter().min_by_key(|(_, count)| count.abs_diff(100));
    let label = province.map(|(label, _)| label).unwrap_or_default();

    let mut questions = Vec::new();
    let mut add = |name: String, finds: Vec<usize>, ask: Box<dyn for<'a> Fn(&'a Db) -> Count<'a>>| {
        questions.push(Question { name, ask, finds });
    };
    add(
        "text begins with \"Saint-G\"".to_owned(),
        that(&|row| row.name.starts_with("Saint-G")),
        Box::new(|db| {
            Box::pin(async move {
                Ok(db.query::<City>().filter(|c| c.name.begins_with("Saint-G")).fetch_all().await?.len())
            })
        }),
    );
    add(
        format!("number from {least} to {most}, sorted"),
        that(&|row| (least..=most).contains(&row.population)),
        Box::new(move |db| {
            Box::pin(async move {
                let query = db.query::<City>().filter(|c| c.population.ge(least));
                let query = query.filter(|c| c.population.le(most)).sort(|c| c.population.descending());
                Ok(query.fetch_all().await?.len())
            })
        }),
    );
    add(
        "text with the token \"island\"".to_owned(),
        that(&|row| has(row, &["island"])),
        Box::new(|db| {
            Box::pin(async move {
                let query = db.query::<City>().filter(|c| c.name.contains_all_tokens("island"));
                Ok(query.fetch_all().await?.len())
            })
        }),
    );
    add(
        "text with the tokens \"saint jean\"".to_owned(),
        that(&|row| has(row, &["saint", "jean"])),
        Box::new(|db| {
            Box::pin(async move {
                let query = db.query::<City>().filter(|c| c.name.contains_all_tokens("saint jean"));
                Ok(query.fetch_all().await?.len())
            })
        }),
    );
    add(
        format!("list contains \"{label}\""),
        that(&|row| row.labels().contains(&label)),
        Box::new(move |db| {
            let label = label.clone();
            Box::pin(async move {
                let query = db.query::<City>().filter(|c| c.labels.contains(label));
                Ok(query.fetch_all().await?.len())
            })
        }),
    );
    add(
        format!("distance below {:.0} km, nearest first", around / 1000.0),
        that(&|row| row.distance(ZURICH) <= around),
        Box::new(move |db| {
            Box::pin(async move {
                let query = db.query::<City>().filter(|c| c.location.near(place(ZURICH), around));
                Ok(query.sort(|c| c.location.nearest_to(place(ZURICH))).fetch_all().await?.len())
            })
        }),
    );
    add(
        "the nearest 100, no filter".to_owned(),
        first(100, &|row| row.distance(TOKYO)),
        Box::new(|db| {
            Box::pin(async move {
                let query =
                    db.query::<City>().sort(|c| c.location.nearest_to(place(TOKYO))).results_limit(100);
                Ok(query.page().await?.records.len())
            })
        }),
    );
    add(
        "the largest 100, no filter".to_owned(),
        largest[..100].to_vec(),
        Box::new(|db| {
            Box::pin(async move {
                let query = db.query::<City>().sort(|c| c.population.descending()).results_limit(100);
                Ok(query.page().await?.records.len())
            })
        }),
    );
    add(
        "distance, country and number together".to_owned(),
        that(&|row| row.distance(ZURICH) <= around && row.country == "CH" && row.population >= 5_000),
        Box::new(move |db| {
            Box::pin(async move {
                let query = db.query::<City>().filter(|c| c.location.near(place(ZURICH), around));
                let query = query.filter(|c| c.country.eq("CH")).filter(|c| c.population.ge(5_000));
                Ok(query.fetch_all().await?.len())
            })
        }),
    );
    questions
}

/// The marker of a page in the middle of all records by name.
pub(crate) async fn middle(db: &Db, records: usize) -> cloudkit_core::Result<Option<ContinuationMarker>> {
    let query = db.query::<City>().sort(|c| c.name.ascending());
    let mut next = query.page().await?.next;
    for _ in 0..records / 200 / 2 {
        let Some(marker) = &next else { break };
        next = query.page_after(marker).await?.next;
    }
    Ok(next)
}

/// The page at that marker.
pub(crate) async fn page_at(db: &Db, marker: &ContinuationMarker) -> cloudkit_core::Result<usize> {
    let query = db.query::<City>().sort(|c| c.name.ascending());
    Ok(query.page_after(marker).await?.records.len())
}
