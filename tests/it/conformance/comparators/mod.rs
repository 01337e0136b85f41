//! Statements 61 to 67: what each comparator finds, what it cannot be used with, and sorting.

mod operands;
mod order;
mod places;
mod system_fields;
mod table;
mod words;
