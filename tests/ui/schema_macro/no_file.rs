use cloudkit_core::schema;

schema!();

fn main() {}
