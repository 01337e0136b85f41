//! What a field can hold.

mod value_type;

pub use value_type::{ScalarType, ValueType};
