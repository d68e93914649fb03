//! `meta`: packet metadata.

use crate::register::Register;
use crate::value::numbers;

expression! {
    /// Loads a property of the packet that is not in its bytes, or sets one.
    pub struct Meta = "meta", table META_ATTRS, view MetaView, writer MetaWriter;
    fields {
        /// The property.
        NFTA_META_KEY = 2, key: MetaKey, required;
        /// Register that gets it.
        NFTA_META_DREG = 1, dreg: Register, optional;
        /// Register with the new value.
        NFTA_META_SREG = 3, sreg: Register, optional;
    }
}

numbers! {
    /// `NFT_META_*`: a property of a packet.
    pub struct MetaKey: Be32(u32) {
        /// Length of the packet.
        LEN = 0;
        /// EtherType, big-endian.
        PROTOCOL = 1;
        /// Priority for queueing.
        PRIORITY = 2;
        /// Mark, host order.
        MARK = 3;
        /// Ifindex of the input device, host order.
        IIF = 4;
        /// Ifindex of the output device, host order.
        OIF = 5;
        /// Name of the input device, 16 bytes.
        IIFNAME = 6;
        /// Name of the output device, 16 bytes.
        OIFNAME = 7;
        /// Type of the input device, `ARPHRD_*`, host order.
        IIFTYPE = 8;
        /// Type of the output device.
        OIFTYPE = 9;
        /// User of the sending socket.
        SKUID = 10;
        /// Group of the sending socket.
        SKGID = 11;
        /// Whether the packet is traced.
        NFTRACE = 12;
        /// Realm of the route.
        RTCLASSID = 13;
        /// Security mark.
        SECMARK = 14;
        /// Family, `NFPROTO_*`, 1 byte.
        NFPROTO = 15;
        /// Layer 4 protocol, 1 byte.
        L4PROTO = 16;
        /// Name of the bridge the packet came in by.
        BRI_IIFNAME = 17;
        /// Name of the bridge the packet goes out by.
        BRI_OIFNAME = 18;
        /// Packet type, `PACKET_*`.
        PKTTYPE = 19;
        /// Number of the CPU.
        CPU = 20;
        /// Group of the input device.
        IIFGROUP = 21;
        /// Group of the output device.
        OIFGROUP = 22;
        /// Class of the sending control group.
        CGROUP = 23;
        /// A random number.
        PRANDOM = 24;
        /// Whether IPsec was applied.
        SECPATH = 25;
        /// Kind of the input device.
        IIFKIND = 26;
        /// Kind of the output device.
        OIFKIND = 27;
        /// Port VLAN id of the bridge port.
        BRI_IIFPVID = 28;
        /// VLAN protocol of the bridge.
        BRI_IIFVPROTO = 29;
        /// Time in nanoseconds since 1970.
        TIME_NS = 30;
        /// Day of the week, 0 is Sunday.
        TIME_DAY = 31;
        /// Second of the day.
        TIME_HOUR = 32;
        /// Ifindex of the slave device.
        SDIF = 33;
        /// Name of the slave device.
        SDIFNAME = 34;
        /// Whether the bridge routes instead of forwarding.
        BRI_BROUTE = 35;
    }
}

impl Meta {
    /// Loads `key`.
    #[must_use]
    pub const fn load(key: MetaKey, register: Register) -> Self {
        Self {
            key,
            dreg: Some(register),
            sreg: None,
        }
    }

    /// Sets `key`.
    #[must_use]
    pub const fn set(key: MetaKey, register: Register) -> Self {
        Self {
            key,
            dreg: None,
            sreg: Some(register),
        }
    }
}
