//! `cmp`: comparison with a constant.

use crate::data::{Data, DataNest};
use crate::register::Register;
use crate::value::numbers;

expression! {
    /// Compares a register with a constant; if it does not hold, the rule ends.
    pub struct Cmp = "cmp", table CMP_ATTRS, view CmpView, writer CmpWriter;
    fields {
        /// Register that is looked at.
        NFTA_CMP_SREG = 1, sreg: Register, required;
        /// The comparison.
        NFTA_CMP_OP = 2, op: CmpOp, required;
        /// The constant; its length says how much is compared.
        NFTA_CMP_DATA = 3, data: DataNest, required;
    }
}

numbers! {
    /// `NFT_CMP_*`: a comparison; bytes are compared as one big-endian number.
    pub struct CmpOp: Be32(u32) {
        /// Equal.
        EQ = 0;
        /// Not equal.
        NEQ = 1;
        /// Less.
        LT = 2;
        /// Less or equal.
        LTE = 3;
        /// Greater.
        GT = 4;
        /// Greater or equal.
        GTE = 5;
    }
}

impl Cmp {
    /// `register op bytes`.
    #[must_use]
    pub fn new(register: Register, op: CmpOp, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            sreg: register,
            op,
            data: Data::Value(bytes.into()),
        }
    }
}
