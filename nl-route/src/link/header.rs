//! `struct ifinfomsg` and the structs that link attributes hold.
//!
//! ```text
//! +---------------+---------------+-------------------------------+
//! |   ifi_family  |       0       |           ifi_type            |
//! +---------------+---------------+-------------------------------+
//! |                           ifi_index                           |
//! +---------------------------------------------------------------+
//! |                           ifi_flags                           |
//! +---------------------------------------------------------------+
//! |                           ifi_change                          |
//! +---------------------------------------------------------------+
//! ```
//!
//! Source: include/uapi/linux/rtnetlink.h, if_link.h.

use zerocopy::native_endian::{I32, U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// `struct ifinfomsg`, the fixed header of `RTM_*LINK`. Source: include/uapi/linux/rtnetlink.h.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct IfInfoMsg {
    /// Address family; `AF_UNSPEC`, or `AF_BRIDGE` for bridge ports.
    pub family: u8,
    /// Zero.
    pub pad: u8,
    /// Hardware type, `ARPHRD_*`.
    pub device_type: U16,
    /// Interface index; 0 in a create request lets the kernel choose.
    pub ifindex: I32,
    /// [`Flags`](super::Flags).
    pub flags: U32,
    /// Which of the flags a request changes, or a notification tells of.
    pub change: U32,
}

const _: () = assert!(size_of::<IfInfoMsg>() == 16);

/// The first 23 counters of `struct rtnl_link_stats`. Source: include/uapi/linux/if_link.h.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Stats {
    /// Packets received.
    pub rx_packets: U32,
    /// Packets sent.
    pub tx_packets: U32,
    /// Bytes received.
    pub rx_bytes: U32,
    /// Bytes sent.
    pub tx_bytes: U32,
    /// Bad packets received.
    pub rx_errors: U32,
    /// Packets that could not be sent.
    pub tx_errors: U32,
    /// Packets received and dropped, for lack of room or protocol.
    pub rx_dropped: U32,
    /// Packets dropped on their way out.
    pub tx_dropped: U32,
    /// Multicast packets received.
    pub multicast: U32,
    /// Collisions.
    pub collisions: U32,
    /// Received with a wrong length.
    pub rx_length_errors: U32,
    /// Receive ring overruns.
    pub rx_over_errors: U32,
    /// Received with a wrong checksum.
    pub rx_crc_errors: U32,
    /// Received misaligned.
    pub rx_frame_errors: U32,
    /// Receive queue overruns.
    pub rx_fifo_errors: U32,
    /// Missed for lack of buffers.
    pub rx_missed_errors: U32,
    /// Sending aborted.
    pub tx_aborted_errors: U32,
    /// Sending failed without carrier.
    pub tx_carrier_errors: U32,
    /// Send queue underruns.
    pub tx_fifo_errors: U32,
    /// Heartbeat errors.
    pub tx_heartbeat_errors: U32,
    /// Late collisions.
    pub tx_window_errors: U32,
    /// Compressed packets received.
    pub rx_compressed: U32,
    /// Compressed packets sent.
    pub tx_compressed: U32,
}

const _: () = assert!(size_of::<Stats>() == 92);

/// The first 23 counters of `struct rtnl_link_stats64`, as all kernels have them. Source: include/uapi/linux/if_link.h.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Stats64 {
    /// Packets received.
    pub rx_packets: U64,
    /// Packets sent.
    pub tx_packets: U64,
    /// Bytes received.
    pub rx_bytes: U64,
    /// Bytes sent.
    pub tx_bytes: U64,
    /// Bad packets received.
    pub rx_errors: U64,
    /// Packets that could not be sent.
    pub tx_errors: U64,
    /// Packets received and dropped, for lack of room or protocol.
    pub rx_dropped: U64,
    /// Packets dropped on their way out.
    pub tx_dropped: U64,
    /// Multicast packets received.
    pub multicast: U64,
    /// Collisions.
    pub collisions: U64,
    /// Received with a wrong length.
    pub rx_length_errors: U64,
    /// Receive ring overruns.
    pub rx_over_errors: U64,
    /// Received with a wrong checksum.
    pub rx_crc_errors: U64,
    /// Received misaligned.
    pub rx_frame_errors: U64,
    /// Receive queue overruns.
    pub rx_fifo_errors: U64,
    /// Missed for lack of buffers.
    pub rx_missed_errors: U64,
    /// Sending aborted.
    pub tx_aborted_errors: U64,
    /// Sending failed without carrier.
    pub tx_carrier_errors: U64,
    /// Send queue underruns.
    pub tx_fifo_errors: U64,
    /// Heartbeat errors.
    pub tx_heartbeat_errors: U64,
    /// Late collisions.
    pub tx_window_errors: U64,
    /// Compressed packets received.
    pub rx_compressed: U64,
    /// Compressed packets sent.
    pub tx_compressed: U64,
}

const _: () = assert!(size_of::<Stats64>() == 184);

/// `struct rtnl_link_ifmap`, without its padding. Source: include/uapi/linux/if_link.h.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct IfMap {
    /// Start of shared memory.
    pub mem_start: U64,
    /// Its end.
    pub mem_end: U64,
    /// I/O base address.
    pub base_addr: U64,
    /// Interrupt.
    pub irq: U16,
    /// DMA channel.
    pub dma: u8,
    /// Media port.
    pub port: u8,
}

const _: () = assert!(size_of::<IfMap>() == 28);
