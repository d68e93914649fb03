//! `RTA_MULTIPATH`: several ways to one destination.
//!
//! ```text
//! struct rtnexthop, then attributes RTA_*; as many as rtnh_len says
//! +-------------------------+------------+------------+
//! | rtnh_len (these incl.)  | flags      | weight - 1 |
//! +-------------------------+------------+------------+
//! | ifindex                                           |
//! +---------------------------------------------------+
//! ```

use std::fmt;
use std::net::IpAddr;

use nl_core::kind::{Ip, U16, U32};
use nl_core::{Attrs, DecodeError, Format, Kind, What, Writer};
use zerocopy::native_endian::{I32 as NeI32, U16 as Ne16};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::encap::Encap;
use super::via::ViaAddr;
use super::{
    EncapType, REQUESTED, ROUTE_ATTRS, RTA_ENCAP, RTA_ENCAP_TYPE, RTA_FLOW, RTA_GATEWAY,
    RTA_MULTIPATH, RTA_VIA, RouteFlags,
};

/// `struct rtnexthop`. Source: include/uapi/linux/rtnetlink.h.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    FromBytes,
    IntoBytes,
    KnownLayout,
    Immutable,
    Unaligned,
)]
#[repr(C)]
pub struct RtNexthop {
    /// Length of this header and the attributes behind it.
    pub len: Ne16,
    /// `RTNH_F_*`.
    pub flags: u8,
    /// Weight less one.
    pub hops: u8,
    /// Index of the link.
    pub ifindex: NeI32,
}

const HOP_LEN: usize = size_of::<RtNexthop>();
const _: () = assert!(HOP_LEN == 8);

/// The payload of `RTA_MULTIPATH`.
#[derive(Clone, Copy, Debug)]
pub enum Multipath {}

impl Kind for Multipath {
    type Value<'a> = Hops<'a>;
    const FORMAT: Format = Format::Struct(|payload, f| {
        fmt::Debug::fmt(
            &Hops {
                rest: payload,
                offset: 0,
            },
            f,
        )
    });
    const MIN: usize = 0;
    const MAX: usize = usize::MAX;

    fn read(payload: &[u8]) -> Option<Hops<'_>> {
        Some(Hops {
            rest: payload,
            offset: 0,
        })
    }
    fn write(value: Hops<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(value.rest);
    }
}

/// Iterates over the ways of a multipath route: at most one error, then the end.
#[derive(Clone, Copy, Default)]
pub struct Hops<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Iterator for Hops<'a> {
    type Item = Result<Hop<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let split = split_hop(self.rest, self.offset);
        match split {
            Ok((hop, rest)) => {
                self.offset += self.rest.len() - rest.len();
                self.rest = rest;
                Some(Ok(hop))
            }
            Err(error) => {
                self.rest = &[];
                Some(Err(error))
            }
        }
    }
}

fn split_hop(bytes: &[u8], offset: usize) -> Result<(Hop<'_>, &[u8]), DecodeError> {
    let bad = |what| DecodeError::new(offset, what).within("RTA_MULTIPATH");
    let Ok((header, _)) = RtNexthop::ref_from_prefix(bytes) else {
        return Err(bad(What::TruncatedHeader));
    };
    let len = usize::from(header.len.get());
    let attrs = bytes.get(HOP_LEN..len).ok_or(bad(What::BadAttrLength))?;
    ROUTE_ATTRS
        .check(attrs)
        .map_err(|error| error.behind(offset + HOP_LEN))?;
    // The kernel never sends this; printing would follow it as deep as someone cared to nest it.
    if Attrs::new(attrs)
        .flatten()
        .any(|attr| attr.number() == RTA_MULTIPATH)
    {
        return Err(bad(What::TooDeep));
    }
    let rest = bytes.get(nl_core::header::align(len)..).unwrap_or(&[]);
    Ok((Hop { header, attrs }, rest))
}

impl fmt::Debug for Hops<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

/// One way of a multipath route.
#[derive(Clone, Copy)]
pub struct Hop<'a> {
    header: &'a RtNexthop,
    attrs: &'a [u8],
}

impl<'a> Hop<'a> {
    /// The fixed header.
    #[must_use]
    pub fn header(&self) -> &'a RtNexthop {
        self.header
    }

    /// Index of the link; 0 if the gateway decides.
    #[must_use]
    pub fn ifindex(&self) -> i32 {
        self.header.ifindex.get()
    }

    /// Its share of the traffic: 1 to 256.
    #[must_use]
    pub fn weight(&self) -> u16 {
        u16::from(self.header.hops) + 1
    }

    /// `RTNH_F_*`.
    #[must_use]
    pub fn flags(&self) -> RouteFlags {
        RouteFlags::from_bits_retain(self.header.flags.into())
    }

    /// All attributes in wire order, `RTA_*`.
    #[must_use]
    pub fn attrs(&self) -> Attrs<'a> {
        Attrs::new(self.attrs)
    }

    /// The gateway: `RTA_GATEWAY`, or of the other family `RTA_VIA`.
    #[must_use]
    pub fn gateway(&self) -> Option<IpAddr> {
        self.get::<Ip>(RTA_GATEWAY)
            .or_else(|| self.get::<ViaAddr>(RTA_VIA)?.ip())
    }

    /// Whether the gateway is of the other family, `via inet6`.
    #[must_use]
    pub fn is_via(&self) -> bool {
        self.raw(RTA_VIA).is_some()
    }

    /// Realms: source in the upper, destination in the lower 16 bits.
    #[must_use]
    pub fn flow(&self) -> Option<u32> {
        self.get::<U32>(RTA_FLOW)
    }

    /// Kind of its lightweight tunnel.
    #[must_use]
    pub fn encap_type(&self) -> Option<EncapType> {
        self.get::<U16>(RTA_ENCAP_TYPE).map(EncapType)
    }

    /// Attributes of its lightweight tunnel.
    #[must_use]
    pub fn encap(&self) -> Option<&'a [u8]> {
        self.raw(RTA_ENCAP)
    }

    /// The payload of an attribute by its number; the last one if it is repeated.
    #[must_use]
    pub fn raw(&self, number: u16) -> Option<&'a [u8]> {
        self.attrs()
            .flatten()
            .filter(|attr| attr.number() == number)
            .last()
            .map(|attr| attr.payload)
    }

    fn get<K: Kind>(&self, number: u16) -> Option<K::Value<'a>> {
        K::read(self.raw(number)?)
    }
}

