//! Addresses: `RTM_*ADDR`.
//!
//! ```text
//! struct ifaddrmsg
//! +------------+------------+------------+------------+
//! | family     | prefix len | flags      | scope      |
//! +------------+------------+------------+------------+
//! | ifindex                                           |
//! +---------------------------------------------------+
//! ```

use std::net::IpAddr;

use bitflags::bitflags;
use nl_core::kind::{I32, Ip, Str, Struct, U8, U32};
use nl_core::{DumpRequest, MessageType, Owned, Request, Writer};
use zerocopy::native_endian::U32 as Ne32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::prefix::Prefix;
use crate::protocol::{RTM_DELADDR, RTM_GETADDR, RTM_NEWADDR, Route};
use crate::route::RouteScope;
use crate::value::{Family, Mode, values};

pub(crate) const MESSAGES: &[MessageType] = &[
    MessageType {
        number: RTM_NEWADDR,
        name: "RTM_NEWADDR",
        table: &ADDR_ATTRS,
    },
    MessageType {
        number: RTM_DELADDR,
        name: "RTM_DELADDR",
        table: &ADDR_ATTRS,
    },
    MessageType {
        number: RTM_GETADDR,
        name: "RTM_GETADDR",
        table: &ADDR_ATTRS,
    },
];

/// `struct ifaddrmsg`, the fixed header of `RTM_*ADDR`. Source: include/uapi/linux/if_addr.h.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct IfAddrMsg {
    /// Address family, `AF_INET` or `AF_INET6`.
    pub family: u8,
    /// How many bits of `IFA_ADDRESS` are the network.
    pub prefix_len: u8,
    /// The low 8 bits of `IFA_F_*`; all of them are in `IFA_FLAGS`.
    pub flags: u8,
    /// `RT_SCOPE_*`.
    pub scope: u8,
    /// Index of the link that has the address.
    pub ifindex: Ne32,
}

const _: () = assert!(size_of::<IfAddrMsg>() == 8);

/// `struct ifa_cacheinfo`: lifetimes of an address. Source: include/uapi/linux/if_addr.h.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct IfaCacheinfo {
    /// Seconds until it is deprecated; [`FOREVER`] for never.
    pub preferred: Ne32,
    /// Seconds until it is removed; [`FOREVER`] for never.
    pub valid: Ne32,
    /// When it was made, in hundredths of a second since boot.
    pub created: Ne32,
    /// When it was last changed, in hundredths of a second since boot.
    pub updated: Ne32,
}

const _: () = assert!(size_of::<IfaCacheinfo>() == 16);

/// A lifetime without end.
pub const FOREVER: u32 = u32::MAX;

nl_core::attrs! {
    /// `IFA_*`: attributes of `RTM_*ADDR`. Source: include/uapi/linux/if_addr.h.
    pub table ADDR_ATTRS: IfAddrMsg, view AddrView, writer AddrWriter;
    values {
        /// The prefix's address: on a point-to-point link the peer's, otherwise the same as `IFA_LOCAL`.
        IFA_ADDRESS = 1, address: Ip;
        /// The interface's own address. IPv6 sends it only where a peer is set.
        IFA_LOCAL = 2, local: Ip;
        /// IPv4 label: the device name, or that with `:` and a suffix.
        IFA_LABEL = 3, label: Str;
        /// IPv4 broadcast address.
        IFA_BROADCAST = 4, broadcast: Ip;
        /// Anycast address.
        IFA_ANYCAST = 5, anycast: Ip;
        /// Lifetimes and time stamps.
        IFA_CACHEINFO = 6, cacheinfo: Struct<IfaCacheinfo>;
        /// Multicast address.
        IFA_MULTICAST = 7, multicast: Ip;
        /// All `IFA_F_*`, 32 bits. [`AddrView::flags`] knows where to look.
        IFA_FLAGS = 8, ifa_flags: U32;
        /// Metric of the prefix route that comes with the address.
        IFA_RT_PRIORITY = 9, rt_priority: U32;
        /// Id of the network namespace that is meant or that the address is in.
        IFA_TARGET_NETNSID = 10, target_netnsid: I32;
        /// Who made the address, `IFAPROT_*`.
        IFA_PROTO = 11, proto: U8;
    }
}

/// An address, owned.
pub type Addr = Owned<AddrView<'static>>;

