//! Nexthop objects, alone and in groups: `RTM_*NEXTHOP`.
//!
//! ```text
//! struct nhmsg
//! +------------+------------+------------+------------+
//! | family     | scope      | protocol   | 0          |
//! +------------+------------+------------+------------+
//! | flags                                             |
//! +---------------------------------------------------+
//! ```

use std::net::IpAddr;

use nl_core::attr::NLA_F_NESTED;
use nl_core::kind::{Bytes, Flag, I32, Ip, U16, U32, U64};
use nl_core::{DumpRequest, Format, GetRequest, Kind, MessageType, Owned, Request, Writer};
use zerocopy::native_endian::{U16 as Ne16, U32 as Ne32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::protocol::{RTM_DELNEXTHOP, RTM_GETNEXTHOP, RTM_NEWNEXTHOP, Route};
use crate::route::{Encap, RouteFlags, RouteProtocol, RouteScope, encap_table};
use crate::value::{Family, Mode, values};

pub(crate) const MESSAGES: &[MessageType] = &[
    MessageType {
        number: RTM_NEWNEXTHOP,
        name: "RTM_NEWNEXTHOP",
        table: &NEXTHOP_ATTRS,
    },
    MessageType {
        number: RTM_DELNEXTHOP,
        name: "RTM_DELNEXTHOP",
        table: &NEXTHOP_ATTRS,
    },
    MessageType {
        number: RTM_GETNEXTHOP,
        name: "RTM_GETNEXTHOP",
        table: &NEXTHOP_ATTRS,
    },
];

/// `struct nhmsg`, the fixed header of `RTM_*NEXTHOP`. Source: include/uapi/linux/nexthop.h.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct NhMsg {
    /// Address family; `AF_UNSPEC` for groups.
    pub family: u8,
    /// `RT_SCOPE_*`; in replies only.
    pub scope: u8,
    /// `RTPROT_*`.
    pub protocol: u8,
    /// Zero.
    pub reserved: u8,
    /// `RTNH_F_*`.
    pub flags: Ne32,
}

const _: () = assert!(size_of::<NhMsg>() == 8);

/// `struct nexthop_grp`: a member of a group. Source: include/uapi/linux/nexthop.h.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    FromBytes,
    IntoBytes,
    KnownLayout,
    Immutable,
    Unaligned,
)]
#[repr(C)]
pub struct NexthopGrp {
    /// Id of the nexthop.
    pub id: Ne32,
    /// Low 8 bits of the weight less one.
    pub weight: u8,
    /// High 8 bits of the weight less one (kernel 6.12).
    pub weight_high: u8,
    /// Zero.
    pub reserved: Ne16,
}

const _: () = assert!(size_of::<NexthopGrp>() == 8);

impl NexthopGrp {
    /// A member with a share of the traffic: 1 to 65,535 (256 before kernel 6.12); 0 counts as 1.
    #[must_use]
    pub fn new(id: u32, weight: u16) -> Self {
        let [low, high] = weight.saturating_sub(1).to_le_bytes();
        Self {
            id: id.into(),
            weight: low,
            weight_high: high,
            reserved: 0.into(),
        }
    }

    /// Its share of the traffic: 1 to 65,536.
    #[must_use]
    pub fn weight(&self) -> u32 {
        u32::from(u16::from_le_bytes([self.weight, self.weight_high])) + 1
    }
}

/// The payload of `NHA_GROUP`: members one behind the other.
#[derive(Clone, Copy, Debug)]
pub enum Group {}

impl Kind for Group {
    type Value<'a> = &'a [NexthopGrp];
    const FORMAT: Format = Format::Struct(|payload, f| match Self::read(payload) {
        Some(members) => f.debug_list().entries(members).finish(),
        None => f.write_str("?"),
    });
    const MIN: usize = 0;
    const MAX: usize = usize::MAX;

    fn read(payload: &[u8]) -> Option<&[NexthopGrp]> {
        <[NexthopGrp]>::ref_from_bytes(payload).ok()
    }
    fn write(value: &[NexthopGrp], out: &mut Vec<u8>) {
        out.extend_from_slice(value.as_bytes());
    }
}

