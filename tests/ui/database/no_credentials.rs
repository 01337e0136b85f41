use cloudkit_core::{CkRecord, Container};

#[derive(CkRecord)]
struct Article {
    title: String,
}

async fn run() -> cloudkit_core::Result<()> {
    let _ = Container::builder("iCloud.com.example.News").build()?;
    Ok(())
}

fn main() {
    let _ = run;
}
