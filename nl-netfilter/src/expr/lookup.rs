//! `lookup`: sets and maps.

use nl_core::kind::{Be32, Str};

use crate::register::Register;
use crate::value::flags;

expression! {
    /// Looks a register up in a set; if it is not there, the rule ends. With `dreg`, loads what the map has.
    pub struct Lookup = "lookup", table LOOKUP_ATTRS, view LookupView, writer LookupWriter;
    fields {
        /// Register with the key.
        NFTA_LOOKUP_SREG = 2, sreg: Register, required;
        /// Register that gets the data of a map; [`Register::VERDICT`] for a verdict map.
        NFTA_LOOKUP_DREG = 3, dreg: Register, optional;
        /// Name of the set.
        NFTA_LOOKUP_SET = 1, set: Str, required;
        /// Its id in this transaction.
        NFTA_LOOKUP_SET_ID = 4, set_id: Be32, optional;
        /// Which outcome passes.
        NFTA_LOOKUP_FLAGS = 5, flags: LookupFlags, optional;
    }
}

flags! {
    /// `NFT_LOOKUP_F_*`.
    pub struct LookupFlags {
        /// The rule ends if the key is there.
        INV = 1;
    }
}
