//! `tproxy`: transparent proxies.

use nl_core::kind::Be32;

use crate::register::Register;

expression! {
    /// Gives the packet to a local socket without changing it.
    pub struct Tproxy = "tproxy", table TPROXY_ATTRS, view TproxyView, writer TproxyWriter;
    fields {
        /// Family of the address, `NFPROTO_*`.
        NFTA_TPROXY_FAMILY = 1, family: Be32, required;
        /// Register with the address.
        NFTA_TPROXY_REG_ADDR = 2, reg_addr: Register, optional;
        /// Register with the port.
        NFTA_TPROXY_REG_PORT = 3, reg_port: Register, optional;
    }
}
