//! Kind `amt`: multicast over UDP between networks that have it (RFC 7450).

use nl_core::kind::{Be16, Ip, U32};

nl_core::attrs! {
    /// `IFLA_AMT_*`: settings of an AMT tunnel. Source: include/uapi/linux/amt.h; ip-link(8).
    pub table AMT_ATTRS: (), view AmtView, writer AmtWriter;
    values {
        /// 0 gateway, 1 relay.
        IFLA_AMT_MODE = 1, mode: U32;
        /// Relay's port; 2268 is the registered one.
        IFLA_AMT_RELAY_PORT = 2, relay_port: Be16;
        /// Gateway's port.
        IFLA_AMT_GATEWAY_PORT = 3, gateway_port: Be16;
        /// Interface index of the device that sends the tunnelled packets.
        IFLA_AMT_LINK = 4, link: U32;
        /// Local address.
        IFLA_AMT_LOCAL_IP = 5, local_ip: Ip;
        /// Relay that was found.
        IFLA_AMT_REMOTE_IP = 6, remote_ip: Ip;
        /// Whom the gateway asks for a relay.
        IFLA_AMT_DISCOVERY_IP = 7, discovery_ip: Ip;
        /// Most tunnels of a relay.
        IFLA_AMT_MAX_TUNNELS = 8, max_tunnels: U32;
    }
}
