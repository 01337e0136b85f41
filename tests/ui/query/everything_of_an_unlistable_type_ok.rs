use cloudkit_core::{CkRecord, Container};

#[derive(CkRecord)]
#[ck(index(record_name(queryable)))]
struct Article {
    #[ck(queryable)]
    title: String,
}

async fn run(container: Container) -> cloudkit_core::Result<()> {
    let _ = container.public().query::<Article>().stream();
    Ok(())
}

fn main() {
    let _ = run;
}
