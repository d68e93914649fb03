//! `osf`: passive fingerprints.

use nl_core::kind::{Be32, U8};

use crate::register::Register;

expression! {
    /// Guesses the operating system that sent a TCP SYN.
    pub struct Osf = "osf", table OSF_ATTRS, view OsfView, writer OsfWriter;
    fields {
        /// Register that gets the result.
        NFTA_OSF_DREG = 1, dreg: Register, required;
        /// How the TTL is compared.
        NFTA_OSF_TTL = 2, ttl: U8, optional;
        /// 1: load the version too.
        NFTA_OSF_FLAGS = 3, flags: Be32, optional;
    }
}
