//! The derive macros of `cloudkit-core`.
