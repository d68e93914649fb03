//! `target`: iptables' targets.

use nl_core::kind::{Be32, Bytes, Str};


expression! {
    /// A target of iptables.
    ///
    /// The bytes have a layout of their own for each name and revision, see [`xt`](crate::xt).
    pub struct XtTarget = "target", table TARGET_ATTRS, view XtTargetView, writer XtTargetWriter;
    fields {
        /// Name of the extension.
        NFTA_TARGET_NAME = 1, name: Str, required;
        /// Revision of the layout.
        NFTA_TARGET_REV = 2, rev: Be32, required;
        /// The layout, padded to 8 bytes.
        NFTA_TARGET_INFO = 3, info: Bytes, required;
    }
}
