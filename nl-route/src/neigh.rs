//! Neighbours and bridge forwarding entries: `RTM_*NEIGH`.
//!
//! ```text
//! struct ndmsg
//! +------------+------------+-------------------------+
//! | family     | 0          | 0                       |
//! +------------+------------+-------------------------+
//! | ifindex                                           |
//! +-------------------------+------------+------------+
//! | state                   | flags      | type       |
//! +-------------------------+------------+------------+
//! ```

use std::net::IpAddr;

use bitflags::bitflags;
use nl_core::kind::{Be16, Bytes, I32, Ip, LinkAddr, Struct, U8, U16, U32};
use nl_core::{DumpRequest, GetRequest, MessageType, Owned, Request, Writer};
use zerocopy::native_endian::{I32 as NeI32, U16 as Ne16, U32 as Ne32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::protocol::{RTM_DELNEIGH, RTM_GETNEIGH, RTM_NEWNEIGH, Route};
use crate::route::{RouteProtocol, RouteType};
use crate::value::{Family, Mode};

pub(crate) const MESSAGES: &[MessageType] = &[
    MessageType {
        number: RTM_NEWNEIGH,
        name: "RTM_NEWNEIGH",
        table: &NEIGH_ATTRS,
    },
    MessageType {
        number: RTM_DELNEIGH,
        name: "RTM_DELNEIGH",
        table: &NEIGH_ATTRS,
    },
    MessageType {
        number: RTM_GETNEIGH,
        name: "RTM_GETNEIGH",
        table: &NEIGH_ATTRS,
    },
];

/// `struct ndmsg`, the fixed header of `RTM_*NEIGH`. Source: include/uapi/linux/neighbour.h.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct NdMsg {
    /// Address family; `AF_BRIDGE` for forwarding entries.
    pub family: u8,
    /// Zero.
    pub pad1: u8,
    /// Zero.
    pub pad2: Ne16,
    /// Index of the link.
    pub ifindex: NeI32,
    /// `NUD_*`.
    pub state: Ne16,
    /// The low 8 bits of `NTF_*`.
    pub flags: u8,
    /// `RTN_*`.
    pub neigh_type: u8,
}

const _: () = assert!(size_of::<NdMsg>() == 12);

/// `struct nda_cacheinfo`: ages in `USER_HZ` ticks (1/100 s). Source: include/uapi/linux/neighbour.h.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct NdaCacheinfo {
    /// Since it was confirmed.
    pub confirmed: Ne32,
    /// Since it was used.
    pub used: Ne32,
    /// Since it was updated.
    pub updated: Ne32,
    /// How many use it.
    pub refcnt: Ne32,
}

const _: () = assert!(size_of::<NdaCacheinfo>() == 16);

nl_core::attrs! {
    /// `NFEA_*`: what `NDA_FDB_EXT_ATTRS` holds. Source: include/uapi/linux/neighbour.h.
    pub table FDB_EXT_ATTRS: (), view FdbExtView, writer FdbExtWriter;
    values {
        /// Activity notification bits, `FDB_NOTIFY_*`.
        NFEA_ACTIVITY_NOTIFY = 1, activity_notify: U8;
        /// The entry's age is not refreshed.
        NFEA_DONT_REFRESH = 2, dont_refresh: Bytes;
    }
}

nl_core::attrs! {
    /// `NDA_*`: attributes of `RTM_*NEIGH`. Source: include/uapi/linux/neighbour.h.
    pub table NEIGH_ATTRS: NdMsg, view NeighView, writer NeighWriter;
    values {
        /// Network address; of a VXLAN forwarding entry the remote end.
        NDA_DST = 1, dst: Ip;
        /// Link-layer address.
        NDA_LLADDR = 2, lladdr: LinkAddr;
        /// Ages.
        NDA_CACHEINFO = 3, cacheinfo: Struct<NdaCacheinfo>;
        /// Probes sent.
        NDA_PROBES = 4, probes: U32;
        /// VLAN of a forwarding entry.
        NDA_VLAN = 5, vlan: U16;
        /// UDP port of the remote VXLAN end.
        NDA_PORT = 6, port: Be16;
        /// VXLAN network identifier of the remote end.
        NDA_VNI = 7, vni: U32;
        /// Index of the link: of the dump's filter, or towards the remote VXLAN end.
        NDA_IFINDEX = 8, link: I32;
        /// Index of the bridge or other master.
        NDA_MASTER = 9, master: I32;
        /// Id of the link's network namespace.
        NDA_LINK_NETNSID = 10, link_netnsid: I32;
        /// VXLAN network identifier of the packets.
        NDA_SRC_VNI = 11, src_vni: U32;
        /// Who made it, `RTPROT_*`.
        NDA_PROTOCOL = 12, proto: U8;
        /// Id of a nexthop object.
        NDA_NH_ID = 13, nh_id: U32;
        /// Further flags, `NTF_EXT_*`.
        NDA_FLAGS_EXT = 15, flags_ext: U32;
        /// States that a bulk deletion compares.
        NDA_NDM_STATE_MASK = 16, state_mask: U16;
        /// Flags that a bulk deletion compares.
        NDA_NDM_FLAGS_MASK = 17, flags_mask: U8;
    }
    nests {
        /// Further properties of a forwarding entry.
        NDA_FDB_EXT_ATTRS = 14, fdb_ext: FdbExtView, FdbExtWriter, FDB_EXT_ATTRS;
    }
}

