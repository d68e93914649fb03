//! Kinds `ipvlan` and `ipvtap`: a second set of IP addresses on a device.

use nl_core::kind::U16;

nl_core::attrs! {
    /// `IFLA_IPVLAN_*`: settings of an ipvlan. Source: include/uapi/linux/if_link.h; ip-link(8).
    pub table IPVLAN_ATTRS: (), view IpvlanView, writer IpvlanWriter;
    values {
        /// 0 L2, 1 L3, 2 L3S.
        IFLA_IPVLAN_MODE = 1, mode: U16;
        /// 1 private, 2 vepa, 0 bridge.
        IFLA_IPVLAN_FLAGS = 2, flags: U16;
    }
}
