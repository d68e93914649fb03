//! Kinds `macvlan` and `macvtap`: a second address on a device.

use nl_core::kind::{Bytes, I32, LinkAddr, U16, U32};

nl_core::attrs! {
    /// `IFLA_MACVLAN_*`: settings of a macvlan or macvtap. Source: include/uapi/linux/if_link.h; ip-link(8).
    pub table MACVLAN_ATTRS: (), view MacvlanView, writer MacvlanWriter;
    values {
        /// 1 private, 2 vepa, 4 bridge, 8 passthru, 16 source.
        IFLA_MACVLAN_MODE = 1, mode: U32;
        /// 1 no promiscuous mode on the lower device, 2 no copy to the destination in source mode.
        IFLA_MACVLAN_FLAGS = 2, flags: U16;
        /// Request, source mode: 0 add, 1 delete, 2 flush, 3 set addresses.
        IFLA_MACVLAN_MACADDR_MODE = 3, macaddr_mode: U32;
        /// Request, source mode: the address to add or delete.
        IFLA_MACVLAN_MACADDR = 4, macaddr: LinkAddr;
        /// Source mode: the allowed addresses, attributes `IFLA_MACVLAN_MACADDR`.
        IFLA_MACVLAN_MACADDR_DATA = 5, macaddr_data: Bytes;
        /// Source mode: how many there are.
        IFLA_MACVLAN_MACADDR_COUNT = 6, macaddr_count: U32;
        /// Asked length of the broadcast queue.
        IFLA_MACVLAN_BC_QUEUE_LEN = 7, bc_queue_len: U32;
        /// Its length: the largest that any link on the device asked for.
        IFLA_MACVLAN_BC_QUEUE_LEN_USED = 8, bc_queue_len_used: U32;
        /// From how many receivers on broadcast is queued.
        IFLA_MACVLAN_BC_CUTOFF = 9, bc_cutoff: I32;
    }
}
