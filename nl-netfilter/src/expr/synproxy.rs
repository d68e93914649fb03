//! `synproxy`: SYN proxy.

use nl_core::kind::{Be16, Be32, U8};


expression! {
    /// Answers TCP connections for a server until they are established; also the data of a synproxy object.
    pub struct Synproxy = "synproxy", table SYNPROXY_ATTRS, view SynproxyView, writer SynproxyWriter;
    fields {
        /// Maximum segment size.
        NFTA_SYNPROXY_MSS = 1, mss: Be16, optional;
        /// Window scale.
        NFTA_SYNPROXY_WSCALE = 2, wscale: U8, optional;
        /// `NF_SYNPROXY_OPT_*`.
        NFTA_SYNPROXY_FLAGS = 3, flags: Be32, optional;
    }
}
