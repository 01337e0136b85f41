//! The other ways to read articles: through `serde_json::Value`, and with structs written by hand.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cloudkit_core::{Location, Reference, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::article::Article;

/// What of a record stands beside its fields, as both ways below keep it.
#[expect(dead_code, reason = "what is read is what is measured")]
pub(crate) struct Plain {
    pub(crate) record_name: String,
    pub(crate) change_tag: String,
    pub(crate) created: Stamp,
    pub(crate) modified: Stamp,
    pub(crate) article: Article,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "what is read is what is measured")]
pub(crate) struct Stamp {
    pub(crate) timestamp: i64,
    #[serde(rename = "userRecordName")]
    pub(crate) user_record_name: String,
    #[serde(rename = "deviceID")]
    pub(crate) device_id: String,
}

/// The answer parsed into a `Value`, and the records picked out of it.
pub(crate) fn decode_value(body: &[u8]) -> Option<Vec<Plain>> {
    let reply: Value = serde_json::from_slice(body).ok()?;
    reply["records"].as_array()?.iter().map(pick).collect()
}

fn pick(record: &Value) -> Option<Plain> {
    let fields = &record["fields"];
    let value = |name: &str| &fields[name]["value"];
    let text = |name: &str| value(name).as_str().map(str::to_owned);
    Some(Plain {
        record_name: record["recordName"].as_str()?.to_owned(),
        change_tag: record["recordChangeTag"].as_str()?.to_owned(),
        created: pick_stamp(&record["created"])?,
        modified: pick_stamp(&record["modified"])?,
        article: Article {
            title: text("title")?,
            slug: text("slug")?,
            body: text("body")?,
            summary: text("summary"),
            published_at: Timestamp::from_millis(value("publishedAt").as_i64()?),
            views: value("views").as_i64()?,
            rating: value("rating").as_f64()?,
            featured: value("featured").as_i64()? != 0,
            tags: value("tags")
                .as_array()?
                .iter()
                .map(|tag| tag.as_str().map(str::to_owned))
                .collect::<Option<_>>()?,
            author: Reference::new(value("author")["recordName"].as_str()?),
            place: Location::new(value("place")["latitude"].as_f64()?, value("place")["longitude"].as_f64()?)
                .ok()?
                .with_horizontal_accuracy(value("place")["horizontalAccuracy"].as_f64()?),
            thumbnail: STANDARD.decode(value("thumbnail").as_str()?).ok()?,
        },
    })
}

fn pick_stamp(stamp: &Value) -> Option<Stamp> {
    Some(Stamp {
        timestamp: stamp["timestamp"].as_i64()?,
        user_record_name: stamp["userRecordName"].as_str()?.to_owned(),
        device_id: stamp["deviceID"].as_str()?.to_owned(),
    })
}

/// The answer parsed into structs that were written for it.
pub(crate) fn decode_structs(body: &[u8]) -> Option<Vec<Plain>> {
    let reply: Reply = serde_json::from_slice(body).ok()?;
    reply.records.into_iter().map(WireRecord::into_plain).collect()
}

#[derive(Deserialize)]
struct Reply {
    records: Vec<WireRecord>,
}

#[derive(Deserialize)]
struct WireRecord {
    #[serde(rename = "recordName")]
    record_name: String,
    #[serde(rename = "recordChangeTag")]
    change_tag: String,
    created: Stamp,
    modified: Stamp,
    fields: WireFields,
}

#[derive(Deserialize)]
struct Held<T> {
    value: T,
}

#[derive(Deserialize)]
struct WireFields {
    title: Held<String>,
    slug: Held<String>,
    body: Held<String>,
    summary: Option<Held<String>>,
    #[serde(rename = "publishedAt")]
    published_at: Held<i64>,
    views: Held<i64>,
    rating: Held<f64>,
    featured: Held<i64>,
    tags: Held<Vec<String>>,
    author: Held<WireReference>,
    place: Held<WireLocation>,
    thumbnail: Held<String>,
}

#[derive(Deserialize)]
struct WireReference {
    #[serde(rename = "recordName")]
    record_name: String,
}

#[derive(Deserialize)]
struct WireLocation {
    latitude: f64,
    longitude: f64,
    #[serde(rename = "horizontalAccuracy")]
    horizontal_accuracy: f64,
}

impl WireRecord {
    fn into_plain(self) -> Option<Plain> {
        let Self { record_name, change_tag, created, modified, fields } = self;
        Some(Plain {
            record_name,
            change_tag,
            created,
            modified,
            article: Article {
                title: fields.title.value,
                slug: fields.slug.value,
                body: fields.body.value,
                summary: fields.summary.map(|summary| summary.value),
                published_at: Timestamp::from_millis(fields.published_at.value),
                views: fields.views.value,
                rating: fields.rating.value,
                featured: fields.featured.value != 0,
                tags: fields.tags.value,
                author: Reference::new(fields.author.value.record_name),
                place: Location::new(fields.place.value.latitude, fields.place.value.longitude)
                    .ok()?
                    .with_horizontal_accuracy(fields.place.value.horizontal_accuracy),
                thumbnail: STANDARD.decode(fields.thumbnail.value).ok()?,
            },
        })
    }
}
