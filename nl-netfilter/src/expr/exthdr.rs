//! `exthdr`: extension headers and options.

use nl_core::kind::{Be32, U8};

use crate::register::Register;
use crate::value::numbers;

expression! {
    /// Loads or writes a field of an IPv6 extension header, an IPv4 or TCP option, an SCTP chunk.
    pub struct Exthdr = "exthdr", table EXTHDR_ATTRS, view ExthdrView, writer ExthdrWriter;
    fields {
        /// Register that gets the result.
        NFTA_EXTHDR_DREG = 1, dreg: Register, optional;
        /// Number of the header, option or chunk.
        NFTA_EXTHDR_TYPE = 2, kind: U8, required;
        /// Where the field starts in it, in bytes.
        NFTA_EXTHDR_OFFSET = 3, offset: Be32, required;
        /// Length of the field in bytes.
        NFTA_EXTHDR_LEN = 4, len: Be32, required;
        /// 1: load whether it is there (1 byte).
        NFTA_EXTHDR_FLAGS = 5, flags: Be32, optional;
        /// What it belongs to; absent means IPv6.
        NFTA_EXTHDR_OP = 6, op: ExthdrOp, optional;
        /// Register with what is written.
        NFTA_EXTHDR_SREG = 7, sreg: Register, optional;
    }
}

numbers! {
    /// `NFT_EXTHDR_OP_*`: what it belongs to.
    pub struct ExthdrOp: Be32(u32) {
        /// An IPv6 extension header.
        IPV6 = 0;
        /// A TCP option.
        TCPOPT = 1;
        /// An IPv4 option.
        IPV4 = 2;
        /// An SCTP chunk.
        SCTP = 3;
        /// A DCCP option.
        DCCP = 4;
    }
}
