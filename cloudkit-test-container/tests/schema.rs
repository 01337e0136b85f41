//! The schemas of both environments: import, deploy, reset, and what they do to records.
#![expect(clippy::unwrap_used, reason = "a test that panics is a test that failed")]

use std::error::Error as _;

use cloudkit_core::dynamic::{DynamicDatabase, Value};
use cloudkit_core::Environment::{self, Development, Production};
use cloudkit_test_container::{ContainerError, StartError, TestContainer, TestContainerBuilder};
