//! [`DataType`]: what the keys and the data of sets mean, in nft's numbers.

/// A type of set keys or map data. The numbers are nft's own; the kernel only keeps them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataType {
    /// nft's number.
    pub id: u32,
    /// nft's name.
    pub name: &'static str,
    /// Length in bytes; 0 if it varies.
    pub len: u32,
    /// Byte order.
    pub order: ByteOrder,
}

/// Byte order of a value. The numbers are those of set userdata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// None is known, or it does not matter.
    Unknown = 0,
    /// The host's.
    Host = 1,
    /// The network's.
    Network = 2,
}

/// Declares the types, one row each.
macro_rules! data_types {
    ($($(#[$doc:meta])* $NAME:ident = $id:literal, $name:literal, $len:literal, $order:ident;)*) => {
        impl DataType {
            $(
                $(#[$doc])*
                pub const $NAME: Self = Self {
                    id: $id,
                    name: $name,
                    len: $len,
                    order: ByteOrder::$order,
                };
            )*

            /// All types.
            pub const ALL: &[Self] = &[$(Self::$NAME),*];
        }
    };
}

data_types! {
    /// A verdict; its number on the wire is 0xffffff00.
    VERDICT = 1, "verdict", 0, Unknown;
    /// Family.
    NF_PROTO = 2, "nf_proto", 1, Unknown;
    /// A number of any length; not for named sets.
    INTEGER = 4, "integer", 0, Unknown;
    /// Text.
    STRING = 5, "string", 0, Host;
    /// Link-layer address.
    LL_ADDR = 6, "ll_addr", 0, Network;
    /// IPv4 address.
    IPV4_ADDR = 7, "ipv4_addr", 4, Network;
    /// IPv6 address.
    IPV6_ADDR = 8, "ipv6_addr", 16, Network;
    /// Ethernet address.
    ETHER_ADDR = 9, "ether_addr", 6, Network;
    /// EtherType.
    ETHER_TYPE = 10, "ether_type", 2, Network;
    /// ARP operation.
    ARP_OP = 11, "arp_op", 2, Network;
    /// Layer 4 protocol.
    INET_PROTO = 12, "inet_proto", 1, Unknown;
    /// Port.
    INET_SERVICE = 13, "inet_service", 2, Network;
    /// ICMP type.
    ICMP_TYPE = 14, "icmp_type", 1, Network;
    /// TCP flags.
    TCP_FLAG = 15, "tcp_flag", 1, Network;
    /// Mark.
    MARK = 19, "mark", 4, Host;
    /// Ifindex.
    IFACE_INDEX = 20, "iface_index", 4, Host;
    /// Type of a device.
    IFACE_TYPE = 21, "iface_type", 2, Host;
    /// Realm.
    REALM = 22, "realm", 4, Host;
    /// Class of traffic control.
    CLASSID = 23, "classid", 4, Host;
    /// User.
    UID = 24, "uid", 4, Host;
    /// Group.
    GID = 25, "gid", 4, Host;
    /// State of a connection.
    CT_STATE = 26, "ct_state", 4, Host;
    /// Direction of a packet in its connection.
    CT_DIR = 27, "ct_dir", 1, Unknown;
    /// Status of a connection.
    CT_STATUS = 28, "ct_status", 4, Host;
    /// ICMPv6 type.
    ICMPV6_TYPE = 29, "icmpv6_type", 1, Network;
    /// Packet type.
    PKT_TYPE = 31, "pkt_type", 1, Host;
    /// Group of devices.
    DEVGROUP = 35, "devgroup", 4, Host;
    /// Type of an address for the routing table.
    FIB_ADDRTYPE = 38, "fib_addrtype", 4, Host;
    /// Name of a device.
    IFNAME = 41, "ifname", 16, Host;
}

impl DataType {
    /// The type with a number.
    #[must_use]
    pub fn by_id(id: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|t| t.id == id)
    }

    /// The type with a name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|t| t.name == name)
    }

    /// Length in a concatenation: padded to 4 bytes.
    #[must_use]
    pub const fn padded_len(self) -> u32 {
        self.len.div_ceil(4) * 4
    }
}

/// nft's number for a concatenation: 6 bits for each part, the first in the highest.
#[must_use]
pub fn concat_id(parts: &[DataType]) -> u32 {
    parts.iter().fold(0, |id, part| id << 6 | part.id)
}