nl_core::attrs! {
    /// `NHA_RES_GROUP_*`: a resilient group. Source: include/uapi/linux/nexthop.h.
    pub table RES_GROUP_ATTRS: (), view ResGroupView, writer ResGroupWriter;
    values {
        /// How many buckets there are.
        NHA_RES_GROUP_BUCKETS = 1, buckets: U16;
        /// How long a bucket must be unused to move, in `USER_HZ` ticks (1/100 s).
        NHA_RES_GROUP_IDLE_TIMER = 2, idle_timer: U32;
        /// How long the group may be unbalanced, in `USER_HZ` ticks.
        NHA_RES_GROUP_UNBALANCED_TIMER = 3, unbalanced_timer: U32;
        /// How long the group has been unbalanced, in `USER_HZ` ticks.
        NHA_RES_GROUP_UNBALANCED_TIME = 4, unbalanced_time: U64;
    }
}

nl_core::attrs! {
    /// `NHA_RES_BUCKET_*`: a bucket of a resilient group. Source: include/uapi/linux/nexthop.h.
    pub table RES_BUCKET_ATTRS: (), view ResBucketView, writer ResBucketWriter;
    values {
        /// Its number.
        NHA_RES_BUCKET_INDEX = 1, index: U16;
        /// How long it was unused, in `USER_HZ` ticks.
        NHA_RES_BUCKET_IDLE_TIME = 2, idle_time: U64;
        /// Id of its nexthop.
        NHA_RES_BUCKET_NH_ID = 3, nh_id: U32;
    }
}

nl_core::attrs! {
    /// `NHA_*`: attributes of `RTM_*NEXTHOP`. Source: include/uapi/linux/nexthop.h.
    pub table NEXTHOP_ATTRS: NhMsg, view NexthopView, writer NexthopWriter;
    values {
        /// Its id; 0 in a request lets the kernel choose.
        NHA_ID = 1, id: U32;
        /// Members of a group.
        NHA_GROUP = 2, group: Group;
        /// Type of a group; see [`GroupType`].
        NHA_GROUP_TYPE = 3, group_type: U16;
        /// Drops all packets.
        NHA_BLACKHOLE = 4, blackhole: Flag;
        /// Index of the link; in a dump a filter.
        NHA_OIF = 5, oif: I32;
        /// Gateway.
        NHA_GATEWAY = 6, gateway: Ip;
        /// Kind of lightweight tunnel.
        NHA_ENCAP_TYPE = 7, encap_type: U16;
        /// In a dump: groups only.
        NHA_GROUPS = 9, groups: Flag;
        /// In a dump: of links with this master.
        NHA_MASTER = 10, master: I32;
        /// Belongs to bridge forwarding entries.
        NHA_FDB = 11, fdb: Flag;
        /// What a dump is to tell beside (kernel 6.9).
        NHA_OP_FLAGS = 14, op_flags: U32;
        /// Counters of a group's members (kernel 6.9).
        NHA_GROUP_STATS = 15, group_stats: Bytes;
        /// Whether hardware counts (kernel 6.9).
        NHA_HW_STATS_ENABLE = 16, hw_stats_enable: U32;
        /// Whether a driver counts (kernel 6.9).
        NHA_HW_STATS_USED = 17, hw_stats_used: U32;
    }
    nests {
        /// Properties of a resilient group.
        NHA_RES_GROUP = 12, res_group: ResGroupView, ResGroupWriter, RES_GROUP_ATTRS;
        /// A bucket of a resilient group.
        NHA_RES_BUCKET = 13, res_bucket: ResBucketView, ResBucketWriter, RES_BUCKET_ATTRS;
    }
    chosen {
        /// Attributes of the lightweight tunnel.
        NHA_ENCAP = 8, encap: by NHA_ENCAP_TYPE, encap_table;
    }
}

/// A nexthop object, owned.
pub type Nexthop = Owned<NexthopView<'static>>;

values! {
    /// `NEXTHOP_GRP_TYPE_*`. Source: include/uapi/linux/nexthop.h.
    pub struct GroupType(u16);
    /// By hash thresholds.
    MPATH = 0, "mpath";
    /// By buckets that stay with their nexthop.
    RESILIENT = 1, "resilient";
}

