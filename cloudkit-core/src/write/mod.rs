//! What may be changed: patches, operations, and what becomes of them.

mod assign;
mod lost_answer;
pub(crate) mod modify;
mod operation;
mod outcome;
mod patch;

pub use assign::Assign;
pub(crate) use modify::modify;
pub use operation::Operation;
pub(crate) use operation::Verb;
pub use outcome::{NotAllSaved, Outcome, Outcomes, Saved};
pub(crate) use patch::Change;
pub use patch::{Clearable, Patch};
