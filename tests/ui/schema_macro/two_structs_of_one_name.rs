use cloudkit_core::schema;

schema! {
    "schema.ckdb",
    types = {
        Article as Thing,
        Patient as Thing,
    },
}

fn main() {}