impl NexthopView<'_> {
    /// Address family.
    #[must_use]
    pub fn family(&self) -> Family {
        Family(self.header().family)
    }

    /// How far it is.
    #[must_use]
    pub fn scope(&self) -> RouteScope {
        RouteScope(self.header().scope)
    }

    /// Who made it.
    #[must_use]
    pub fn protocol(&self) -> RouteProtocol {
        RouteProtocol(self.header().protocol)
    }

    /// `RTNH_F_*`.
    #[must_use]
    pub fn flags(&self) -> RouteFlags {
        RouteFlags::from_bits_retain(self.header().flags.get())
    }
}

/// Makes a nexthop object, as `ip nexthop add id ID …`.
///
/// # Errors
///
/// `EEXIST` if the id is taken ([`Mode::Add`]), `EINVAL` or `ENETUNREACH` with the kernel's words for a gateway on no link or
/// members that cannot be in a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the setters of the same names say it")]
pub struct NewNexthop {
    pub mode: Mode,
    pub id: Option<u32>,
    pub family: Family,
    pub protocol: RouteProtocol,
    pub flags: RouteFlags,
    pub gateway: Option<IpAddr>,
    pub oif: Option<i32>,
    pub blackhole: bool,
    pub fdb: bool,
    pub group: Vec<NexthopGrp>,
    pub group_type: Option<GroupType>,
    pub buckets: Option<u16>,
    pub idle_timer: Option<u32>,
    pub unbalanced_timer: Option<u32>,
    pub encap: Option<Encap>,
}

impl NewNexthop {
    fn bare(family: Family) -> Self {
        Self {
            mode: Mode::Add,
            id: None,
            family,
            protocol: RouteProtocol::UNSPEC,
            flags: RouteFlags::empty(),
            gateway: None,
            oif: None,
            blackhole: false,
            fdb: false,
            group: Vec::new(),
            group_type: None,
            buckets: None,
            idle_timer: None,
            unbalanced_timer: None,
            encap: None,
        }
    }

    /// Through a gateway by the link with this index: `via GATEWAY dev LINK`.
    #[must_use]
    pub fn via(gateway: IpAddr, ifindex: i32) -> Self {
        Self {
            gateway: Some(gateway),
            oif: Some(ifindex),
            ..Self::bare(Family::of(gateway))
        }
    }

    /// Onto the link with this index: `dev LINK`.
    #[must_use]
    pub fn dev(family: Family, ifindex: i32) -> Self {
        Self {
            oif: Some(ifindex),
            ..Self::bare(family)
        }
    }

    /// Drops all packets: `blackhole`.
    #[must_use]
    pub fn blackhole(family: Family) -> Self {
        Self {
            blackhole: true,
            ..Self::bare(family)
        }
    }

    /// A group: `group ID,WEIGHT/ID,WEIGHT/…`.
    #[must_use]
    pub fn group(members: impl Into<Vec<NexthopGrp>>) -> Self {
        Self {
            group: members.into(),
            ..Self::bare(Family::UNSPEC)
        }
    }

    /// Its id; the kernel chooses one if none is said.
    #[must_use]
    pub fn id(mut self, id: u32) -> Self {
        self.id = Some(id);
        self
    }

