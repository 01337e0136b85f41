use cloudkit_core::CkRecord;

#[derive(CkRecord)]
#[ck(rename_all = "kebab-case")]
struct Article {
    title: String,
}

fn main() {}
