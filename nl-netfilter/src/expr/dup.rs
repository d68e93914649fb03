//! `dup`: copies of packets.

use crate::register::Register;

expression! {
    /// Sends a copy of the packet elsewhere.
    pub struct Dup = "dup", table DUP_ATTRS, view DupView, writer DupWriter;
    fields {
        /// Register with the address of the gateway.
        NFTA_DUP_SREG_ADDR = 1, sreg_addr: Register, optional;
        /// Register with the ifindex of the device.
        NFTA_DUP_SREG_DEV = 2, sreg_dev: Register, optional;
    }
}
