//! What outlives a container: directories of data, and snapshots.

mod directory;
mod snapshot;

use cloudkit_core::CkRecord;
use cloudkit_test_container::{TestContainer, TestContainerBuilder};

#[derive(CkRecord, Clone, Debug, PartialEq)]
#[ck(index(record_name(queryable)))]
struct Author {
    #[ck(queryable, sortable)]
    name: String,
}

fn author(name: &str) -> Author {
    Author { name: name.to_owned() }
}

fn builder() -> TestContainerBuilder {
    TestContainer::builder("iCloud.com.example.Persistence").records::<Author>()
}
