//! Answers, as a server or whatever stands in front of it may write them: they are read or refused, and nothing panics.

#![no_main]

use bytes::Bytes;
use cloudkit_core::__private::{decode_records, encode_operations};
use cloudkit_core::dynamic::DynamicRecord;
use cloudkit_core::transport::Refusal;
use cloudkit_core::{
    Asset, CkEnum, CkRecord, CkRecords, Json, JsonBytes, Location, Operation, Reference, Timestamp,
};
use libfuzzer_sys::fuzz_target;

#[derive(CkRecord, Debug)]
struct Account {
    owner: String,
    cents: Option<i64>,
    small: Option<i8>,
    truth: Option<bool>,
    rate: Option<f64>,
    single: Option<f32>,
    opened: Option<Timestamp>,
    seal: Option<Vec<u8>>,
    branch: Option<Location>,
    parent: Option<Reference>,
    scan: Option<Asset>,
    #[ck(default)]
    tags: Vec<String>,
    months: Option<Vec<i64>>,
    branches: Option<Vec<Location>>,
    keys: Option<Vec<Vec<u8>>>,
    layout: Option<Json<Vec<u8>>>,
    raw_layout: Option<JsonBytes<Vec<u8>>>,
    kind: Option<Kind>,
}

#[derive(CkEnum, Debug)]
enum Kind {
    Plain,
    Fancy,
}

#[derive(CkRecord, Debug)]
struct Other {
    owner: Option<String>,
}

#[derive(CkRecords, Debug)]
enum Either {
    Account(Account),
    Other(Other),
}

fuzz_target!(|body: &[u8]| {
    let typed = decode_records::<Account>(body);
    let either = decode_records::<Either>(body);
    let dynamic = decode_records::<DynamicRecord>(body);
    for error in [typed.as_ref().err(), either.as_ref().err(), dynamic.as_ref().err()].into_iter().flatten() {
        assert!(!error.at.is_empty() && !error.reason.is_empty());
    }

    // What was read can be written again.
    let mut buffer = Vec::new();
    for record in typed.into_iter().flatten().flatten() {
        let name = record.record_name().clone();
        // A reference may have an action that is not known; that can be read only.
        let account = Account { parent: None, ..record.into_value() };
        let operation = Operation::create_named(name, account);
        encode_operations(&[operation], &mut buffer).expect("what was read has a form in CloudKit");
    }

    for status in [200, 429] {
        let mut answer = http::Response::new(Bytes::copy_from_slice(body));
        *answer.status_mut() = http::StatusCode::from_u16(status).expect("these are statuses");
        if let Err(refusal) = Refusal::check(answer, std::time::SystemTime::UNIX_EPOCH) {
            let _shown = format!("{refusal:?}");
        }
    }
});
