//! IP configuration of links: `RTM_*NETCONF`.
//!
//! ```text
//! struct netconfmsg
//! +------------+--------------------------------------+
//! | family     | padding                              |
//! +------------+--------------------------------------+
//! ```

use nl_core::kind::I32;
use nl_core::{MessageType, Owned};

use crate::nsid::RtGenMsg;
use crate::protocol::{RTM_DELNETCONF, RTM_GETNETCONF, RTM_NEWNETCONF};
use crate::value::Family;

pub(crate) const MESSAGES: &[MessageType] = &[
    MessageType {
        number: RTM_NEWNETCONF,
        name: "RTM_NEWNETCONF",
        table: &NETCONF_ATTRS,
    },
    MessageType {
        number: RTM_DELNETCONF,
        name: "RTM_DELNETCONF",
        table: &NETCONF_ATTRS,
    },
    MessageType {
        number: RTM_GETNETCONF,
        name: "RTM_GETNETCONF",
        table: &NETCONF_ATTRS,
    },
];

/// `NETCONFA_IFINDEX_ALL`: what applies to all links.
pub const NETCONFA_IFINDEX_ALL: i32 = -1;
/// `NETCONFA_IFINDEX_DEFAULT`: what new links start with.
pub const NETCONFA_IFINDEX_DEFAULT: i32 = -2;

nl_core::attrs! {
    /// `NETCONFA_*`: attributes of `RTM_*NETCONF`, behind a `struct netconfmsg`, which is laid out as
    /// `struct rtgenmsg`. Each is 0 or 1 unless it says otherwise. Source: include/uapi/linux/netconf.h.
    pub table NETCONF_ATTRS: RtGenMsg, view NetconfView, writer NetconfWriter;
    values {
        /// Index of the link, [`NETCONFA_IFINDEX_ALL`] or [`NETCONFA_IFINDEX_DEFAULT`].
        NETCONFA_IFINDEX = 1, ifindex: I32;
        /// Whether packets are forwarded.
        NETCONFA_FORWARDING = 2, forwarding: I32;
        /// Whether packets from the wrong side are dropped: 0 no, 1 strictly, 2 loosely.
        NETCONFA_RP_FILTER = 3, rp_filter: I32;
        /// Whether multicast is forwarded.
        NETCONFA_MC_FORWARDING = 4, mc_forwarding: I32;
        /// Whether others' addresses are answered for.
        NETCONFA_PROXY_NEIGH = 5, proxy_neigh: I32;
        /// Whether routes of a link without carrier are passed over.
        NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN = 6, ignore_routes_with_linkdown: I32;
        /// Whether MPLS is received.
        NETCONFA_INPUT = 7, input: I32;
        /// Whether directed broadcasts are forwarded.
        NETCONFA_BC_FORWARDING = 8, bc_forwarding: I32;
    }
}

/// A link's configuration, owned.
pub type Netconf = Owned<NetconfView<'static>>;

impl NetconfView<'_> {
    /// Address family that it is of.
    #[must_use]
    pub fn family(&self) -> Family {
        Family(self.header().family)
    }
}
