use cloudkit_core::schema;

schema!("shema.ckdb");

fn main() {}
