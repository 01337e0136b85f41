use cloudkit_core::{CkRecord, Container};

#[derive(CkRecord)]
#[ck(projection)]
struct Article {
    title: String,
}

async fn run(container: Container, article: Article) -> cloudkit_core::Result<()> {
    let _ = container.public().create(article).await?;
    Ok(())
}

fn main() {
    let _ = run;
}
