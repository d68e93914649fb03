//! `fwd`: forwarding at ingress.

use nl_core::kind::Be32;

use crate::register::Register;

expression! {
    /// Forwards the packet out of a device (family netdev).
    pub struct Fwd = "fwd", table FWD_ATTRS, view FwdView, writer FwdWriter;
    fields {
        /// Register with the ifindex of the device.
        NFTA_FWD_SREG_DEV = 1, sreg_dev: Register, required;
        /// Register with the address of the next hop.
        NFTA_FWD_SREG_ADDR = 2, sreg_addr: Register, optional;
        /// Family of that address.
        NFTA_FWD_NFPROTO = 3, nfproto: Be32, optional;
    }
}
