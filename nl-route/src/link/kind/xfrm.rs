//! Kind `xfrm`: a device for packets that IPsec protects, chosen by interface id.

use nl_core::kind::{Flag, U32};

nl_core::attrs! {
    /// `IFLA_XFRM_*`: settings of an XFRM interface. Source: include/uapi/linux/if_link.h; ip-link(8).
    pub table XFRM_ATTRS: (), view XfrmView, writer XfrmWriter;
    values {
        /// Interface index of the device below.
        IFLA_XFRM_LINK = 1, link: U32;
        /// Interface id of policies and states, not 0.
        IFLA_XFRM_IF_ID = 2, if_id: U32;
        /// Routes and traffic control choose the id ("external").
        IFLA_XFRM_COLLECT_METADATA = 3, collect_metadata: Flag;
    }
}
