//! `socket`: local sockets.

use nl_core::kind::Be32;

use crate::register::Register;
use crate::value::numbers;

expression! {
    /// Loads a property of the local socket that the packet belongs to.
    pub struct Socket = "socket", table SOCKET_ATTRS, view SocketView, writer SocketWriter;
    fields {
        /// The property.
        NFTA_SOCKET_KEY = 1, key: SocketKey, required;
        /// Register that gets the result.
        NFTA_SOCKET_DREG = 2, dreg: Register, required;
        /// Depth of the control group.
        NFTA_SOCKET_LEVEL = 3, level: Be32, optional;
    }
}

numbers! {
    /// `NFT_SOCKET_*`: a property of a socket.
    pub struct SocketKey: Be32(u32) {
        /// Whether it is transparent.
        TRANSPARENT = 0;
        /// Mark.
        MARK = 1;
        /// Whether it is bound to any address.
        WILDCARD = 2;
        /// Control group at a depth.
        CGROUPV2 = 3;
    }
}
