//! The other ways to write articles: through `serde_json::Value`, and with structs written by hand.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};

use super::article::Article;
use super::fields::fields_json;

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
                        OutgoingLocation {
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
    place: Outgoing<OutgoingLocation>,
    thumbnail: Outgoing<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutgoingReference<'a> {
    record_name: &'a str,
    action: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutgoingLocation {
    latitude: f64,
    longitude: f64,
    horizontal_accuracy: f64,
}
