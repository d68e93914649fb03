//! Linux namespaces as values: create, enter, run, list; rootless sandboxes
#![cfg(unix)]

mod command;
mod error;
#[doc(hidden)]
pub mod isolate;
#[allow(
    dead_code,
    reason = "named namespaces and sandboxes, landing next, use the other steps"
)]
mod plan;
mod policy;
mod sandbox;
#[allow(dead_code, reason = "as for plan")]
mod sys;

pub use command::Command;
pub use error::{Error, Result};
