use cloudkit_core::schema;

schema! {
    "schema.ckdb",
    types = {
        Articel,
    },
}

fn main() {}
