//! Who takes part.

pub(crate) mod floor;
pub(crate) mod ip;
pub(crate) mod ours;

#[cfg(feature = "peers")]
pub(crate) mod bindings;
#[cfg(feature = "peers")]
pub(crate) mod neli;
#[cfg(feature = "peers")]
pub(crate) mod nlink;
#[cfg(feature = "peers")]
pub(crate) mod rtnetlink;
