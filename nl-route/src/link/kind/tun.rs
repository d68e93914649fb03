//! Kind `tun`: made through `/dev/net/tun`, only read here.

use nl_core::kind::{U8, U32};

nl_core::attrs! {
    /// `IFLA_TUN_*`: settings of a tun or tap device. Source: include/uapi/linux/if_link.h.
    pub table TUN_ATTRS: (), view TunView, writer TunWriter;
    values {
        /// User id of the owner; absent if none.
        IFLA_TUN_OWNER = 1, owner: U32;
        /// Group id of the owner; absent if none.
        IFLA_TUN_GROUP = 2, group: U32;
        /// 1 tun, 2 tap.
        IFLA_TUN_TYPE = 3, device_type: U8;
        /// 1 if packets have an information header.
        IFLA_TUN_PI = 4, pi: U8;
        /// 1 if packets have a virtio header.
        IFLA_TUN_VNET_HDR = 5, vnet_hdr: U8;
        /// 1 if the device outlives its file.
        IFLA_TUN_PERSIST = 6, persist: U8;
        /// 1 if it may have several queues.
        IFLA_TUN_MULTI_QUEUE = 7, multi_queue: U8;
        /// Attached queues.
        IFLA_TUN_NUM_QUEUES = 8, num_queues: U32;
        /// Detached queues.
        IFLA_TUN_NUM_DISABLED_QUEUES = 9, num_disabled_queues: U32;
    }
}
