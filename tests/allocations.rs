//! Reading an answer allocates what the records own and nothing else; writing a request into a buffer that is large
//! enough allocates nothing. A binary of its own, because it counts what the whole process allocates.
#![expect(clippy::unwrap_used, reason = "a test that panics is a test that failed")]

use cloudkit_core::__private::{decode_records, encode_operations};
use cloudkit_core::{CkRecord, Location, Operation, Reference, Timestamp};
use serde_json::json;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const RECORDS: u64 = 200;

#[derive(CkRecord, Clone, Debug, PartialEq)]
struct Article {
    title: String,
    summary: Option<String>,
    published_at: Timestamp,
    views: i64,
    rating: f64,
    tags: Vec<String>,
    author: Reference,
    place: Location,
    thumbnail: Vec<u8>,
}

/// How often a closure allocates. Another thread of the test runner may be at work, so the least of some runs counts.
fn allocations<T>(mut run: impl FnMut() -> T) -> u64 {
    let count = || {
        let profiler = dhat::Profiler::builder().testing().build();
        let result = run();
        let blocks = dhat::HeapStats::get().total_blocks;
        drop((result, profiler));
        blocks
    };
    std::iter::repeat_with(count).take(5).min().unwrap()
}

#[test]
fn only_what_the_result_owns_is_allocated() {
    let record = |index: u64| {
        json!({
            "recordName": format!("article-{index}"), "recordType": "Article", "recordChangeTag": "k1",
            "fields": {
                "title": {"value": "An article", "type": "STRING"},
                "publishedAt": {"value": 1_767_225_600_000_i64, "type": "TIMESTAMP"},
                "views": {"value": index, "type": "INT64"},
                "rating": {"value": 4.5, "type": "DOUBLE"},
                "tags": {"value": ["rust", "cloudkit"], "type": "STRING_LIST"},
                "author": {"value": {"recordName": "ines", "action": "NONE"}, "type": "REFERENCE"},
                "place": {"value": {"latitude": 48.8566, "longitude": 2.3522}, "type": "LOCATION"},
                "thumbnail": {"value": "AP8B", "type": "BYTES"},
                "unknown": {"value": {"nested": ["not", "kept"]}, "type": "NEW"},
            },
            "pluginFields": {}, "deleted": false,
            "created": {"timestamp": 1, "userRecordName": "_a", "deviceID": "2"},
            "modified": {"timestamp": 2, "userRecordName": "_a", "deviceID": "2"},
        })
    };
    let body = json!({"records": (0..RECORDS).map(record).collect::<Vec<_>>()}).to_string();
    // Title, tags and their list, author, thumbnail; name, change tag; the user and the device, twice.
    let owned = 6 + 2 + 4;
    let list_of_records = 8;
    let counted = allocations(|| decode_records::<Article>(body.as_bytes()).unwrap());
    assert!(counted <= RECORDS * owned + list_of_records, "{counted} allocations");

    let records = decode_records::<Article>(body.as_bytes()).unwrap();
    let operations: Vec<Operation<Article>> =
        records.into_iter().map(|record| Operation::replace(record.unwrap())).collect();
    let mut buffer = Vec::new();
    encode_operations(&operations, &mut buffer).unwrap();
    let counted = allocations(|| {
        buffer.clear();
        encode_operations(&operations, &mut buffer).unwrap();
    });
    assert_eq!(counted, 0);
}
