//! Kinds `vti` and `vti6`: a device for packets that IPsec protects, chosen by key.

use nl_core::kind::{Be32, Ip, U32};

nl_core::attrs! {
    /// `IFLA_VTI_*`: settings of a VTI tunnel. Source: include/uapi/linux/if_tunnel.h; ip-link(8).
    pub table VTI_ATTRS: (), view VtiView, writer VtiWriter;
    values {
        /// Interface index of the device that sends the tunnelled packets; 0 for any.
        IFLA_VTI_LINK = 1, link: U32;
        /// Key of received packets: the mark that policies see.
        IFLA_VTI_IKEY = 2, ikey: Be32;
        /// Key of sent packets.
        IFLA_VTI_OKEY = 3, okey: Be32;
        /// Local address.
        IFLA_VTI_LOCAL = 4, local: Ip;
        /// Remote address.
        IFLA_VTI_REMOTE = 5, remote: Ip;
        /// Mark of outer packets.
        IFLA_VTI_FWMARK = 6, fwmark: U32;
    }
}
