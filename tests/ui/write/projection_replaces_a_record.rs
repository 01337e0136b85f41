use cloudkit_core::{CkRecord, Container, Record};

#[derive(CkRecord)]
#[ck(projection)]
struct Article {
    title: String,
}

async fn run(container: Container, article: Record<Article>) -> cloudkit_core::Result<()> {
    let _ = container.public().replace(article).await?;
    Ok(())
}

fn main() {
    let _ = run;
}
