//! `limit`: rates.

use nl_core::kind::{Be32, Be64, Bytes};

use crate::value::{flags, numbers};

expression! {
    /// Lets a rate of packets or bytes pass; above it the rule ends. Also the data of a limit object.
    pub struct Limit = "limit", table LIMIT_ATTRS, view LimitView, writer LimitWriter;
    fields {
        /// Packets or bytes per unit of time.
        NFTA_LIMIT_RATE = 1, rate: Be64, required;
        /// The unit of time in seconds.
        NFTA_LIMIT_UNIT = 2, unit: Be64, required;
        /// How many more at once.
        NFTA_LIMIT_BURST = 3, burst: Be32, optional;
        /// What is counted; absent means packets.
        NFTA_LIMIT_TYPE = 4, kind: LimitType, optional;
        /// Which side of the limit passes.
        NFTA_LIMIT_FLAGS = 5, flags: LimitFlags, optional;
    }
    ignored {
        /// Alignment of 64-bit values.
        NFTA_LIMIT_PAD = 6, pad: Bytes;
    }
}

numbers! {
    /// `NFT_LIMIT_*`: what is counted.
    pub struct LimitType: Be32(u32) {
        /// Packets.
        PACKETS = 0;
        /// Bytes.
        BYTES = 1;
    }
}

flags! {
    /// `NFT_LIMIT_F_*`.
    pub struct LimitFlags {
        /// What is over the limit passes.
        INV = 1;
    }
}

impl Limit {
    /// `limit rate RATE/UNIT`: packets, with nft's burst of 5.
    #[must_use]
    pub const fn packets(rate: u64, unit_seconds: u64) -> Self {
        Self {
            rate,
            unit: unit_seconds,
            burst: Some(5),
            kind: Some(LimitType::PACKETS),
            flags: Some(LimitFlags::empty()),
        }
    }

    /// `limit rate RATE bytes/UNIT`: bytes, without burst.
    #[must_use]
    pub const fn bytes(rate: u64, unit_seconds: u64) -> Self {
        Self {
            rate,
            unit: unit_seconds,
            burst: Some(0),
            kind: Some(LimitType::BYTES),
            flags: Some(LimitFlags::empty()),
        }
    }

    /// The other side: what is over the limit passes.
    #[must_use]
    pub const fn over(mut self) -> Self {
        self.flags = Some(LimitFlags::INV);
        self
    }

    /// How many more may come at once.
    #[must_use]
    pub const fn burst(mut self, burst: u32) -> Self {
        self.burst = Some(burst);
        self
    }
}
