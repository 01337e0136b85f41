//! Records over the management API.
