//! `last`: time of the last packet.

use nl_core::kind::{Be32, Be64, Bytes};


expression! {
    /// Remembers when a packet came here last.
    pub struct Last = "last", table LAST_ATTRS, view LastView, writer LastWriter;
    fields {
        /// 1 if one has come.
        NFTA_LAST_SET = 1, set: Be32, optional;
        /// How long ago, in milliseconds.
        NFTA_LAST_MSECS = 2, msecs: Be64, optional;
    }
    ignored {
        /// Alignment of 64-bit values.
        NFTA_LAST_PAD = 3, pad: Bytes;
    }
}
