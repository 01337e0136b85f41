use cloudkit_core::schema;

schema! {
    "schema.ckdb",
    visibility = pub(crate),
}

fn main() {}
