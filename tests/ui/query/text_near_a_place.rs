use cloudkit_core::{CkRecord, Location, Query};

#[derive(CkRecord)]
struct Article {
    #[ck(queryable)]
    place: String,
}

fn main() {
    let _ = Query::<Article>::new().filter(|a| a.place.near(Location::new(48.9, 2.4).unwrap(), 100.0));
}
