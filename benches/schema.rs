//! A schema file of the size of the largest that is known: 21 KB, with 256 fields in one record type.
//!
//! With `CLOUDKIT_SCHEMA_FILES` set to a directory of `.ckdb` files, its largest is measured as well.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use cloudkit_schema::generate::{Options, generate};
use cloudkit_schema::{DataType, Document, Field, Index, RecordType, Schema, SystemField, format};
use criterion::{Criterion, Throughput};

/// The shape of the largest public file: one record type full of numbered fields of every type, others around it.
fn large() -> String {
    let kinds = [
        ("s", DataType::STRING, &[Index::Queryable, Index::Sortable][..]),
        ("x", DataType::STRING, &Index::ALL[..]),
        ("i", DataType::INT64, &[Index::Queryable, Index::Sortable]),
        ("d", DataType::DOUBLE, &[Index::Queryable, Index::Sortable]),
        ("t", DataType::TIMESTAMP, &[Index::Queryable, Index::Sortable]),
        ("r", DataType::REFERENCE, &[Index::Queryable]),
        ("b", DataType::BYTES, &[Index::Queryable]),
        ("ls", DataType::STRING.list(), &[Index::Queryable]),
        ("li", DataType::INT64.list(), &[Index::Queryable]),
        ("a", DataType::ASSET, &[]),
    ];
    let record_type = |name: &str, count: usize| {
        let fields = (0..count).map(|number| {
            let (prefix, data_type, indexes) = kinds[number * kinds.len() / count];
            let field = Field::new(format!("{prefix}_{number:02}"), data_type);
            indexes.iter().fold(field, |field, index| field.with_index(*index))
        });
        fields
            .fold(RecordType::new(name), RecordType::with_field)
            .with_system_index(SystemField::RecordId, Index::Queryable)
            .with_default_grants()
    };
    let schema = Schema::new()
        .with_record_type(record_type("Entity", 256))
        .with_record_type(record_type("Event", 100))
        .with_record_type(record_type("Snapshot", 60))
        .with_record_type(RecordType::users());
    schema.to_string()
}

/// The largest file of the directory in `CLOUDKIT_SCHEMA_FILES`.
fn largest_of_others() -> Option<String> {
    let directory = std::env::var_os("CLOUDKIT_SCHEMA_FILES")?;
    let entries = std::fs::read_dir(Path::new(&directory)).expect("CLOUDKIT_SCHEMA_FILES is a directory");
    let paths = entries.map(|entry| entry.expect("the directory can be read").path());
    let texts = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "ckdb"))
        .map(|path| std::fs::read_to_string(path).expect("the file is text"));
    texts.max_by_key(String::len)
}

fn main() {
    let mut criterion = Criterion::default()
        .configure_from_args()
        .sample_size(50)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    let texts = [("generated", Some(large())), ("of another project", largest_of_others())];
    for (name, text) in texts.iter().filter_map(|(name, text)| Some((name, text.as_ref()?))) {
        let schema = Schema::parse(text).expect("the schema has no mistakes");
        let mut group = criterion.benchmark_group(format!("a schema of {} KB, {name}", text.len() / 1000));
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function("parse and check", |b| b.iter(|| Document::parse(black_box(text))));
        group.bench_function("print", |b| b.iter(|| black_box(&schema).to_string()));
        group.bench_function("format", |b| b.iter(|| format(black_box(text))));
        group.bench_function("generate", |b| b.iter(|| generate(black_box(&schema), &Options::default())));
        group.finish();
    }
}
