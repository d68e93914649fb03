//! `redir`: redirection to this host.

use crate::expr::NatFlags;
use crate::register::Register;

expression! {
    /// Destination NAT to this host.
    pub struct Redir = "redir", table REDIR_ATTRS, view RedirView, writer RedirWriter;
    fields {
        /// Register with the lowest port.
        NFTA_REDIR_REG_PROTO_MIN = 1, reg_proto_min: Register, optional;
        /// Register with the highest port.
        NFTA_REDIR_REG_PROTO_MAX = 2, reg_proto_max: Register, optional;
        /// How ports are chosen.
        NFTA_REDIR_FLAGS = 3, flags: NatFlags, optional;
    }
}
