//! [`Prefix`]: an address and how many of its bits count.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::value::Family;

/// An address and a prefix length, `10.0.0.1/24`; host bits are kept.
///
/// ```
/// use nl_route::Prefix;
///
/// let prefix: Prefix = "10.0.0.1/24".parse()?;
/// assert_eq!(prefix.network().to_string(), "10.0.0.0/24");
/// assert_eq!(prefix.last().to_string(), "10.0.0.255");
/// assert_eq!("fd00::1".parse::<Prefix>()?, Prefix::host("fd00::1".parse().unwrap()));
/// # Ok::<(), nl_route::BadPrefix>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    /// The address, host bits included.
    pub addr: IpAddr,
    /// How many leading bits count: 0 to 32 or 128. More is for the kernel to refuse.
    pub len: u8,
}

impl Prefix {
    /// All of IPv4: `0.0.0.0/0`, the destination of a default route.
    pub const ALL_V4: Self = Self::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
    /// All of IPv6: `::/0`.
    pub const ALL_V6: Self = Self::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0);

    /// An address and a prefix length.
    #[must_use]
    pub const fn new(addr: IpAddr, len: u8) -> Self {
        Self { addr, len }
    }

    /// One address alone: `/32` or `/128`.
    #[must_use]
    pub const fn host(addr: IpAddr) -> Self {
        Self::new(addr, bits(addr))
    }

    /// Its address family.
    #[must_use]
    pub const fn family(self) -> Family {
        Family::of(self.addr)
    }

    /// Whether it is `0.0.0.0/0` or `::/0`.
    ///
    /// By reference, and a place is matched: see [`nl_core::Writer::addr`].
    #[inline]
    pub(crate) fn is_all(&self) -> bool {
        self.len == 0 && self.addr.is_unspecified()
    }

    /// Whether all bits count.
    #[must_use]
    pub const fn is_host(self) -> bool {
        self.len == bits(self.addr)
    }

    /// The same with the host bits cleared.
    #[must_use]
    pub fn network(self) -> Self {
        let addr = match self.addr {
            IpAddr::V4(v4) => Ipv4Addr::from(u32::from(v4) & !host_mask4(self.len)).into(),
            IpAddr::V6(v6) => Ipv6Addr::from(u128::from(v6) & !host_mask6(self.len)).into(),
        };
        Self::new(addr, self.len)
    }

    /// The last address: all host bits set. For IPv4 the usual broadcast address.
    #[must_use]
    pub fn last(self) -> IpAddr {
        match self.addr {
            IpAddr::V4(v4) => Ipv4Addr::from(u32::from(v4) | host_mask4(self.len)).into(),
            IpAddr::V6(v6) => Ipv6Addr::from(u128::from(v6) | host_mask6(self.len)).into(),
        }
    }

    /// Whether `addr` is of the same family and has the same leading bits.
    #[must_use]
    pub fn contains(self, addr: IpAddr) -> bool {
        self.family() == Family::of(addr) && Self::new(addr, self.len).network() == self.network()
    }
}

const fn bits(addr: IpAddr) -> u8 {
    match addr {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn host_mask4(len: u8) -> u32 {
    u32::MAX.checked_shr(u32::from(len)).unwrap_or(0)
}

fn host_mask6(len: u8) -> u128 {
    u128::MAX.checked_shr(u32::from(len)).unwrap_or(0)
}

impl From<IpAddr> for Prefix {
    fn from(addr: IpAddr) -> Self {
        Self::host(addr)
    }
}

impl From<Ipv4Addr> for Prefix {
    fn from(addr: Ipv4Addr) -> Self {
        Self::host(addr.into())
    }
}

impl From<Ipv6Addr> for Prefix {
    fn from(addr: Ipv6Addr) -> Self {
        Self::host(addr.into())
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.addr, self.len)
    }
}

/// A text that is no prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPrefix;

impl fmt::Display for BadPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an address with an optional prefix length")
    }
}

impl std::error::Error for BadPrefix {}

impl FromStr for Prefix {
    type Err = BadPrefix;

    /// Reads `ADDRESS` or `ADDRESS/LENGTH`.
    fn from_str(text: &str) -> Result<Self, BadPrefix> {
        let Some((addr, len)) = text.split_once('/') else {
            return text.parse().map(Self::host).map_err(|_| BadPrefix);
        };
        let addr = addr.parse().map_err(|_| BadPrefix)?;
        // `parse` would take "+8".
        if !len.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(BadPrefix);
        }
        match len.parse() {
            Ok(len) if len <= bits(addr) => Ok(Self::new(addr, len)),
            _ => Err(BadPrefix),
        }
    }
}
