//! `ct`: connection tracking.

use nl_core::kind::U8;

use crate::register::Register;
use crate::value::{flags, numbers};

expression! {
    /// Loads a property of the packet's connection, or sets one.
    pub struct Ct = "ct", table CT_ATTRS, view CtView, writer CtWriter;
    fields {
        /// The property.
        NFTA_CT_KEY = 2, key: CtKey, required;
        /// Register that gets it.
        NFTA_CT_DREG = 1, dreg: Register, optional;
        /// For properties that each direction has: 0 original, 1 reply.
        NFTA_CT_DIRECTION = 3, direction: U8, optional;
        /// Register with the new value.
        NFTA_CT_SREG = 4, sreg: Register, optional;
    }
}

numbers! {
    /// `NFT_CT_*`: a property of a connection.
    pub struct CtKey: Be32(u32) {
        /// State of the connection, a bit of [`CtState`].
        STATE = 0;
        /// Direction of the packet: 0 original, 1 reply.
        DIRECTION = 1;
        /// `IPS_*` bits.
        STATUS = 2;
        /// Mark.
        MARK = 3;
        /// Security mark.
        SECMARK = 4;
        /// Time until it expires, in milliseconds.
        EXPIRATION = 5;
        /// Name of the helper, 16 bytes.
        HELPER = 6;
        /// Family of the connection.
        L3PROTOCOL = 7;
        /// Source address, 16 bytes at most.
        SRC = 8;
        /// Destination address, 16 bytes at most.
        DST = 9;
        /// Layer 4 protocol.
        PROTOCOL = 10;
        /// Source port.
        PROTO_SRC = 11;
        /// Destination port.
        PROTO_DST = 12;
        /// Labels, 16 bytes.
        LABELS = 13;
        /// Packets.
        PKTS = 14;
        /// Bytes.
        BYTES = 15;
        /// Average bytes per packet.
        AVGPKT = 16;
        /// Zone.
        ZONE = 17;
        /// Mask of events that are sent.
        EVENTMASK = 18;
        /// IPv4 source address.
        SRC_IP = 19;
        /// IPv4 destination address.
        DST_IP = 20;
        /// IPv6 source address.
        SRC_IP6 = 21;
        /// IPv6 destination address.
        DST_IP6 = 22;
        /// Id of the connection.
        ID = 23;
    }
}

flags! {
    /// Bits of [`CtKey::STATE`], loaded in host order.
    pub struct CtState {
        /// Belongs to no connection.
        INVALID = 1;
        /// Seen in both directions.
        ESTABLISHED = 2;
        /// Belongs to a connection of another one.
        RELATED = 4;
        /// The first packet.
        NEW = 8;
        /// Not tracked.
        UNTRACKED = 64;
    }
}

impl Ct {
    /// Loads `key`.
    #[must_use]
    pub const fn load(key: CtKey, register: Register) -> Self {
        Self {
            key,
            dreg: Some(register),
            direction: None,
            sreg: None,
        }
    }

    /// Sets `key`.
    #[must_use]
    pub const fn set(key: CtKey, register: Register) -> Self {
        Self {
            key,
            dreg: None,
            direction: None,
            sreg: Some(register),
        }
    }
}
