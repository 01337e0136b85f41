use cloudkit_core::schema;

schema! {
    "schema.ckdb",
    types = {
        Article { title!, title as headline },
    },
}

fn main() {}
