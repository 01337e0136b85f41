use cloudkit_core::schema;

#[derive(cloudkit_core::CkEnum, Clone, Debug, PartialEq)]
pub enum Status {
    Draft,
    Live,
}

schema! {
    "schema.ckdb",
    types = {
        Article { views: Status },
    },
}

fn main() {}
