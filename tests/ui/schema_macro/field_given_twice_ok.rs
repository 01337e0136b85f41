use cloudkit_core::schema;

schema! {
    "schema.ckdb",
    types = {
        Article { title! as headline },
    },
}

fn main() {}
