//! `quota`: amounts of data.

use nl_core::kind::{Be64, Bytes};

use crate::value::flags;

expression! {
    /// Lets a number of bytes pass; afterwards the rule ends. Also the data of a quota object.
    pub struct Quota = "quota", table QUOTA_ATTRS, view QuotaView, writer QuotaWriter;
    fields {
        /// How many bytes.
        NFTA_QUOTA_BYTES = 1, bytes: Be64, required;
        /// Which side passes.
        NFTA_QUOTA_FLAGS = 2, flags: QuotaFlags, optional;
        /// Bytes so far.
        NFTA_QUOTA_CONSUMED = 4, consumed: Be64, optional;
    }
    ignored {
        /// Alignment of 64-bit values.
        NFTA_QUOTA_PAD = 3, pad: Bytes;
    }
}

flags! {
    /// `NFT_QUOTA_F_*`.
    pub struct QuotaFlags {
        /// What is over the quota passes.
        INV = 1;
        /// The quota is used up.
        DEPLETED = 2;
    }
}
