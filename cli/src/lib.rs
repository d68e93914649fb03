//! The parts of `nlctl`: grammar and printing of each applet, as a library so that tests and fuzz targets reach them.
//!
//! An applet is one row of [`applet::APPLETS`]; everything it says goes through [`output::Output`] or ends in a
//! [`failure::Failure`].

#![forbid(unsafe_code)]
// They panic when nobody reads: `Output` and `failure::say` do not.
#![warn(clippy::print_stderr, clippy::print_stdout)]

pub mod applet;
pub mod decode;
pub mod ethtool;
pub mod failure;
#[doc(hidden)]
pub mod fuzzing;
pub mod ip;
pub mod iptables;
mod links;
pub mod lsns;
mod monitor;
pub mod options;
pub mod output;
pub mod ping;
mod sandbox;
pub mod sysctl;
mod trace;
pub mod unshare;
pub mod words;
