use cloudkit_core::{CkRecord, Container};

#[derive(CkRecord)]
struct Article {
    title: String,
}

async fn run(token: cloudkit_core::auth::ApiToken) -> cloudkit_core::Result<()> {
    let _ = Container::builder("iCloud.com.example.News").api_token(token).build()?;
    Ok(())
}

fn main() {
    let _ = run;
}
