//! 200 creations into the body of a request: ours against `json!` and against structs written by hand.

use std::hint::black_box;
use std::time::Duration;

use cloudkit_core::__private::encode_operations;
use cloudkit_core::Operation;
use criterion::{Criterion, Throughput};
use support::encode_baseline::{encode_structs, encode_structs_into, encode_value};
use support::{sample, table};

mod support {
    pub(crate) mod article;
    pub(crate) mod encode_baseline;
    pub(crate) mod fields;
    pub(crate) mod sample;
    pub(crate) mod table;
}

fn main() {
    let articles = sample::articles();
    let operations: Vec<_> = articles
        .iter()
        .map(|article| Operation::create_named(article.slug.as_str(), article.clone()))
        .collect();
    let (mut by_hand, mut ours) = (Vec::new(), Vec::new());
    encode_operations(&operations, &mut ours).expect("the sample can be written");
    let parse =
        |body: &[u8]| serde_json::from_slice::<serde_json::Value>(body).expect("what was written is JSON");
    assert!(
        parse(&ours) == parse(&encode_value(&articles)) && parse(&ours) == parse(&encode_structs(&articles))
    );
    println!("{} operations in {} bytes", operations.len(), ours.len());

    let mut into_ours = || {
        ours.clear();
        encode_operations(black_box(&operations), &mut ours).expect("the sample can be written");
    };
    let mut into_by_hand = || {
        by_hand.clear();
        encode_structs_into(black_box(&articles), &mut by_hand);
    };

    let mut criterion = Criterion::default()
        .configure_from_args()
        .sample_size(50)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    let mut group = criterion.benchmark_group("encode 200 operations");
    group.throughput(Throughput::Elements(operations.len() as u64));
    group.bench_function("json!", |b| b.iter(|| encode_value(black_box(&articles))));
    group.bench_function("structs by hand", |b| b.iter(|| encode_structs(black_box(&articles))));
    group.bench_function("cloudkit-core", |b| b.iter(&mut into_ours));
    group.finish();

    table::compare(
        "encode 200 operations",
        &mut [
            ("json!", &mut || drop(black_box(encode_value(black_box(&articles))))),
            ("structs by hand, a new buffer each time", &mut || {
                drop(black_box(encode_structs(black_box(&articles))))
            }),
            ("structs by hand, one buffer", &mut into_by_hand),
            ("cloudkit-core", &mut into_ours),
        ],
    );
}
