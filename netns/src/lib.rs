//! Linux namespaces as values: create, enter, run, list; rootless sandboxes.
//!
//! A namespace is a handle, never a mood of a thread: work inside one happens on threads and in processes of its own,
//! and no function returns with the caller's thread in another namespace than it came with, panics included.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use nl_netns::{Namespace, named};
//!
//! let red = named::create("red")?;                                   // ip netns add red
//! let devices = red.run(|| std::fs::read_to_string("/proc/thread-self/net/dev"))??;
//! assert!(devices.contains("lo:"));
//! red.command("cat")?.arg("/sys/class/net/lo/mtu").status()?;        // ip netns exec red cat …
//! let socket = red.socket(libc::AF_INET, libc::SOCK_DGRAM, 0)?;      // belongs to red wherever it is used
//! named::delete("red")?;                                             // ip netns delete red
//!
//! let scratch = Namespace::new()?;                                   // lives as long as the handle
//! # drop((socket, scratch));
//! # Ok(())
//! # }
//! ```
//!
//! These need `CAP_SYS_ADMIN`. A [`Sandbox`] needs nothing: in it the caller is root of a network to throw away, where
//! all of the above works. [`isolate!`] gives one to a test. [`Unshare`] makes namespaces for a program, [`proc`] lists
//! those that exist.
//!
//! Not here: anything that speaks netlink. Links, addresses, routes and namespace ids are `nl-route`'s; its connections
//! take the [descriptor](Namespace#impl-AsFd-for-Namespace) of a [`Namespace`].
#![cfg(unix)]

mod command;
mod error;
mod exec;
#[doc(hidden)]
pub mod fuzzing;
mod holder;
#[doc(hidden)]
pub mod isolate;
pub mod named;
mod namespace;
mod plan;
mod policy;
pub mod proc;
mod sandbox;
mod sys;
mod unshare;

pub use command::Command;
pub use error::{Error, Result};
pub use namespace::{Namespace, NamespaceId};
pub use sandbox::{Sandbox, SandboxBuilder};
pub use unshare::Unshare;
