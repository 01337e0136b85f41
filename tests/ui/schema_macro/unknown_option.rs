use cloudkit_core::schema;

schema! {
    "schema.ckdb",
    prefix = Ck,
}

fn main() {}
