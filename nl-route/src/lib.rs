//! rtnetlink: links, addresses, routes, neighbours, rules, namespace ids.

#![forbid(unsafe_code)]

pub mod addr;
pub mod link;
pub mod neigh;
pub mod nsid;
pub mod protocol;
pub mod route;
pub mod rule;

pub use protocol::Route;
