//! `connlimit`: number of connections.

use nl_core::kind::Be32;


expression! {
    /// Counts connections: the rule ends if there are more than a limit.
    pub struct Connlimit = "connlimit", table CONNLIMIT_ATTRS, view ConnlimitView, writer ConnlimitWriter;
    fields {
        /// Most connections.
        NFTA_CONNLIMIT_COUNT = 1, count: Be32, required;
        /// 1: the rule ends if there are fewer.
        NFTA_CONNLIMIT_FLAGS = 2, flags: Be32, optional;
    }
}
