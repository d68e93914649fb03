//! The floor: messages written by hand before the clock starts, one socket, and nothing else. What it takes is what the
//! kernel takes.

mod links;
mod message;
mod namespaces;
mod routes;
mod socket;

pub(crate) use links::{addresses, delete_each, delete_grouped, pairs, veth, veth_moved};
pub(crate) use namespaces::namespaces;
pub(crate) use routes::{
    each, load, replace, routes4, routes6, set_by_gateway, set_by_nexthop, sync,
};
