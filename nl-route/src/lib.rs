//! rtnetlink: links, addresses, routes, neighbours, rules, namespace ids.

#![forbid(unsafe_code)]

pub mod addr;
pub mod link;
pub mod neigh;
pub mod nexthop;
pub mod nsid;
mod prefix;
pub mod protocol;
mod raw;
pub mod route;
pub mod rule;
mod value;

pub use prefix::{BadPrefix, Prefix};
pub use protocol::Route;
pub use raw::RawRequest;
pub use value::{Family, Mode};
