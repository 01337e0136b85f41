//! One record.

mod descriptor;

pub use descriptor::{FieldDescriptor, Index, RecordDescriptor, SystemIndexes};
