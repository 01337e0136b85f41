#![deny(unused_must_use)]
use cloudkit_core::{CkRecord, Container, Operation};

#[derive(CkRecord, Debug)]
struct Article {
    title: String,
}

async fn run(container: Container, article: Article) -> cloudkit_core::Result<()> {
    let outcomes = container.public().modify([Operation::create(article)]).await?;
    for outcome in outcomes {
        println!("{outcome:?}");
    }
    Ok(())
}

fn main() {
    let _ = run;
}
