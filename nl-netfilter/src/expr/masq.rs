//! `masq`: masquerading.

use crate::expr::NatFlags;
use crate::register::Register;

expression! {
    /// Source NAT to the address of the output device.
    pub struct Masq = "masq", table MASQ_ATTRS, view MasqView, writer MasqWriter;
    fields {
        /// How ports are chosen.
        NFTA_MASQ_FLAGS = 1, flags: NatFlags, optional;
        /// Register with the lowest port.
        NFTA_MASQ_REG_PROTO_MIN = 2, reg_proto_min: Register, optional;
        /// Register with the highest port.
        NFTA_MASQ_REG_PROTO_MAX = 3, reg_proto_max: Register, optional;
    }
}

impl Masq {
    /// `masquerade`.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            flags: None,
            reg_proto_min: None,
            reg_proto_max: None,
        }
    }
}

impl Default for Masq {
    fn default() -> Self {
        Self::new()
    }
}