    /// What to do if the id is taken: [`Mode::Add`] or [`Mode::Replace`].
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Who makes it: `proto`.
    #[must_use]
    pub fn protocol(mut self, protocol: RouteProtocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// The gateway is on the link although no route says so: `onlink`.
    #[must_use]
    pub fn onlink(mut self) -> Self {
        self.flags |= RouteFlags::ONLINK;
        self
    }

    /// For bridge forwarding entries: `fdb`.
    #[must_use]
    pub fn fdb(mut self) -> Self {
        self.fdb = true;
        self
    }

    /// A lightweight tunnel: `encap`.
    #[must_use]
    pub fn encap(mut self, encap: Encap) -> Self {
        self.encap = Some(encap);
        self
    }

    /// A resilient group with this many buckets: `type resilient buckets N`.
    #[must_use]
    pub fn resilient(mut self, buckets: u16) -> Self {
        self.group_type = Some(GroupType::RESILIENT);
        self.buckets = Some(buckets);
        self
    }

    /// How long a bucket must be unused to move, in `USER_HZ` ticks (1/100 s): `idle_timer`.
    #[must_use]
    pub fn idle_timer(mut self, ticks: u32) -> Self {
        self.idle_timer = Some(ticks);
        self
    }

    /// How long a resilient group may be unbalanced, in `USER_HZ` ticks: `unbalanced_timer`.
    #[must_use]
    pub fn unbalanced_timer(mut self, ticks: u32) -> Self {
        self.unbalanced_timer = Some(ticks);
        self
    }

    fn write_res_group(&self, out: &mut NexthopWriter<'_>) {
        out.res_group(|out| {
            if let Some(count) = self.buckets {
                out.buckets(count);
            }
            if let Some(ticks) = self.idle_timer {
                out.idle_timer(ticks);
            }
            if let Some(ticks) = self.unbalanced_timer {
                out.unbalanced_timer(ticks);
            }
        });
    }
}

impl Request for NewNexthop {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_NEWNEXTHOP
    }
    fn flags(&self) -> u16 {
        self.mode.flags()
    }
    fn write(&self, out: &mut Writer) {
        let header = NhMsg {
            family: self.family.0,
            protocol: self.protocol.0,
            flags: self.flags.bits().into(),
            ..NhMsg::default()
        };
        let mut out = NexthopWriter::new(out, &header);
        if let Some(id) = self.id {
            out.id(id);
        }
        if self.blackhole {
            out.blackhole(());
        }
        if let Some(encap) = &self.encap {
            out.raw(NHA_ENCAP | NLA_F_NESTED, &encap.attrs)
                .encap_type(encap.encap_type.0);
        }
        if let Some(gateway) = self.gateway {
            out.gateway(gateway);
        }
        if let Some(ifindex) = self.oif {
            out.oif(ifindex);
        }
        if !self.group.is_empty() {
            out.group(&self.group);
        }
        if self.fdb {
            out.fdb(());
        }
        if self.group_type == Some(GroupType::RESILIENT) {
            self.write_res_group(&mut out);
        }
        if let Some(group_type) = self.group_type {
            out.group_type(group_type.0);
        }
    }
}

/// Deletes a nexthop object, as `ip nexthop del id ID`, and the routes that go by it.
///
/// # Errors
///
/// `ENOENT` if there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DelNexthop {
    /// Its id.
    pub id: u32,
}

impl Request for DelNexthop {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_DELNEXTHOP
    }
    fn write(&self, out: &mut Writer) {
        NexthopWriter::new(out, &NhMsg::default()).id(self.id);
    }
}

/// Asks for one nexthop object, as `ip nexthop get id ID`.
///
/// # Errors
///
/// `ENOENT` if there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GetNexthop {
    /// Its id.
    pub id: u32,
}

impl Request for GetNexthop {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_GETNEXTHOP
    }
    fn write(&self, out: &mut Writer) {
        NexthopWriter::new(out, &NhMsg::default()).id(self.id);
    }
}

impl GetRequest for GetNexthop {
    type Reply = NexthopView<'static>;
    const REPLY_TYPE: u16 = RTM_NEWNEXTHOP;
}

/// Lists nexthop objects, as `ip nexthop show`. The kernel filters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct GetNexthops {
    /// Of this family; [`Family::UNSPEC`] for all.
    pub family: Family,
    /// By the link with this index.
    pub oif: Option<i32>,
    /// By links with this master.
    pub master: Option<i32>,
    /// Groups only.
    pub groups: bool,
    /// Those for bridge forwarding entries only.
    pub fdb: bool,
}

impl Request for GetNexthops {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_GETNEXTHOP
    }
    fn write(&self, out: &mut Writer) {
        let mut out = NexthopWriter::new(
            out,
            &NhMsg {
                family: self.family.0,
                ..NhMsg::default()
            },
        );
        if let Some(ifindex) = self.oif {
            out.oif(ifindex);
        }
        if self.groups {
            out.groups(());
        }
        if let Some(ifindex) = self.master {
            out.master(ifindex);
        }
        if self.fdb {
            out.fdb(());
        }
    }
}

impl DumpRequest for GetNexthops {
    type Reply = NexthopView<'static>;
    const REPLY_TYPE: u16 = RTM_NEWNEXTHOP;
}
