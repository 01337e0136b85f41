//! The answer that holds the articles.

use std::fmt::Write as _;

use super::article::Article;
use super::fields::fields_json;

/// The answer to a query, as CloudKit writes it.
pub(crate) fn reply(articles: &[Article]) -> Vec<u8> {
    let mut json = String::from(r#"{"records":["#);
    for (index, article) in articles.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        let fields = serde_json::to_string(&fields_json(article)).expect("the fields can be written");
        let name = article.slug.as_str();
        write!(
            json,
            r#"{{"recordName":"{name}","recordType":"Article","fields":{fields},"pluginFields":{{}},"recordChangeTag":"k{index}","created":{{"timestamp":1767225600123,"userRecordName":"_0f3c9d1e2b4a58697a8b9cadbecfd0e1","deviceID":"2"}},"modified":{{"timestamp":1767312000456,"userRecordName":"_0f3c9d1e2b4a58697a8b9cadbecfd0e1","deviceID":"2"}},"deleted":false}}"#
        )
        .expect("a string takes everything");
    }
    json.push_str("]}");
    json.into_bytes()
}