/// A neighbour or forwarding entry, owned.
pub type Neigh = Owned<NeighView<'static>>;

bitflags! {
    /// `NUD_*`: how sure the kernel is of a neighbour. Source: include/uapi/linux/neighbour.h.
    ///
    /// An entry has one of them or none; requests and filters combine them.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct NeighState: u16 {
        /// Being resolved.
        const INCOMPLETE = 0x01;
        /// Confirmed a short time ago.
        const REACHABLE = 0x02;
        /// To be confirmed when used.
        const STALE = 0x04;
        /// Used, confirmation awaited.
        const DELAY = 0x08;
        /// Being asked.
        const PROBE = 0x10;
        /// Not resolved.
        const FAILED = 0x20;
        /// Needs no resolution.
        const NOARP = 0x40;
        /// Set by hand, never changes.
        const PERMANENT = 0x80;
        const _ = !0;
    }
}

impl NeighState {
    /// The states and their words in ip-neighbour(8), in the kernel's order.
    pub const WORDS: &'static [(&'static str, Self)] = &[
        ("none", Self::empty()),
        ("incomplete", Self::INCOMPLETE),
        ("reachable", Self::REACHABLE),
        ("stale", Self::STALE),
        ("delay", Self::DELAY),
        ("probe", Self::PROBE),
        ("failed", Self::FAILED),
        ("noarp", Self::NOARP),
        ("permanent", Self::PERMANENT),
    ];

    /// Whether a filter that combines states lets this one through.
    #[must_use]
    pub const fn is_one_of(self, filter: Self) -> bool {
        self.intersects(filter)
    }
}

bitflags! {
    /// `NTF_*`: properties of a neighbour; those of `NDA_FLAGS_EXT` stand 8 bits higher, as in the kernel.
    /// Source: include/uapi/linux/neighbour.h.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct NeighFlags: u32 {
        /// Resolve it now.
        const USE = 0x01;
        /// Of the device itself, not of its bridge.
        const SELF = 0x02;
        /// Of the device's bridge.
        const MASTER = 0x04;
        /// Answered for others.
        const PROXY = 0x08;
        /// Learned by somebody outside the kernel.
        const EXT_LEARNED = 0x10;
        /// In hardware.
        const OFFLOADED = 0x20;
        /// Stays with its port.
        const STICKY = 0x40;
        /// A router.
        const ROUTER = 0x80;
        /// Kept resolved by the kernel (`NTF_EXT_MANAGED`).
        const MANAGED = 0x100;
        const _ = !0;
    }
}

impl NeighView<'_> {
    /// Address family.
    #[must_use]
    pub fn family(&self) -> Family {
        Family(self.header().family)
    }

    /// Index of the link.
    #[must_use]
    pub fn ifindex(&self) -> i32 {
        self.header().ifindex.get()
    }

    /// How sure the kernel is.
    #[must_use]
    pub fn state(&self) -> NeighState {
        NeighState::from_bits_retain(self.header().state.get())
    }

    /// All flags, `NDA_FLAGS_EXT` included.
    #[must_use]
    pub fn flags(&self) -> NeighFlags {
        let ext = self.flags_ext().unwrap_or(0) << 8;
        NeighFlags::from_bits_retain(u32::from(self.header().flags) | ext)
    }

    /// Type of the address.
    #[must_use]
    pub fn neigh_type(&self) -> RouteType {
        RouteType(self.header().neigh_type)
    }

    /// Who made it.
    #[must_use]
    pub fn protocol(&self) -> Option<RouteProtocol> {
        self.proto().map(RouteProtocol)
    }
}

