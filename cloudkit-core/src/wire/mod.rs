//! The JSON of requests and answers, as Apple spells it.

mod matching;
mod read;
mod record_item;
pub(crate) mod records;
mod write;

pub(crate) use matching::match_items;
pub(crate) use read::read;
pub(crate) use record_item::RecordItem;
pub(crate) use write::write;
