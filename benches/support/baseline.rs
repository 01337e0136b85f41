//! The other ways to read and write articles: through `serde_json::Value`, and with structs written by hand.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cloudkit_core::{Location, Reference, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::article::Article;

/// What of a record stands beside its fields, as both ways below keep it.
#[derive(Debug)]
pub(crate) struct Plain {
    pub(crate) record_name: String,
    pub(crate) change_tag: String,
    pub(crate) created: Stamp,
    pub(crate) modified: Stamp,
    pub(crate) article: Article,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Stamp {
    pub(crate) timestamp: i64,
    #[serde(rename = "userRecordName")]
    pub(crate) user_record_name: String,
    #[serde(rename = "deviceID")]
    pub(crate) device_id: String,
}

/// The fields of an article, put together as a `Value`.
pub(crate) fn fields_json(article: &Article) -> Value {
    let mut fields = json!({
        "title": {"value": article.title, "type": "STRING"},
        "slug": {"value": article.slug, "type": "STRING"},
        "body": {"value": article.body, "type": "STRING"},
        "publishedAt": {"value": article.published_at.as_millis(), "type": "TIMESTAMP"},
        "views": {"value": article.views, "type": "INT64"},
        "rating": {"value": article.rating, "type": "DOUBLE"},
        "featured": {"value": i64::from(article.featured), "type": "INT64"},
        "tags": {"value": article.tags, "type": "STRING_LIST"},
        "author": {"value": {"recordName": article.author.record_name().as_str(), "action": "NONE"}, "type": "REFERENCE"},
        "place": {
            "value": {
                "latitude": article.place.latitude(),
                "longitude": article.place.longitude(),
                "horizontalAccuracy": article.place.horizontal_accuracy(),
            },
            "type": "LOCATION",
        },
        "thumbnail": {"value": STANDARD.encode(&article.thumbnail), "type": "BYTES"},
    });
    if let Some(summary) = &article.summary {
        fields["summary"] = json!({"value": summary, "type": "STRING"});
    }
    fields
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

#[derive(Deserialize, Serialize)]
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

/// The body of a request that creates the articles, put together as a `Value`.
pub(crate) fn encode_value(articles: &[Article]) -> Vec<u8> {
    let operations: Vec<Value> = articles
        .iter()
        .map(|article| {
            json!({
                "operationType": "create",
                "record": {"recordName": article.slug, "recordType": "Article", "fields": fields_json(article)},
            })
        })
        .collect();
    serde_json::to_vec(&json!({"operations": operations})).expect("a Value can be written")
}

/// The same with structs that were written for it.
pub(crate) fn encode_structs(articles: &[Article]) -> Vec<u8> {
    let mut body = Vec::new();
    encode_structs_into(articles, &mut body);
    body
}

/// The same into a buffer.
pub(crate) fn encode_structs_into(articles: &[Article], body: &mut Vec<u8>) {
    let operations = articles
        .iter()
        .map(|article| WireOperation {
            operation_type: "create",
            record: OutgoingRecord {
                record_name: &article.slug,
                record_type: "Article",
                fields: OutgoingFields {
                    title: held(article.title.as_str(), "STRING"),
                    slug: held(article.slug.as_str(), "STRING"),
                    body: held(article.body.as_str(), "STRING"),
                    summary: article.summary.as_deref().map(|summary| held(summary, "STRING")),
                    published_at: held(article.published_at.as_millis(), "TIMESTAMP"),
                    views: held(article.views, "INT64"),
                    rating: held(article.rating, "DOUBLE"),
                    featured: held(i64::from(article.featured), "INT64"),
                    tags: held(article.tags.as_slice(), "STRING_LIST"),
                    author: held(
                        OutgoingReference {
                            record_name: article.author.record_name().as_str(),
                            action: "NONE",
                        },
                        "REFERENCE",
                    ),
                    place: held(
                        WireLocation {
                            latitude: article.place.latitude(),
                            longitude: article.place.longitude(),
                            horizontal_accuracy: article.place.horizontal_accuracy().unwrap_or_default(),
                        },
                        "LOCATION",
                    ),
                    thumbnail: held(STANDARD.encode(&article.thumbnail), "BYTES"),
                },
            },
        })
        .collect();
    serde_json::to_writer(body, &WireModify { operations }).expect("the structs can be written");
}

fn held<T>(value: T, value_type: &'static str) -> Outgoing<T> {
    Outgoing { value, value_type }
}

#[derive(Serialize)]
struct Outgoing<T> {
    value: T,
    #[serde(rename = "type")]
    value_type: &'static str,
}

#[derive(Serialize)]
struct WireModify<'a> {
    operations: Vec<WireOperation<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireOperation<'a> {
    operation_type: &'static str,
    record: OutgoingRecord<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutgoingRecord<'a> {
    record_name: &'a str,
    record_type: &'static str,
    fields: OutgoingFields<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutgoingFields<'a> {
    title: Outgoing<&'a str>,
    slug: Outgoing<&'a str>,
    body: Outgoing<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<Outgoing<&'a str>>,
    published_at: Outgoing<i64>,
    views: Outgoing<i64>,
    rating: Outgoing<f64>,
    featured: Outgoing<i64>,
    tags: Outgoing<&'a [String]>,
    author: Outgoing<OutgoingReference<'a>>,
    place: Outgoing<WireLocation>,
    thumbnail: Outgoing<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutgoingReference<'a> {
    record_name: &'a str,
    action: &'static str,
}
