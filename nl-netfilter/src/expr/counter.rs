//! `counter`: packets and bytes.

use nl_core::kind::{Be64, Bytes};


expression! {
    /// Counts packets and bytes that come here; also the data of a counter object.
    ///
    /// Absent numbers start at 0.
    pub struct Counter = "counter", table COUNTER_ATTRS, view CounterView, writer CounterWriter;
    fields {
        /// Bytes so far.
        NFTA_COUNTER_BYTES = 1, bytes: Be64, optional;
        /// Packets so far.
        NFTA_COUNTER_PACKETS = 2, packets: Be64, optional;
    }
    ignored {
        /// Alignment of 64-bit values.
        NFTA_COUNTER_PAD = 3, pad: Bytes;
    }
}

impl Counter {
    /// A counter that starts at 0, written as nft writes it.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bytes: None,
            packets: None,
        }
    }
}

impl Default for Counter {
    fn default() -> Self {
        Self::new()
    }
}
