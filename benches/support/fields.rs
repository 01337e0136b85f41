//! The fields of an article as CloudKit writes them, put together as a `Value`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::article::Article;

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
