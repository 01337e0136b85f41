use cloudkit_core::schema;

schema! {
    "schema.ckdb",
    types = {
        Article,
    },
}

fn main() {}