bitflags! {
    /// `IFA_F_*`: properties of an address. Source: include/uapi/linux/if_addr.h.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct AddrFlags: u32 {
        /// IPv4: not the first address of its network. IPv6 calls the same bit temporary.
        const SECONDARY = 0x01;
        /// IPv6: skip duplicate address detection.
        const NODAD = 0x02;
        /// IPv6: usable while duplicate address detection runs.
        const OPTIMISTIC = 0x04;
        /// IPv6: somebody else has it.
        const DADFAILED = 0x08;
        /// IPv6: Mobile IPv6 home address.
        const HOMEADDRESS = 0x10;
        /// Its preferred lifetime is over.
        const DEPRECATED = 0x20;
        /// IPv6: duplicate address detection is not finished.
        const TENTATIVE = 0x40;
        /// It has no lifetime.
        const PERMANENT = 0x80;
        /// IPv6: temporary addresses are made from it.
        const MANAGETEMPADDR = 0x100;
        /// No route to its network is made.
        const NOPREFIXROUTE = 0x200;
        /// Joins the multicast group.
        const MCAUTOJOIN = 0x400;
        /// IPv6: made by stable privacy (RFC 7217).
        const STABLE_PRIVACY = 0x800;
        const _ = !0;
    }
}

impl AddrFlags {
    /// The words that `ip addr add` takes to set a flag.
    pub const WORDS: &'static [(&'static str, Self)] = &[
        ("nodad", Self::NODAD),
        ("optimistic", Self::OPTIMISTIC),
        ("home", Self::HOMEADDRESS),
        ("mngtmpaddr", Self::MANAGETEMPADDR),
        ("noprefixroute", Self::NOPREFIXROUTE),
        ("autojoin", Self::MCAUTOJOIN),
    ];

    /// The words that `ip addr show` prints, in its order; `dynamic` stands for a missing
    /// [`PERMANENT`](Self::PERMANENT). What has no word is [`unnamed`](Self::unnamed).
    pub fn words(self, family: Family) -> impl Iterator<Item = &'static str> {
        const ORDER: &[(AddrFlags, &str)] = &[
            (AddrFlags::SECONDARY, "secondary"),
            (AddrFlags::NODAD, "nodad"),
            (AddrFlags::OPTIMISTIC, "optimistic"),
            (AddrFlags::DADFAILED, "dadfailed"),
            (AddrFlags::HOMEADDRESS, "home"),
            (AddrFlags::DEPRECATED, "deprecated"),
            (AddrFlags::TENTATIVE, "tentative"),
            (AddrFlags::PERMANENT, "permanent"),
            (AddrFlags::MANAGETEMPADDR, "mngtmpaddr"),
            (AddrFlags::NOPREFIXROUTE, "noprefixroute"),
            (AddrFlags::MCAUTOJOIN, "autojoin"),
            (AddrFlags::STABLE_PRIVACY, "stable-privacy"),
        ];
        ORDER.iter().filter_map(move |&(flag, word)| match flag {
            Self::PERMANENT => (!self.contains(flag)).then_some("dynamic"),
            Self::SECONDARY if family == Family::INET6 => {
                self.contains(flag).then_some("temporary")
            }
            _ => self.contains(flag).then_some(word),
        })
    }

    /// The bits that have no word.
    #[must_use]
    pub const fn unnamed(self) -> u32 {
        self.bits() & !0xfff
    }
}

values! {
    /// `IFAPROT_*`: who made an address. Source: include/uapi/linux/if_addr.h.
    pub struct AddrProtocol(u8);
    /// Not said.
    UNSPEC = 0, "unspec";
    /// The kernel, for the loopback device.
    KERNEL_LO = 1, "kernel_lo";
    /// The kernel, from a router announcement.
    KERNEL_RA = 2, "kernel_ra";
    /// The kernel, link-local.
    KERNEL_LL = 3, "kernel_ll";
}

impl AddrView<'_> {
    /// Address family.
    #[must_use]
    pub fn family(&self) -> Family {
        Family(self.header().family)
    }

    /// Index of the link that has the address.
    #[must_use]
    pub fn ifindex(&self) -> i32 {
        self.header().ifindex.get().cast_signed()
    }

    /// Length of the prefix.
    #[must_use]
    pub fn prefix_len(&self) -> u8 {
        self.header().prefix_len
    }

    /// Where the address is valid.
    #[must_use]
    pub fn scope(&self) -> RouteScope {
        RouteScope(self.header().scope)
    }

    /// All flags, from `IFA_FLAGS` or, where a kernel sends none, from the header.
    #[must_use]
    pub fn flags(&self) -> AddrFlags {
        let bits = self.ifa_flags().unwrap_or(self.header().flags.into());
        AddrFlags::from_bits_retain(bits)
    }

    /// The interface's own address with the prefix length: `IFA_LOCAL`, or `IFA_ADDRESS` without one.
    #[must_use]
    pub fn prefix(&self) -> Option<Prefix> {
        let addr = self.local().or_else(|| self.address())?;
        Some(Prefix::new(addr, self.prefix_len()))
    }

    /// The peer's address, if it is not the interface's own.
    #[must_use]
    pub fn peer(&self) -> Option<IpAddr> {
        let (local, address) = (self.local()?, self.address()?);
        (local != address).then_some(address)
    }

    /// Who made it.
    #[must_use]
    pub fn protocol(&self) -> Option<AddrProtocol> {
        self.proto().map(AddrProtocol)
    }
}

