use cloudkit_core::{CkRecord, Container, Record};

#[derive(CkRecord)]
struct Article {
    title: Option<String>,
}

async fn run(container: Container, article: Record<Article>) -> cloudkit_core::Result<()> {
    let _ = container.public().update(&article).clear(|a| a.title).await?;
    Ok(())
}

fn main() {
    let _ = run;
}
