//! `payload`: bytes of the packet.

use nl_core::kind::Be32;

use crate::register::Register;
use crate::value::numbers;

expression! {
    /// Loads bytes of the packet, or writes them.
    pub struct Payload = "payload", table PAYLOAD_ATTRS, view PayloadView, writer PayloadWriter;
    fields {
        /// Register that gets the result.
        NFTA_PAYLOAD_DREG = 1, dreg: Register, optional;
        /// Header from whose start `offset` counts.
        NFTA_PAYLOAD_BASE = 2, base: PayloadBase, required;
        /// Where the bytes start.
        NFTA_PAYLOAD_OFFSET = 3, offset: Be32, required;
        /// How many bytes.
        NFTA_PAYLOAD_LEN = 4, len: Be32, required;
        /// Register with what is written.
        NFTA_PAYLOAD_SREG = 5, sreg: Register, optional;
        /// Checksum to repair after writing.
        NFTA_PAYLOAD_CSUM_TYPE = 6, csum_type: PayloadCsum, optional;
        /// Where that checksum is, from the same header.
        NFTA_PAYLOAD_CSUM_OFFSET = 7, csum_offset: Be32, optional;
        /// 1: repair the layer 4 checksum too, whose pseudo header has the bytes.
        NFTA_PAYLOAD_CSUM_FLAGS = 8, csum_flags: Be32, optional;
    }
}

numbers! {
    /// `NFT_PAYLOAD_*_HEADER`: where offsets count from.
    pub struct PayloadBase: Be32(u32) {
        /// The link-layer header.
        LINK = 0;
        /// The network header.
        NETWORK = 1;
        /// The transport header.
        TRANSPORT = 2;
        /// What the transport header carries.
        INNER = 3;
        /// The tunnel header.
        TUNNEL = 4;
    }
}

numbers! {
    /// `NFT_PAYLOAD_CSUM_*`: which checksum is repaired.
    pub struct PayloadCsum: Be32(u32) {
        /// None.
        NONE = 0;
        /// The Internet's.
        INET = 1;
        /// SCTP's CRC32c.
        SCTP = 2;
    }
}

impl Payload {
    /// Loads `len` bytes at `offset` into a register.
    #[must_use]
    pub const fn load(base: PayloadBase, offset: u32, len: u32, register: Register) -> Self {
        Self {
            dreg: Some(register),
            base,
            offset,
            len,
            sreg: None,
            csum_type: None,
            csum_offset: None,
            csum_flags: None,
        }
    }
}
