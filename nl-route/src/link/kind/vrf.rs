//! Kind `vrf`: a routing domain; its ports carry the same table.

use nl_core::kind::U32;

nl_core::attrs! {
    /// `IFLA_VRF_*`: settings of a VRF device. Source: include/uapi/linux/if_link.h; ip-link(8).
    pub table VRF_ATTRS: (), view VrfView, writer VrfWriter;
    values {
        /// Routing table.
        IFLA_VRF_TABLE = 1, table: U32;
    }
}

nl_core::attrs! {
    /// `IFLA_VRF_PORT_*`: what a port of a VRF tells. Source: include/uapi/linux/if_link.h.
    pub table VRF_PORT_ATTRS: (), view VrfPortView, writer VrfPortWriter;
    values {
        /// Routing table.
        IFLA_VRF_PORT_TABLE = 1, table: U32;
    }
}
