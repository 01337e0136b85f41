//! A strict CloudKit container on loopback.