/// How the broadcast address of a [`NewAddr`] comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Broadcast {
    /// This one: `brd ADDRESS`.
    Addr(IpAddr),
    /// The network's last address, all host bits set: `brd +`.
    Last,
    /// The network's first address, all host bits clear: `brd -`.
    First,
}

/// Gives a link an address, as `ip addr add ADDRESS/LENGTH dev LINK`.
///
/// [`new`](Self::new) sends what `ip` sends: `IFA_LOCAL` and `IFA_ADDRESS`, no broadcast address, scope
/// `host` for 127.0.0.0/8 and `global` for all others.
///
/// # Errors
///
/// `EEXIST` if the link has it, `ENODEV` if there is no such link, `EADDRNOTAVAIL` for [`Mode::Change`] of an
/// address that is not there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the setters of the same names say it")]
pub struct NewAddr {
    pub mode: Mode,
    pub ifindex: i32,
    pub local: Prefix,
    pub peer: Option<Prefix>,
    pub broadcast: Option<Broadcast>,
    pub anycast: Option<IpAddr>,
    pub label: Option<String>,
    pub scope: Option<RouteScope>,
    pub flags: AddrFlags,
    pub valid: Option<u32>,
    pub preferred: Option<u32>,
    pub metric: Option<u32>,
    pub protocol: Option<AddrProtocol>,
    pub target_netnsid: Option<i32>,
}

impl NewAddr {
    /// The address for the link with this index.
    #[must_use]
    pub fn new(ifindex: i32, local: impl Into<Prefix>) -> Self {
        Self {
            mode: Mode::Add,
            ifindex,
            local: local.into(),
            peer: None,
            broadcast: None,
            anycast: None,
            label: None,
            scope: None,
            flags: AddrFlags::empty(),
            valid: None,
            preferred: None,
            metric: None,
            protocol: None,
            target_netnsid: None,
        }
    }

    /// What to do if the link has the address: [`Mode::Add`], [`Mode::Replace`] or [`Mode::Change`].
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// The address of the other end of a point-to-point link: `peer`. Its length becomes the prefix length.
    #[must_use]
    pub fn peer(mut self, peer: impl Into<Prefix>) -> Self {
        self.peer = Some(peer.into());
        self
    }

    /// The broadcast address, IPv4 only: `broadcast`, `brd`.
    #[must_use]
    pub fn broadcast(mut self, broadcast: Broadcast) -> Self {
        self.broadcast = Some(broadcast);
        self
    }

    /// An anycast address: `anycast`.
    #[must_use]
    pub fn anycast(mut self, addr: IpAddr) -> Self {
        self.anycast = Some(addr);
        self
    }

