//! `bitwise`: masks, exclusive ors and shifts.

use nl_core::kind::Be32;

use crate::data::{Data, DataNest};
use crate::register::Register;
use crate::value::numbers;

expression! {
    /// Changes bits of a register: `dreg = sreg & mask ^ xor`, or a shift.
    pub struct Bitwise = "bitwise", table BITWISE_ATTRS, view BitwiseView, writer BitwiseWriter;
    fields {
        /// Register that is looked at.
        NFTA_BITWISE_SREG = 1, sreg: Register, required;
        /// Register that gets the result.
        NFTA_BITWISE_DREG = 2, dreg: Register, required;
        /// Length in bytes.
        NFTA_BITWISE_LEN = 3, len: Be32, required;
        /// Bits that are kept.
        NFTA_BITWISE_MASK = 4, mask: DataNest, optional;
        /// Bits that are turned over afterwards.
        NFTA_BITWISE_XOR = 5, xor: DataNest, optional;
        /// The operation; absent means [`BitwiseOp::MASK_XOR`].
        NFTA_BITWISE_OP = 6, op: BitwiseOp, optional;
        /// How far to shift: 4 bytes in host order.
        NFTA_BITWISE_DATA = 7, data: DataNest, optional;
        /// Second operand of and, or, xor with a register (Linux 6.12).
        NFTA_BITWISE_SREG2 = 8, sreg2: Register, optional;
    }
}

numbers! {
    /// `NFT_BITWISE_*`: what is done.
    pub struct BitwiseOp: Be32(u32) {
        /// And with the mask, then exclusive or.
        MASK_XOR = 0;
        /// Shift to the left.
        LSHIFT = 1;
        /// Shift to the right.
        RSHIFT = 2;
        /// And with a second register.
        AND = 3;
        /// Or with a second register.
        OR = 4;
        /// Exclusive or with a second register.
        XOR = 5;
    }
}

impl Bitwise {
    /// `register & mask`, in place.
    #[must_use]
    pub fn mask(register: Register, mask: impl Into<Vec<u8>>) -> Self {
        let mask = mask.into();
        let xor = vec![0; mask.len()];
        Self::mask_xor(register, mask, xor)
    }

    /// `register & mask ^ xor`, in place; both have the same length.
    #[must_use]
    pub fn mask_xor(
        register: Register,
        mask: impl Into<Vec<u8>>,
        xor: impl Into<Vec<u8>>,
    ) -> Self {
        let mask = mask.into();
        Self {
            sreg: register,
            dreg: register,
            len: u32::try_from(mask.len()).unwrap_or(u32::MAX),
            mask: Some(Data::Value(mask)),
            xor: Some(Data::Value(xor.into())),
            op: None,
            data: None,
            sreg2: None,
        }
    }

    /// Shifts `len` bytes by `bits`, in place.
    #[must_use]
    pub fn shift(register: Register, len: u32, op: BitwiseOp, bits: u32) -> Self {
        Self {
            sreg: register,
            dreg: register,
            len,
            mask: None,
            xor: None,
            op: Some(op),
            data: Some(Data::Value(bits.to_ne_bytes().to_vec())),
            sreg2: None,
        }
    }
}
