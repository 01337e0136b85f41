#![deny(unused_must_use)]
use cloudkit_core::{CkRecord, Container};

#[derive(CkRecord)]
struct Article {
    title: String,
}

async fn run(container: Container, article: Article) -> cloudkit_core::Result<()> {
    container.public().create(article);
    Ok(())
}

fn main() {
    let _ = run;
}
