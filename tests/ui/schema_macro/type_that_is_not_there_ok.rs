use cloudkit_core::schema;

schema! {
    "schema.ckdb",
    types = {
        Article { title: String },
    },
}

fn main() {}
