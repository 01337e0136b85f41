//! A record of twelve fields: every type of value that reads and writes alike.

use cloudkit_core::{CkRecord, Location, Reference, Timestamp};

#[derive(CkRecord, Clone, Debug, PartialEq)]
#[ck(index(record_name(queryable)))]
pub(crate) struct Article {
    pub(crate) title: String,
    pub(crate) slug: String,
    pub(crate) body: String,
    pub(crate) summary: Option<String>,
    pub(crate) published_at: Timestamp,
    pub(crate) views: i64,
    pub(crate) rating: f64,
    pub(crate) featured: bool,
    pub(crate) tags: Vec<String>,
    pub(crate) author: Reference,
    pub(crate) place: Location,
    pub(crate) thumbnail: Vec<u8>,
}
