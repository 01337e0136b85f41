#![deny(unused_must_use)]
use cloudkit_core::{CkRecord, Container, Operation};

#[derive(CkRecord)]
struct Article {
    title: String,
}

async fn run(container: Container, article: Article) -> cloudkit_core::Result<()> {
    container.public().modify([Operation::create(article)]).await?;
    Ok(())
}

fn main() {
    let _ = run;
}
