use cloudkit_core::{CkRecord, Container};

#[derive(CkRecord)]
struct Article {
    title: String,
}

async fn run(container: Container) -> cloudkit_core::Result<()> {
    let _ = container.public().query::<String>();
    Ok(())
}

fn main() {
    let _ = run;
}
