use cloudkit_core::{CkRecord, Container, Patch, Record};

#[derive(CkRecord)]
struct Article {
    title: String,
}

async fn run(container: Container, article: Record<Article>) -> cloudkit_core::Result<()> {
    let patch = Patch::<Article>::new().set(|a| a.title, "Rust");
    let _ = container.public().update(&article).apply(patch).await?;
    Ok(())
}

fn main() {
    let _ = run;
}
