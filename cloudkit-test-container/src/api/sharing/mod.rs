//! Sharing: shares and their participants, the addresses that are handed on, and what a participant may do.

mod access;
mod read;
mod save;
mod short_guid;
mod write;

pub(super) use read::ShareRequest;
pub(super) use save::{leave, leave_zone, nothing_to_share};
pub(super) use short_guid::{accept, resolve};
