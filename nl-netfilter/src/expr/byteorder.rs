//! `byteorder`: host to network order and back.

use nl_core::kind::Be32;

use crate::register::Register;
use crate::value::numbers;

expression! {
    /// Turns numbers in a register from one byte order to the other.
    pub struct Byteorder = "byteorder", table BYTEORDER_ATTRS, view ByteorderView, writer ByteorderWriter;
    fields {
        /// Register that is looked at.
        NFTA_BYTEORDER_SREG = 1, sreg: Register, required;
        /// Register that gets the result.
        NFTA_BYTEORDER_DREG = 2, dreg: Register, required;
        /// The direction.
        NFTA_BYTEORDER_OP = 3, op: ByteorderOp, required;
        /// Length of all numbers in bytes.
        NFTA_BYTEORDER_LEN = 4, len: Be32, required;
        /// Size of each number in bytes: 2, 4 or 8.
        NFTA_BYTEORDER_SIZE = 5, size: Be32, required;
    }
}

numbers! {
    /// `NFT_BYTEORDER_*`: the direction.
    pub struct ByteorderOp: Be32(u32) {
        /// Network to host.
        NTOH = 0;
        /// Host to network.
        HTON = 1;
    }
}
