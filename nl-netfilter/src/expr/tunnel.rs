//! `tunnel`: tunnel metadata.

use nl_core::kind::Be32;

use crate::register::Register;

expression! {
    /// Loads a property of the tunnel that the packet came by.
    pub struct Tunnel = "tunnel", table TUNNEL_ATTRS, view TunnelView, writer TunnelWriter;
    fields {
        /// 0: whether there is one; 1: its id.
        NFTA_TUNNEL_KEY = 1, key: Be32, required;
        /// Register that gets the result.
        NFTA_TUNNEL_DREG = 2, dreg: Register, required;
        /// 0 any, 1 received, 2 to be sent.
        NFTA_TUNNEL_MODE = 3, mode: Be32, optional;
    }
}
