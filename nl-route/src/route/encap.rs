//! `RTA_ENCAP`: lightweight tunnels, and the attributes of the usual ones.

use nl_core::attr::NLA_F_NESTED;
use nl_core::kind::{Be16, Be64, Bytes, Ip, U8, U16};
use nl_core::{Table, Writer};

use super::{EncapType, RTA_ENCAP, RTA_ENCAP_TYPE};

nl_core::attrs! {
    /// `LWTUNNEL_IP_*`: encapsulation in IPv4. Source: include/uapi/linux/lwtunnel.h.
    pub table LWTUNNEL_IP_ATTRS: (), view EncapIpView, writer EncapIpWriter;
    values {
        /// Tunnel key.
        LWTUNNEL_IP_ID = 1, id: Be64;
        /// Outer destination.
        LWTUNNEL_IP_DST = 2, dst: Ip;
        /// Outer source.
        LWTUNNEL_IP_SRC = 3, src: Ip;
        /// Outer TTL.
        LWTUNNEL_IP_TTL = 4, ttl: U8;
        /// Outer type of service.
        LWTUNNEL_IP_TOS = 5, tos: U8;
        /// `TUNNEL_*` flags.
        LWTUNNEL_IP_FLAGS = 6, flags: Be16;
        /// Options of Geneve, VXLAN or ERSPAN.
        LWTUNNEL_IP_OPTS = 8, opts: Bytes;
    }
}

nl_core::attrs! {
    /// `LWTUNNEL_IP6_*`: encapsulation in IPv6. Source: include/uapi/linux/lwtunnel.h.
    pub table LWTUNNEL_IP6_ATTRS: (), view EncapIp6View, writer EncapIp6Writer;
    values {
        /// Tunnel key.
        LWTUNNEL_IP6_ID = 1, id: Be64;
        /// Outer destination.
        LWTUNNEL_IP6_DST = 2, dst: Ip;
        /// Outer source.
        LWTUNNEL_IP6_SRC = 3, src: Ip;
        /// Outer hop limit.
        LWTUNNEL_IP6_HOPLIMIT = 4, hoplimit: U8;
        /// Outer traffic class.
        LWTUNNEL_IP6_TC = 5, tc: U8;
        /// `TUNNEL_*` flags.
        LWTUNNEL_IP6_FLAGS = 6, flags: Be16;
        /// Options of Geneve, VXLAN or ERSPAN.
        LWTUNNEL_IP6_OPTS = 8, opts: Bytes;
    }
}

nl_core::attrs! {
    /// `MPLS_IPTUNNEL_*`: encapsulation in MPLS. Source: include/uapi/linux/mpls_iptunnel.h.
    pub table MPLS_IPTUNNEL_ATTRS: (), view EncapMplsView, writer EncapMplsWriter;
    values {
        /// Label stack: 4 bytes each, `label << 12 | tc << 9 | bottom << 8 | ttl`, network order.
        MPLS_IPTUNNEL_DST = 1, dst: Bytes;
        /// TTL of the labels.
        MPLS_IPTUNNEL_TTL = 2, ttl: U8;
    }
}

/// The table of `RTA_ENCAP` or `NHA_ENCAP`, from the payload of its `…_ENCAP_TYPE`.
pub(crate) fn encap_table(encap_type: &[u8]) -> Option<&'static Table> {
    let number = u16::from_ne_bytes(encap_type.try_into().ok()?);
    match EncapType(number) {
        EncapType::IP => Some(&LWTUNNEL_IP_ATTRS),
        EncapType::IP6 => Some(&LWTUNNEL_IP6_ATTRS),
        EncapType::MPLS => Some(&MPLS_IPTUNNEL_ATTRS),
        _ => None,
    }
}

/// A lightweight tunnel: its kind and its attributes as bytes.
///
/// ```
/// use nl_route::route::{Encap, EncapIpWriter, EncapType};
///
/// let tunnel = Encap::new(EncapType::IP, |out| {
///     EncapIpWriter::new(out, &()).id(5).dst([10, 0, 0, 9].into());
/// });
/// assert_eq!(tunnel.attrs.len(), 20);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Encap {
    /// Its kind.
    pub encap_type: EncapType,
    /// Its attributes, as they stand on the wire.
    pub attrs: Vec<u8>,
}

impl Encap {
    /// A tunnel of this kind; `write` appends its attributes.
    #[must_use]
    pub fn new(encap_type: EncapType, write: impl FnOnce(&mut Writer)) -> Self {
        let mut out = Writer::new();
        write(&mut out);
        Self {
            encap_type,
            attrs: out.bytes().to_vec(),
        }
    }

    pub(super) fn write(&self, out: &mut Writer) {
        out.raw(RTA_ENCAP | NLA_F_NESTED, &self.attrs);
        out.attr::<U16>(RTA_ENCAP_TYPE, self.encap_type.0);
    }
}
