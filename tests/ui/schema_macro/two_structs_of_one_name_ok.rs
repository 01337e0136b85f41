use cloudkit_core::schema;

schema! {
    "schema.ckdb",
    types = {
        Article as Report,
        Patient,
    },
}

fn main() {}
