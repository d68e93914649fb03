//! `nat`: source and destination NAT.

use nl_core::kind::Be32;

use crate::register::Register;
use crate::value::{flags, numbers};

expression! {
    /// Changes the source or the destination of the packet's connection.
    pub struct Nat = "nat", table NAT_ATTRS, view NatView, writer NatWriter;
    fields {
        /// Which end is changed.
        NFTA_NAT_TYPE = 1, kind: NatType, required;
        /// Family of the addresses, `NFPROTO_*`.
        NFTA_NAT_FAMILY = 2, family: Be32, required;
        /// Register with the lowest address.
        NFTA_NAT_REG_ADDR_MIN = 3, reg_addr_min: Register, optional;
        /// Register with the highest address.
        NFTA_NAT_REG_ADDR_MAX = 4, reg_addr_max: Register, optional;
        /// Register with the lowest port.
        NFTA_NAT_REG_PROTO_MIN = 5, reg_proto_min: Register, optional;
        /// Register with the highest port.
        NFTA_NAT_REG_PROTO_MAX = 6, reg_proto_max: Register, optional;
        /// How addresses and ports are chosen.
        NFTA_NAT_FLAGS = 7, flags: NatFlags, optional;
    }
}

numbers! {
    /// `NFT_NAT_*`: which end is changed.
    pub struct NatType: Be32(u32) {
        /// The source.
        SNAT = 0;
        /// The destination.
        DNAT = 1;
    }
}

flags! {
    /// `NF_NAT_RANGE_*`: how addresses and ports are chosen. Source: include/uapi/linux/netfilter/nf_nat.h.
    pub struct NatFlags {
        /// Addresses are given; the kernel sets it.
        MAP_IPS = 1;
        /// Ports are given.
        PROTO_SPECIFIED = 2;
        /// Ports are chosen by a hash.
        PROTO_RANDOM = 4;
        /// A client gets the same address each time.
        PERSISTENT = 8;
        /// Ports are chosen at random.
        PROTO_RANDOM_FULLY = 16;
        /// Ports keep their distance to a base.
        PROTO_OFFSET = 32;
        /// Addresses keep their host part.
        NETMAP = 64;
    }
}