/// Makes a neighbour, as `ip neigh add ADDRESS lladdr MAC dev LINK`, a proxy entry or a forwarding entry.
///
/// # Errors
///
/// `EEXIST` if it is there ([`Mode::Add`]), `ENOENT` if it is not ([`Mode::Change`]), `ENODEV` for the link, `EINVAL`
/// without a link-layer address in a state that needs one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the setters of the same names say it")]
pub struct NewNeigh {
    pub mode: Mode,
    pub family: Family,
    pub ifindex: i32,
    pub dst: Option<IpAddr>,
    pub lladdr: Option<Vec<u8>>,
    pub state: NeighState,
    pub flags: NeighFlags,
    pub protocol: Option<RouteProtocol>,
    pub vlan: Option<u16>,
    pub port: Option<u16>,
    pub vni: Option<u32>,
    pub src_vni: Option<u32>,
    pub link: Option<i32>,
    pub nh_id: Option<u32>,
}

impl NewNeigh {
    /// A permanent neighbour of the link with this index.
    #[must_use]
    pub fn new(ifindex: i32, dst: IpAddr) -> Self {
        Self {
            mode: Mode::Add,
            family: Family::of(dst),
            ifindex,
            dst: Some(dst),
            lladdr: None,
            state: NeighState::PERMANENT,
            flags: NeighFlags::empty(),
            protocol: None,
            vlan: None,
            port: None,
            vni: None,
            src_vni: None,
            link: None,
            nh_id: None,
        }
    }

    /// An address that the link answers for: `ip neigh add proxy ADDRESS dev LINK`.
    #[must_use]
    pub fn proxy(ifindex: i32, dst: IpAddr) -> Self {
        Self::new(ifindex, dst).flags(NeighFlags::PROXY)
    }

    /// A permanent forwarding entry of a bridge port's own table: `bridge fdb add MAC dev PORT`; with
    /// [`NeighFlags::MASTER`] instead of `SELF`, of its bridge.
    #[must_use]
    pub fn fdb(ifindex: i32, mac: [u8; 6]) -> Self {
        Self {
            family: Family::BRIDGE,
            dst: None,
            state: NeighState::NOARP | NeighState::PERMANENT,
            ..Self::new(ifindex, IpAddr::from([0; 4]))
        }
        .lladdr(mac)
        .flags(NeighFlags::SELF)
    }

    /// What to do if it is there: [`Mode::Add`], [`Mode::Replace`], [`Mode::Change`] or, for forwarding entries with
    /// several remote ends, [`Mode::Append`].
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// The link-layer address: `lladdr`.
    #[must_use]
    pub fn lladdr(mut self, addr: impl Into<Vec<u8>>) -> Self {
        self.lladdr = Some(addr.into());
        self
    }

    /// The state: `nud`.
    #[must_use]
    pub fn state(mut self, state: NeighState) -> Self {
        self.state = state;
        self
    }

    /// The flags: `router`, `use`, `managed`, `extern_learn`, `self`, `master`, …
    #[must_use]
    pub fn flags(mut self, flags: NeighFlags) -> Self {
        self.flags = flags;
        self
    }

    /// Network address: of a forwarding entry, the remote VXLAN end.
    #[must_use]
    pub fn dst(mut self, dst: IpAddr) -> Self {
        self.dst = Some(dst);
        self
    }

    /// Who makes it: `protocol`.
    #[must_use]
    pub fn protocol(mut self, protocol: RouteProtocol) -> Self {
        self.protocol = Some(protocol);
        self
    }

    /// VLAN of a forwarding entry.
    #[must_use]
    pub fn vlan(mut self, vlan: u16) -> Self {
        self.vlan = Some(vlan);
        self
    }

    fn write_with(&self, out: &mut Writer) {
        let [flags, ext @ ..] = self.flags.bits().to_le_bytes();
        let ext = u32::from_le_bytes([ext[0], ext[1], ext[2], 0]);
        let mut out = NeighWriter::new(
            out,
            &NdMsg {
                family: self.family.0,
                ifindex: self.ifindex.into(),
                state: self.state.bits().into(),
                flags,
                ..NdMsg::default()
            },
        );
        if let Some(dst) = self.dst {
            out.dst(dst);
        }
        if let Some(lladdr) = &self.lladdr {
            out.lladdr(lladdr);
        }
        if let Some(protocol) = self.protocol {
            out.proto(protocol.0);
        }
        if ext != 0 {
            out.flags_ext(ext);
        }
        if let Some(vlan) = self.vlan {
            out.vlan(vlan);
        }
        if let Some(port) = self.port {
            out.port(port);
        }
        if let Some(vni) = self.vni {
            out.vni(vni);
        }
        if let Some(vni) = self.src_vni {
            out.src_vni(vni);
        }
        if let Some(id) = self.nh_id {
            out.nh_id(id);
        }
        if let Some(link) = self.link {
            out.link(link);
        }
    }
}

