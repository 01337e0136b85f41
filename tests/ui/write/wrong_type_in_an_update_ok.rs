use cloudkit_core::{CkRecord, Container, Record};

#[derive(CkRecord)]
struct Article {
    title: String,
}

async fn run(container: Container, article: Record<Article>) -> cloudkit_core::Result<()> {
    let _ = container.public().update(&article).set(|a| a.title, "5").await?;
    Ok(())
}

fn main() {
    let _ = run;
}
