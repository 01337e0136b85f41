use cloudkit_core::{CkRecord, Location, Query};

#[derive(CkRecord)]
#[ck(schema = "schema.ckdb", projection)]
struct Article {
    place: Location,
    tags: Vec<String>,
}

fn main() {
    let centre = Location::new(52.5, 13.4).expect("a place on earth");
    let _ = Query::<Article>::new().filter(|a| a.place.near(centre, 1000.0));
}
