//! An answer of 200 records into structs: ours against `serde_json::Value` and against structs written by hand.

use std::hint::black_box;
use std::time::Duration;

use cloudkit_core::__private::decode_records;
use criterion::{Criterion, Throughput};
use support::article::Article;
use support::decode_baseline::{decode_structs, decode_value};
use support::{reply, sample, table};

mod support {
    pub(crate) mod article;
    pub(crate) mod decode_baseline;
    pub(crate) mod fields;
    pub(crate) mod reply;
    pub(crate) mod sample;
    pub(crate) mod table;
}

fn main() {
    let articles = sample::articles();
    let body = reply::reply(&articles);
    let read = decode_records::<Article>(&body).expect("the sample can be read");
    assert!(
        read.iter().zip(&articles).all(|(read, sent)| read.as_ref().is_ok_and(|read| read.value() == sent))
    );
    assert!(decode_value(&body).is_some() && decode_structs(&body).is_some());
    println!("{} records in {} bytes", articles.len(), body.len());

    let mut criterion = Criterion::default()
        .configure_from_args()
        .sample_size(50)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    let mut group = criterion.benchmark_group("decode 200 records");
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("Value, then structs", |b| b.iter(|| decode_value(black_box(&body))));
    group.bench_function("structs by hand", |b| b.iter(|| decode_structs(black_box(&body))));
    group.bench_function("cloudkit-core", |b| b.iter(|| decode_records::<Article>(black_box(&body))));
    group.finish();

    table::compare(
        "decode 200 records",
        &mut [
            ("Value, then structs", &mut || drop(black_box(decode_value(black_box(&body))))),
            ("structs by hand", &mut || drop(black_box(decode_structs(black_box(&body))))),
            ("cloudkit-core", &mut || drop(black_box(decode_records::<Article>(black_box(&body))))),
        ],
    );
}
