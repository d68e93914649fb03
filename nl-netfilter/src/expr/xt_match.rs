//! `match`: iptables' matches.

use nl_core::kind::{Be32, Bytes, Str};


expression! {
    /// A match of iptables; if it does not hold, the rule ends.
    ///
    /// The bytes have a layout of their own for each name and revision, see [`xt`](crate::xt).
    pub struct XtMatch = "match", table MATCH_ATTRS, view XtMatchView, writer XtMatchWriter;
    fields {
        /// Name of the extension.
        NFTA_MATCH_NAME = 1, name: Str, required;
        /// Revision of the layout.
        NFTA_MATCH_REV = 2, rev: Be32, required;
        /// The layout, padded to 8 bytes.
        NFTA_MATCH_INFO = 3, info: Bytes, required;
    }
}
