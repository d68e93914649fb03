//! `range`: comparison with a range.

use crate::data::DataNest;
use crate::register::Register;
use crate::value::numbers;

expression! {
    /// Compares a register with a range; if it does not hold, the rule ends.
    pub struct Range = "range", table RANGE_ATTRS, view RangeView, writer RangeWriter;
    fields {
        /// Register that is looked at.
        NFTA_RANGE_SREG = 1, sreg: Register, required;
        /// Inside or outside.
        NFTA_RANGE_OP = 2, op: RangeOp, required;
        /// Lowest value.
        NFTA_RANGE_FROM_DATA = 3, from: DataNest, required;
        /// Highest value.
        NFTA_RANGE_TO_DATA = 4, to: DataNest, required;
    }
}

numbers! {
    /// `NFT_RANGE_*`.
    pub struct RangeOp: Be32(u32) {
        /// Inside.
        EQ = 0;
        /// Outside.
        NEQ = 1;
    }
}