    /// An IPv4 label, which must begin with the device name: `label`.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Where the address is valid: `scope`.
    #[must_use]
    pub fn scope(mut self, scope: RouteScope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Adds flags: `nodad`, `home`, `noprefixroute`, …
    #[must_use]
    pub fn flags(mut self, flags: AddrFlags) -> Self {
        self.flags |= flags;
        self
    }

    /// Seconds until it is removed: `valid_lft`; [`FOREVER`] for never.
    #[must_use]
    pub fn valid(mut self, seconds: u32) -> Self {
        self.valid = Some(seconds);
        self
    }

    /// Seconds until it is deprecated: `preferred_lft`; not more than [`valid`](Self::valid).
    #[must_use]
    pub fn preferred(mut self, seconds: u32) -> Self {
        self.preferred = Some(seconds);
        self
    }

    /// Metric of the route to its network: `metric`.
    #[must_use]
    pub fn metric(mut self, metric: u32) -> Self {
        self.metric = Some(metric);
        self
    }

    /// Who made it: `proto`.
    #[must_use]
    pub fn protocol(mut self, protocol: AddrProtocol) -> Self {
        self.protocol = Some(protocol);
        self
    }

    /// In the network namespace that has this id here.
    #[must_use]
    pub fn target_netnsid(mut self, nsid: i32) -> Self {
        self.target_netnsid = Some(nsid);
        self
    }

    fn write_with(&self, out: &mut Writer, scope: RouteScope) {
        let peer = self.peer.unwrap_or(self.local);
        // The header's field holds 8 bits; more go into an attribute, and then all do.
        let header_flags = u8::try_from(self.flags.bits()).ok();
        let mut out = AddrWriter::new(
            out,
            &IfAddrMsg {
                family: self.local.family().0,
                prefix_len: peer.len,
                flags: header_flags.unwrap_or(0),
                scope: scope.0,
                ifindex: self.ifindex.cast_unsigned().into(),
            },
        );
        out.local(self.local.addr);
        if let Some(Broadcast::Addr(addr)) = self.broadcast {
            out.broadcast(addr);
        }
        if let Some(addr) = self.anycast {
            out.anycast(addr);
        }
        if let Some(label) = &self.label {
            out.label(label);
        }
        if let Some(metric) = self.metric {
            out.rt_priority(metric);
        }
        if let Some(protocol) = self.protocol {
            out.proto(protocol.0);
        }
        if header_flags.is_none() {
            out.ifa_flags(self.flags.bits());
        }
        out.address(peer.addr);
        match self.broadcast {
            // A network of one or two addresses has none to spare.
            Some(Broadcast::Last) if peer.len <= 30 => drop(out.broadcast(peer.last())),
            Some(Broadcast::First) if peer.len <= 30 => drop(out.broadcast(peer.network().addr)),
            _ => {}
        }
        if self.valid.is_some() || self.preferred.is_some() {
            out.cacheinfo(&IfaCacheinfo {
                preferred: self.preferred.unwrap_or(FOREVER).into(),
                valid: self.valid.unwrap_or(FOREVER).into(),
                ..IfaCacheinfo::default()
            });
        }
        if let Some(nsid) = self.target_netnsid {
            out.target_netnsid(nsid);
        }
    }
}

impl Request for NewAddr {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_NEWADDR
    }
    fn flags(&self) -> u16 {
        self.mode.flags()
    }
    fn write(&self, out: &mut Writer) {
        let scope = self.scope.unwrap_or(match self.local.addr {
            IpAddr::V4(addr) if addr.is_loopback() => RouteScope::HOST,
            _ => RouteScope::GLOBAL,
        });
        self.write_with(out, scope);
    }
}

/// Takes an address from a link, as `ip addr del ADDRESS/LENGTH dev LINK`.
///
/// It holds the address as it would be given; the kernel compares local and peer address, prefix length and
/// label, as far as they are set.
///
/// # Errors
///
/// `EADDRNOTAVAIL` if the link does not have it, `ENODEV` if there is no such link.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DelAddr(pub NewAddr);

impl DelAddr {
    /// The address of the link with this index.
    #[must_use]
    pub fn new(ifindex: i32, local: impl Into<Prefix>) -> Self {
        Self(NewAddr::new(ifindex, local))
    }
}

impl Request for DelAddr {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_DELADDR
    }
    fn write(&self, out: &mut Writer) {
        self.0
            .write_with(out, self.0.scope.unwrap_or(RouteScope::GLOBAL));
    }
}

/// Lists addresses, as `ip addr show`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct GetAddrs {
    /// Of this family; [`Family::UNSPEC`] for all.
    pub family: Family,
    /// Of the link with this index. The kernel filters; `ENODEV` if there is none.
    pub ifindex: Option<i32>,
    /// In the network namespace that has this id here.
    pub target_netnsid: Option<i32>,
}

impl GetAddrs {
    /// All addresses.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// All of one family.
    #[must_use]
    pub fn family(mut self, family: Family) -> Self {
        self.family = family;
        self
    }

    /// All of one link.
    #[must_use]
    pub fn ifindex(mut self, ifindex: i32) -> Self {
        self.ifindex = Some(ifindex);
        self
    }

    /// In the network namespace that has this id here.
    #[must_use]
    pub fn target_netnsid(mut self, nsid: i32) -> Self {
        self.target_netnsid = Some(nsid);
        self
    }
}

impl Request for GetAddrs {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_GETADDR
    }
    fn write(&self, out: &mut Writer) {
        let mut out = AddrWriter::new(
            out,
            &IfAddrMsg {
                family: self.family.0,
                ifindex: self.ifindex.unwrap_or(0).cast_unsigned().into(),
                ..IfAddrMsg::default()
            },
        );
        if let Some(nsid) = self.target_netnsid {
            out.target_netnsid(nsid);
        }
    }
}

impl DumpRequest for GetAddrs {
    type Reply = AddrView<'static>;
    const REPLY_TYPE: u16 = RTM_NEWADDR;
}
