//! rtnetlink: links, addresses, routes, neighbours, rules, namespace ids.
//!
//! ```no_run
//! use nl_route::link::{GetLinks, NewLink, SetLink};
//! use nl_route::{Connection, Route, RouteExt};
//!
//! let netns = std::fs::File::open("/run/netns/blue")?;
//! let mut rt = Connection::<Route>::open()?;
//!
//! // A cable into another namespace, made in one step.
//! rt.call(&NewLink::veth("v0", "eth0").mtu(1400).peer_netns(&netns).up())?;
//! rt.call(&SetLink::new("v0").alias("to blue"))?;
//!
//! // The other end is set up from over there.
//! Connection::<Route>::open_in(std::os::fd::AsFd::as_fd(&netns))?.set_up("eth0")?;
//!
//! rt.dump(&GetLinks::new(), |link| {
//!     println!("{}: {} {:?}", link.ifindex(), link.name().unwrap_or("?"), link.flags());
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![deny(unsafe_code)]

pub mod addr;
pub mod bulk;
mod connection;
mod ensure;
#[doc(hidden)]
pub mod fuzzing;
pub mod link;
pub mod neigh;
pub mod netconf;
pub mod nexthop;
pub mod nsid;
mod prefix;
pub mod protocol;
mod raw;
pub mod route;
pub mod rule;
mod sys;
mod value;
pub mod watch;

pub use connection::RouteExt;
pub use ensure::{Ensure, Ensured};
pub use nl_core::{Connection, Error};
pub use prefix::{BadPrefix, Prefix};
pub use protocol::Route;
pub use raw::RawRequest;
pub use value::{Family, Mode};
