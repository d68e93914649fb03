//! `RTA_VIA`: a gateway of another family than the route's.

use std::fmt;
use std::net::IpAddr;

use nl_core::{Format, Kind};

use crate::value::Family;

/// `struct rtvia`: an address with its family. Source: include/uapi/linux/rtnetlink.h.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Via<'a> {
    /// Family of the address, 16 bits in host order on the wire.
    pub family: u16,
    addr: Bytes<'a>,
}

#[derive(Clone, Copy)]
enum Bytes<'a> {
    Read(&'a [u8]),
    Ip(IpAddr),
}

impl Via<'_> {
    /// The address, if it is an IP address.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match self.addr {
            Bytes::Ip(addr) => Some(addr),
            Bytes::Read(bytes) => {
                let addr = nl_core::kind::Ip::read(bytes)?;
                (self.family == Family::of(addr).0.into()).then_some(addr)
            }
        }
    }
}

impl From<&IpAddr> for Via<'_> {
    fn from(addr: &IpAddr) -> Self {
        Self {
            family: Family::of(*addr).0.into(),
            addr: Bytes::Ip(*addr),
        }
    }
}

impl PartialEq for Bytes<'_> {
    fn eq(&self, other: &Self) -> bool {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        self.append_to(&mut left);
        other.append_to(&mut right);
        left == right
    }
}

impl Eq for Bytes<'_> {}

impl Bytes<'_> {
    fn append_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Read(bytes) => out.extend_from_slice(bytes),
            Self::Ip(addr) => nl_core::kind::Ip::write(*addr, out),
        }
    }
}

impl fmt::Debug for Via<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ip() {
            Some(addr) => fmt::Display::fmt(&addr, f),
            None => write!(f, "family {}", self.family),
        }
    }
}

/// The payload of `RTA_VIA`.
#[derive(Clone, Copy, Debug)]
pub enum ViaAddr {}

impl Kind for ViaAddr {
    type Value<'a> = Via<'a>;
    const FORMAT: Format = Format::Struct(|payload, f| match Self::read(payload) {
        Some(via) => fmt::Debug::fmt(&via, f),
        None => f.write_str("?"),
    });
    const MIN: usize = 2;
    const MAX: usize = usize::MAX;

    fn read(payload: &[u8]) -> Option<Via<'_>> {
        let (family, addr) = payload.split_first_chunk()?;
        Some(Via {
            family: u16::from_ne_bytes(*family),
            addr: Bytes::Read(addr),
        })
    }
    fn write(value: Via<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(&value.family.to_ne_bytes());
        value.addr.append_to(out);
    }
}