impl Request for NewNeigh {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_NEWNEIGH
    }
    fn flags(&self) -> u16 {
        self.mode.flags()
    }
    fn write(&self, out: &mut Writer) {
        self.write_with(out);
    }
}

/// Deletes a neighbour, proxy entry or forwarding entry, as `ip neigh del ADDRESS dev LINK`.
///
/// It holds the entry as it would be made; the kernel goes by link, address and the proxy flag.
///
/// # Errors
///
/// `ENOENT` if there is none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DelNeigh(pub NewNeigh);

impl DelNeigh {
    /// The neighbour with this address on the link with this index.
    #[must_use]
    pub fn new(ifindex: i32, dst: IpAddr) -> Self {
        Self(NewNeigh::new(ifindex, dst))
    }
}

impl Request for DelNeigh {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_DELNEIGH
    }
    fn write(&self, out: &mut Writer) {
        self.0.write_with(out);
    }
}

/// Lists neighbours, as `ip neigh show`; with [`Family::BRIDGE`] forwarding entries, as `bridge fdb show`.
///
/// The kernel filters by what is said here; states ([`NeighState::is_one_of`]) are for the caller to filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct GetNeighs {
    /// Of this family; [`Family::UNSPEC`] for IPv4 and IPv6.
    pub family: Family,
    /// Of the link with this index.
    pub ifindex: Option<i32>,
    /// Of links that this one is the master of.
    pub master: Option<i32>,
    /// The proxy entries, instead of the neighbours.
    pub proxy: bool,
}

impl GetNeighs {
    /// All neighbours.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// All forwarding entries of bridge ports.
    #[must_use]
    pub fn fdb() -> Self {
        Self::all().family(Family::BRIDGE)
    }

    /// Only those of this family.
    #[must_use]
    pub fn family(mut self, family: Family) -> Self {
        self.family = family;
        self
    }

    /// Only those of the link with this index.
    #[must_use]
    pub fn ifindex(mut self, ifindex: i32) -> Self {
        self.ifindex = Some(ifindex);
        self
    }

    /// Only those of links with this master.
    #[must_use]
    pub fn master(mut self, ifindex: i32) -> Self {
        self.master = Some(ifindex);
        self
    }

    /// The proxy entries, instead of the neighbours.
    #[must_use]
    pub fn proxy(mut self) -> Self {
        self.proxy = true;
        self
    }
}

impl Request for GetNeighs {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_GETNEIGH
    }
    fn write(&self, out: &mut Writer) {
        let mut out = NeighWriter::new(
            out,
            &NdMsg {
                family: self.family.0,
                flags: proxy_flag(self.proxy),
                ..NdMsg::default()
            },
        );
        if let Some(ifindex) = self.ifindex {
            out.link(ifindex);
        }
        if let Some(master) = self.master {
            out.master(master);
        }
    }
}

impl DumpRequest for GetNeighs {
    type Reply = NeighView<'static>;
    const REPLY_TYPE: u16 = RTM_NEWNEIGH;
}

/// Asks for one neighbour, as `ip neigh get ADDRESS dev LINK`.
///
/// # Errors
///
/// `ENOENT` if there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GetNeigh {
    /// Index of the link.
    pub ifindex: i32,
    /// Its network address.
    pub dst: IpAddr,
    /// The proxy entry, instead of the neighbour.
    pub proxy: bool,
}

impl GetNeigh {
    /// The neighbour with this address on the link with this index.
    #[must_use]
    pub fn new(ifindex: i32, dst: IpAddr) -> Self {
        Self {
            ifindex,
            dst,
            proxy: false,
        }
    }

    /// The proxy entry, instead of the neighbour.
    #[must_use]
    pub fn proxy(mut self) -> Self {
        self.proxy = true;
        self
    }
}

impl Request for GetNeigh {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_GETNEIGH
    }
    fn write(&self, out: &mut Writer) {
        NeighWriter::new(
            out,
            &NdMsg {
                family: Family::of(self.dst).0,
                ifindex: self.ifindex.into(),
                flags: proxy_flag(self.proxy),
                ..NdMsg::default()
            },
        )
        .dst(self.dst);
    }
}

impl GetRequest for GetNeigh {
    type Reply = NeighView<'static>;
    const REPLY_TYPE: u16 = RTM_NEWNEIGH;
}

fn proxy_flag(proxy: bool) -> u8 {
    let [flag, ..] = NeighFlags::PROXY.bits().to_le_bytes();
    if proxy { flag } else { 0 }
}
