use cloudkit_core::{CkRecord, Container, ZoneId};

#[derive(CkRecord)]
struct Article {
    title: String,
}

async fn run(container: Container<cloudkit_core::container::SignedInUser>, zone: ZoneId) -> cloudkit_core::Result<()> {
    let _ = container.private().in_zone(zone);
    Ok(())
}

fn main() {
    let _ = run;
}
