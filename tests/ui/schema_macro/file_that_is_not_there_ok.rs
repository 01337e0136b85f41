use cloudkit_core::schema;

schema!("schema.ckdb");

fn main() {}