impl fmt::Debug for Hop<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.header, f)?;
        f.write_str(" ")?;
        fmt::Debug::fmt(&ROUTE_ATTRS.debug(self.attrs), f)
    }
}

/// One way of a multipath route that is to be made: `nexthop via GATEWAY dev LINK weight N`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the setters of the same names say it")]
pub struct NewHop {
    pub gateway: Option<IpAddr>,
    pub ifindex: i32,
    pub weight_less_one: u8,
    pub onlink: bool,
    pub flow: Option<u32>,
    pub encap: Option<Box<Encap>>,
}

impl NewHop {
    /// Through a gateway.
    #[must_use]
    pub fn via(gateway: IpAddr) -> Self {
        Self {
            gateway: Some(gateway),
            ..Self::default()
        }
    }

    /// Onto a link without a gateway.
    #[must_use]
    pub fn dev(ifindex: i32) -> Self {
        Self {
            ifindex,
            ..Self::default()
        }
    }

    /// Index of the link; without one the gateway decides.
    #[must_use]
    pub fn ifindex(mut self, ifindex: i32) -> Self {
        self.ifindex = ifindex;
        self
    }

    /// Its share of the traffic: 1 to 256; 0 counts as 1, more as 256.
    #[must_use]
    pub fn weight(mut self, weight: u16) -> Self {
        self.weight_less_one = u8::try_from(weight.saturating_sub(1)).unwrap_or(u8::MAX);
        self
    }

    /// The gateway is on the link although no route says so.
    #[must_use]
    pub fn onlink(mut self) -> Self {
        self.onlink = true;
        self
    }

    /// Realms: source in the upper, destination in the lower 16 bits.
    #[must_use]
    pub fn flow(mut self, realms: u32) -> Self {
        self.flow = Some(realms);
        self
    }

    /// A lightweight tunnel.
    #[must_use]
    pub fn encap(mut self, encap: Encap) -> Self {
        self.encap = Some(Box::new(encap));
        self
    }

    fn write(&self, out: &mut Writer, v6: bool) {
        let start = out.bytes().len();
        let flags = if self.onlink {
            RouteFlags::ONLINK
        } else {
            RouteFlags::empty()
        };
        out.header(&RtNexthop {
            len: 0.into(),
            flags: u8::try_from(flags.bits()).unwrap_or(0),
            hops: self.weight_less_one,
            ifindex: self.ifindex.into(),
        });
        if let Some(encap) = &self.encap {
            encap.write(out);
        }
        if let Some(gateway) = &self.gateway {
            write_gateway(out, gateway, v6);
        }
        if let Some(flow) = self.flow {
            out.attr::<U32>(RTA_FLOW, flow);
        }
        // Beyond 64 KiB the attribute around it is too long as well, and that is reported.
        let len = u16::try_from(out.bytes().len() - start).unwrap_or(u16::MAX);
        if let Some(field) = out.bytes_mut().get_mut(start..start + 2) {
            field.copy_from_slice(&len.to_ne_bytes());
        }
    }
}

/// Appends the gateway of a route of IPv6 (`v6`) or IPv4.
#[inline]
pub(super) fn write_gateway(out: &mut Writer, gateway: &IpAddr, v6: bool) {
    if gateway.is_ipv6() == v6 {
        out.addr(RTA_GATEWAY, gateway);
    } else {
        write_via(out, gateway);
    }
}

#[inline(never)]
fn write_via(out: &mut Writer, gateway: &IpAddr) {
    out.attr::<ViaAddr>(RTA_VIA, super::via::Via::from(gateway));
}

/// Writes ways as they were listed, without their state.
pub(super) fn write_listed(out: &mut Writer, hops: Hops<'_>) {
    out.attr_with(RTA_MULTIPATH, |out| {
        for hop in hops.flatten() {
            let flags = (hop.flags() & REQUESTED).bits();
            out.header(&RtNexthop {
                flags: u8::try_from(flags).unwrap_or(0),
                ..*hop.header
            });
            out.bytes_mut().extend_from_slice(hop.attrs);
            out.pad();
        }
    });
}

pub(super) fn write_hops(out: &mut Writer, hops: &[NewHop], v6: bool) {
    out.attr_with(RTA_MULTIPATH, |out| {
        for hop in hops {
            hop.write(out, v6);
        }
    });
}
