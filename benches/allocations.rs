//! What reading and writing 200 records asks of the allocator. A run of its own, because counting takes time.

use std::hint::black_box;

use cloudkit_core::__private::{decode_records, encode_operations};
use cloudkit_core::Operation;
use support::article::Article;
use support::decode_baseline::{decode_structs, decode_value};
use support::encode_baseline::{encode_structs, encode_structs_into, encode_value};
use support::{reply, sample};

mod support {
    pub(crate) mod article;
    pub(crate) mod decode_baseline;
    pub(crate) mod encode_baseline;
    pub(crate) mod fields;
    pub(crate) mod reply;
    pub(crate) mod sample;
}

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

fn count<T>(name: &str, mut run: impl FnMut() -> T) {
    drop(run());
    let profiler = dhat::Profiler::builder().testing().build();
    let result = black_box(run());
    let stats = dhat::HeapStats::get();
    drop(result);
    drop(profiler);
    println!("  {name:<44} {:>8} allocations {:>10} bytes at most", stats.total_blocks, stats.max_bytes);
}

fn main() {
    let articles = sample::articles();
    let body = reply::reply(&articles);
    println!("\ndecode 200 records");
    count("Value, then structs", || decode_value(&body));
    count("structs by hand", || decode_structs(&body));
    count("cloudkit-core", || decode_records::<Article>(&body));

    let create = |article: &Article| Operation::create_named(article.slug.as_str(), article.clone());
    let operations: Vec<_> = articles.iter().map(create).collect();
    let mut buffer = Vec::new();
    println!("\nencode 200 operations");
    count("json!", || encode_value(&articles));
    count("structs by hand, a new buffer each time", || encode_structs(&articles));
    count("structs by hand, one buffer", || {
        buffer.clear();
        encode_structs_into(&articles, &mut buffer);
    });
    count("cloudkit-core", || {
        buffer.clear();
        encode_operations(&operations, &mut buffer).expect("the sample can be written");
    });
}
