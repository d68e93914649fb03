//! `numgen`: numbers.

use nl_core::kind::{Be32, Str};

use crate::register::Register;
use crate::value::numbers;

expression! {
    /// Generates numbers, one after the other or at random.
    pub struct Numgen = "numgen", table NG_ATTRS, view NumgenView, writer NumgenWriter;
    fields {
        /// Register that gets the result.
        NFTA_NG_DREG = 1, dreg: Register, required;
        /// Numbers are below this.
        NFTA_NG_MODULUS = 2, modulus: Be32, required;
        /// How they are chosen.
        NFTA_NG_TYPE = 3, kind: NumgenType, required;
        /// What is added.
        NFTA_NG_OFFSET = 4, offset: Be32, optional;
    }
    ignored {
        /// Abandoned by the kernel.
        NFTA_NG_SET_NAME = 5, set_name: Str;
        /// Abandoned by the kernel.
        NFTA_NG_SET_ID = 6, set_id: Be32;
    }
}

numbers! {
    /// `NFT_NG_*`: how numbers are chosen.
    pub struct NumgenType: Be32(u32) {
        /// One after the other.
        INCREMENTAL = 0;
        /// At random.
        RANDOM = 1;
    }
}
