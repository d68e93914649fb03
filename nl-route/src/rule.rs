//! Policy routing rules: `RTM_*RULE`.
//!
//! ```text
//! struct fib_rule_hdr
//! +------------+------------+------------+------------+
//! | family     | dst len    | src len    | tos        |
//! +------------+------------+------------+------------+
//! | table      | 0          | 0          | action     |
//! +------------+------------+------------+------------+
//! | flags                                             |
//! +---------------------------------------------------+
//! ```

use std::ops::RangeInclusive;

use bitflags::bitflags;
use nl_core::kind::{Be32, Be64, Bytes, Ip, Str, Struct, U8, U16, U32};
use nl_core::{DumpRequest, MessageType, Owned, Request, Writer};
use zerocopy::native_endian::{U16 as Ne16, U32 as Ne32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::prefix::Prefix;
use crate::protocol::{RTM_DELRULE, RTM_GETRULE, RTM_NEWRULE, Route};
use crate::route::{RouteProtocol, RouteTable};
use crate::value::{Family, Mode, values};

pub(crate) const MESSAGES: &[MessageType] = &[
    MessageType {
        number: RTM_NEWRULE,
        name: "RTM_NEWRULE",
        table: &RULE_ATTRS,
    },
    MessageType {
        number: RTM_DELRULE,
        name: "RTM_DELRULE",
        table: &RULE_ATTRS,
    },
    MessageType {
        number: RTM_GETRULE,
        name: "RTM_GETRULE",
        table: &RULE_ATTRS,
    },
];

/// `struct fib_rule_hdr`, the fixed header of `RTM_*RULE`. Source: include/uapi/linux/fib_rules.h.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct FibRuleHdr {
    /// Address family.
    pub family: u8,
    /// Prefix length of the destination.
    pub dst_len: u8,
    /// Prefix length of the source.
    pub src_len: u8,
    /// Type of service.
    pub tos: u8,
    /// Table, if it fits; `FRA_TABLE` says it in any case.
    pub table: u8,
    /// Zero.
    pub res1: u8,
    /// Zero.
    pub res2: u8,
    /// `FR_ACT_*`.
    pub action: u8,
    /// `FIB_RULE_*`.
    pub flags: Ne32,
}

const _: () = assert!(size_of::<FibRuleHdr>() == 12);

/// `struct fib_rule_uid_range`: users, both ends included. Source: include/uapi/linux/fib_rules.h.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct FibRuleUidRange {
    /// The first.
    pub start: Ne32,
    /// The last.
    pub end: Ne32,
}

/// `struct fib_rule_port_range`: ports in host order, both ends included. Source: include/uapi/linux/fib_rules.h.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct FibRulePortRange {
    /// The first.
    pub start: Ne16,
    /// The last.
    pub end: Ne16,
}

const _: () = assert!(size_of::<FibRuleUidRange>() == 8);
const _: () = assert!(size_of::<FibRulePortRange>() == 4);

nl_core::attrs! {
    /// `FRA_*`: attributes of `RTM_*RULE`. Source: include/uapi/linux/fib_rules.h.
    pub table RULE_ATTRS: FibRuleHdr, view RuleView, writer RuleWriter;
    values {
        /// Destination. [`RuleView::dst`] has the prefix length too.
        FRA_DST = 1, dst_addr: Ip;
        /// Source. [`RuleView::src`] has the prefix length too.
        FRA_SRC = 2, src_addr: Ip;
        /// Name of the link that packets come in by.
        FRA_IIFNAME = 3, iifname: Str;
        /// Priority of the rule to jump to.
        FRA_GOTO = 4, goto: U32;
        /// Priority: the smallest is looked at first.
        FRA_PRIORITY = 6, priority: U32;
        /// Packet mark.
        FRA_FWMARK = 10, fwmark: U32;
        /// Realms: source in the upper, destination in the lower 16 bits.
        FRA_FLOW = 11, flow: U32;
        /// Tunnel key.
        FRA_TUN_ID = 12, tun_id: Be64;
        /// Group of links that the result must not go by; all ones for none.
        FRA_SUPPRESS_IFGROUP = 13, suppress_ifgroup: U32;
        /// Prefix length that the result must be longer than; all ones for none.
        FRA_SUPPRESS_PREFIXLEN = 14, suppress_prefixlen: U32;
        /// Table, all 32 bits. [`RuleView::table`] knows where to look.
        FRA_TABLE = 15, table_attr: U32;
        /// Which bits of the packet mark count.
        FRA_FWMASK = 16, fwmask: U32;
        /// Name of the link that packets are bound to.
        FRA_OIFNAME = 17, oifname: Str;
        /// Padding.
        FRA_PAD = 18, pad: Bytes;
        /// Goes to the table of the VRF.
        FRA_L3MDEV = 19, l3mdev: U8;
        /// Users whose packets are meant.
        FRA_UID_RANGE = 20, uid_range: Struct<FibRuleUidRange>;
        /// Who made it, `RTPROT_*`.
        FRA_PROTOCOL = 21, proto: U8;
        /// IP protocol.
        FRA_IP_PROTO = 22, ip_proto: U8;
        /// Source ports.
        FRA_SPORT_RANGE = 23, sport_range: Struct<FibRulePortRange>;
        /// Destination ports.
        FRA_DPORT_RANGE = 24, dport_range: Struct<FibRulePortRange>;
        /// DSCP: 6 bits (kernel 6.13).
        FRA_DSCP = 25, dscp: U8;
        /// IPv6 flow label (kernel 6.14).
        FRA_FLOWLABEL = 26, flowlabel: Be32;
        /// Which bits of the flow label count (kernel 6.14).
        FRA_FLOWLABEL_MASK = 27, flowlabel_mask: Be32;
        /// Which bits of the source port count (kernel 6.15).
        FRA_SPORT_MASK = 28, sport_mask: U16;
        /// Which bits of the destination port count (kernel 6.15).
        FRA_DPORT_MASK = 29, dport_mask: U16;
        /// Which bits of the DSCP count (kernel 6.15).
        FRA_DSCP_MASK = 30, dscp_mask: U8;
    }
}

/// A rule, owned.
pub type Rule = Owned<RuleView<'static>>;

values! {
    /// What a rule does, `FR_ACT_*`. Source: include/uapi/linux/fib_rules.h.
    pub struct RuleAction(u8);
    /// Not said; in a delete request: any.
    UNSPEC = 0, "unspec";
    /// Looks the packet up in a table.
    TO_TABLE = 1, "lookup";
    /// Jumps to another rule.
    GOTO = 2, "goto";
    /// Nothing; a place to jump to.
    NOP = 3, "nop";
    /// Drops it without a word.
    BLACKHOLE = 6, "blackhole";
    /// Drops it: "network unreachable".
    UNREACHABLE = 7, "unreachable";
    /// Drops it: "administratively prohibited".
    PROHIBIT = 8, "prohibit";
}

bitflags! {
    /// `FIB_RULE_*`: properties of a rule. Source: include/uapi/linux/fib_rules.h.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct RuleFlags: u32 {
        /// Cannot be deleted.
        const PERMANENT = 0x01;
        /// Applies to packets that do not fit: `not`.
        const INVERT = 0x02;
        /// The rule to jump to is not there.
        const UNRESOLVED = 0x04;
        /// The incoming link is not there.
        const IIF_DETACHED = 0x08;
        /// The outgoing link is not there.
        const OIF_DETACHED = 0x10;
        /// Looks for a source address.
        const FIND_SADDR = 0x1_0000;
        const _ = !0;
    }
}

impl RuleView<'_> {
    /// Address family.
    #[must_use]
    pub fn family(&self) -> Family {
        Family(self.header().family)
    }

    /// Destination, if one is compared.
    #[must_use]
    pub fn dst(&self) -> Option<Prefix> {
        Some(Prefix::new(self.dst_addr()?, self.header().dst_len))
    }

    /// Source, if one is compared.
    #[must_use]
    pub fn src(&self) -> Option<Prefix> {
        Some(Prefix::new(self.src_addr()?, self.header().src_len))
    }

    /// Type of service; 0 for any.
    #[must_use]
    pub fn tos(&self) -> u8 {
        self.header().tos
    }

    /// The table that is looked up.
    #[must_use]
    pub fn table(&self) -> RouteTable {
        RouteTable(self.table_attr().unwrap_or(self.header().table.into()))
    }

    /// What it does.
    #[must_use]
    pub fn action(&self) -> RuleAction {
        RuleAction(self.header().action)
    }

    /// Its flags.
    #[must_use]
    pub fn flags(&self) -> RuleFlags {
        RuleFlags::from_bits_retain(self.header().flags.get())
    }

    /// Who made it.
    #[must_use]
    pub fn protocol(&self) -> Option<RouteProtocol> {
        self.proto().map(RouteProtocol)
    }
}

/// Makes a policy routing rule, as `ip rule add …`.
///
/// Without an action or a table it looks up the table `main`, as `ip` does. The kernel has no replace; a second rule of
/// the same kind is `EEXIST` with [`Mode::Add`] and made with [`Mode::Prepend`].
///
/// # Errors
///
/// `EEXIST` if it is there, `EINVAL` for what the family does not know, `EAFNOSUPPORT` for a family without rules.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the setters of the same names say it")]
pub struct NewRule {
    pub mode: Mode,
    pub family: Family,
    pub src: Option<Prefix>,
    pub dst: Option<Prefix>,
    pub tos: u8,
    pub action: Option<RuleAction>,
    pub table: Option<RouteTable>,
    pub flags: RuleFlags,
    pub goto: Option<u32>,
    pub l3mdev: bool,
    pub tun_id: Option<u64>,
    pub flow: Option<u32>,
    pub suppress_prefixlen: Option<u32>,
    pub suppress_ifgroup: Option<u32>,
    pub priority: Option<u32>,
    pub fwmark: Option<u32>,
    pub fwmask: Option<u32>,
    pub iifname: Option<String>,
    pub oifname: Option<String>,
    pub uids: Option<(u32, u32)>,
    pub ip_proto: Option<u8>,
    pub sports: Option<(u16, u16)>,
    pub dports: Option<(u16, u16)>,
    pub dscp: Option<u8>,
    pub protocol: Option<RouteProtocol>,
}

impl NewRule {
    /// A rule for all packets of a family.
    #[must_use]
    pub fn new(family: Family) -> Self {
        Self {
            mode: Mode::Add,
            family,
            src: None,
            dst: None,
            tos: 0,
            action: None,
            table: None,
            flags: RuleFlags::empty(),
            goto: None,
            l3mdev: false,
            tun_id: None,
            flow: None,
            suppress_prefixlen: None,
            suppress_ifgroup: None,
            priority: None,
            fwmark: None,
            fwmask: None,
            iifname: None,
            oifname: None,
            uids: None,
            ip_proto: None,
            sports: None,
            dports: None,
            dscp: None,
            protocol: None,
        }
    }

    /// What to do if it is there.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// From these addresses: `from`.
    #[must_use]
    pub fn src(mut self, src: Prefix) -> Self {
        self.src = Some(src);
        self
    }

    /// To these addresses: `to`.
    #[must_use]
    pub fn dst(mut self, dst: Prefix) -> Self {
        self.dst = Some(dst);
        self
    }

    /// With this type of service: `tos`, `dsfield`.
    #[must_use]
    pub fn tos(mut self, tos: u8) -> Self {
        self.tos = tos;
        self
    }

    /// Looks up this table: `table`, `lookup`.
    #[must_use]
    pub fn table(mut self, table: RouteTable) -> Self {
        self.table = Some(table);
        self
    }

    /// Does this instead of a lookup: `blackhole`, `prohibit`, `unreachable`, `nop`.
    #[must_use]
    pub fn action(mut self, action: RuleAction) -> Self {
        self.action = Some(action);
        self
    }

    /// Jumps to the rule with this priority: `goto`.
    #[must_use]
    pub fn goto(mut self, priority: u32) -> Self {
        self.goto = Some(priority);
        self.action = Some(RuleAction::GOTO);
        self
    }

    /// For packets that do not fit: `not`.
    #[must_use]
    pub fn invert(mut self) -> Self {
        self.flags |= RuleFlags::INVERT;
        self
    }

    /// Looks up the table of the packet's VRF: `l3mdev`.
    #[must_use]
    pub fn l3mdev(mut self) -> Self {
        self.l3mdev = true;
        self
    }

    /// With this tunnel key: `tun_id`.
    #[must_use]
    pub fn tun_id(mut self, id: u64) -> Self {
        self.tun_id = Some(id);
        self
    }

    /// Realms of what fits: `realms`.
    #[must_use]
    pub fn flow(mut self, realms: u32) -> Self {
        self.flow = Some(realms);
        self
    }

    /// Goes on if the result's prefix is not longer than this: `suppress_prefixlength`.
    #[must_use]
    pub fn suppress_prefixlen(mut self, len: u32) -> Self {
        self.suppress_prefixlen = Some(len);
        self
    }

    /// Goes on if the result goes by a link of this group: `suppress_ifgroup`.
    #[must_use]
    pub fn suppress_ifgroup(mut self, group: u32) -> Self {
        self.suppress_ifgroup = Some(group);
        self
    }

    /// Its place: `priority`, `preference`, `order`. The kernel chooses one before `main` if none is said.
    #[must_use]
    pub fn priority(mut self, priority: u32) -> Self {
        self.priority = Some(priority);
        self
    }

    /// With this packet mark: `fwmark`.
    #[must_use]
    pub fn fwmark(mut self, mark: u32) -> Self {
        self.fwmark = Some(mark);
        self
    }

    /// Which bits of the packet mark count: `fwmark MARK/MASK`.
    #[must_use]
    pub fn fwmask(mut self, mask: u32) -> Self {
        self.fwmask = Some(mask);
        self
    }

    /// Coming in by the link of this name: `iif`.
    #[must_use]
    pub fn iifname(mut self, name: impl Into<String>) -> Self {
        self.iifname = Some(name.into());
        self
    }

    /// Bound to the link of this name: `oif`.
    #[must_use]
    pub fn oifname(mut self, name: impl Into<String>) -> Self {
        self.oifname = Some(name.into());
        self
    }

    /// Of these users: `uidrange`.
    #[must_use]
    pub fn uids(mut self, range: RangeInclusive<u32>) -> Self {
        self.uids = Some(range.into_inner());
        self
    }

    /// With this IP protocol: `ipproto`.
    #[must_use]
    pub fn ip_proto(mut self, number: u8) -> Self {
        self.ip_proto = Some(number);
        self
    }

    /// With these source ports: `sport`.
    #[must_use]
    pub fn sports(mut self, range: RangeInclusive<u16>) -> Self {
        self.sports = Some(range.into_inner());
        self
    }

    /// With these destination ports: `dport`.
    #[must_use]
    pub fn dports(mut self, range: RangeInclusive<u16>) -> Self {
        self.dports = Some(range.into_inner());
        self
    }

    /// With this DSCP, 6 bits: `dscp` (kernel 6.13).
    #[must_use]
    pub fn dscp(mut self, dscp: u8) -> Self {
        self.dscp = Some(dscp);
        self
    }

    /// Who makes it: `protocol`.
    #[must_use]
    pub fn protocol(mut self, protocol: RouteProtocol) -> Self {
        self.protocol = Some(protocol);
        self
    }

    fn write_with(&self, out: &mut Writer, action: RuleAction, table: RouteTable) {
        let mut out = RuleWriter::new(
            out,
            &FibRuleHdr {
                family: self.family.0,
                dst_len: self.dst.map_or(0, |dst| dst.len),
                src_len: self.src.map_or(0, |src| src.len),
                tos: self.tos,
                table: table.header(),
                action: action.0,
                flags: self.flags.bits().into(),
                ..FibRuleHdr::default()
            },
        );
        if let Some(src) = self.src {
            out.src_addr(src.addr);
        }
        if let Some(dst) = self.dst {
            out.dst_addr(dst.addr);
        }
        if self.l3mdev {
            out.l3mdev(1);
        }
        if let Some(id) = self.tun_id {
            out.tun_id(id);
        }
        let numbers = [
            (FRA_TABLE, table.attr()),
            (FRA_GOTO, self.goto),
            (FRA_FLOW, self.flow),
            (FRA_SUPPRESS_PREFIXLEN, self.suppress_prefixlen),
            (FRA_SUPPRESS_IFGROUP, self.suppress_ifgroup),
            (FRA_PRIORITY, self.priority),
            (FRA_FWMARK, self.fwmark),
            (FRA_FWMASK, self.fwmask),
        ];
        for (number, value) in numbers {
            if let Some(value) = value {
                out.raw(number, &value.to_ne_bytes());
            }
        }
        if let Some(name) = &self.iifname {
            out.iifname(name);
        }
        if let Some(name) = &self.oifname {
            out.oifname(name);
        }
        if let Some((start, end)) = self.uids {
            out.uid_range(&FibRuleUidRange {
                start: start.into(),
                end: end.into(),
            });
        }
        if let Some(number) = self.ip_proto {
            out.ip_proto(number);
        }
        if let Some(range) = self.sports {
            out.sport_range(&port_range(range));
        }
        if let Some(range) = self.dports {
            out.dport_range(&port_range(range));
        }
        if let Some(dscp) = self.dscp {
            out.dscp(dscp);
        }
        if let Some(protocol) = self.protocol {
            out.proto(protocol.0);
        }
    }
}

fn port_range((start, end): (u16, u16)) -> FibRulePortRange {
    FibRulePortRange {
        start: start.into(),
        end: end.into(),
    }
}

impl Request for NewRule {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_NEWRULE
    }
    fn flags(&self) -> u16 {
        self.mode.flags()
    }
    fn write(&self, out: &mut Writer) {
        let action = self.action.unwrap_or(RuleAction::TO_TABLE);
        let table = match self.table {
            Some(table) => table,
            None if action == RuleAction::TO_TABLE && !self.l3mdev => RouteTable::MAIN,
            None => RouteTable::UNSPEC,
        };
        self.write_with(out, action, table);
    }
}

/// Deletes a rule, as `ip rule del …`: the first that fits what is said.
///
/// # Errors
///
/// `ENOENT` if no rule fits; `EPERM` for one that is permanent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DelRule(pub NewRule);

impl DelRule {
    /// The first rule of a family; [`DelRule::from`] a [`NewRule`] says more.
    #[must_use]
    pub fn new(family: Family) -> Self {
        Self(NewRule::new(family))
    }
}

impl From<NewRule> for DelRule {
    fn from(rule: NewRule) -> Self {
        Self(rule)
    }
}

impl Request for DelRule {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_DELRULE
    }
    fn write(&self, out: &mut Writer) {
        let rule = &self.0;
        rule.write_with(
            out,
            rule.action.unwrap_or_default(),
            rule.table.unwrap_or_default(),
        );
    }
}

/// Lists rules by priority, as `ip rule show`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct GetRules {
    /// Of this family; [`Family::UNSPEC`] for all.
    pub family: Family,
}

impl GetRules {
    /// All rules of a family.
    #[must_use]
    pub fn new(family: Family) -> Self {
        Self { family }
    }
}

impl Request for GetRules {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_GETRULE
    }
    fn write(&self, out: &mut Writer) {
        out.header(&FibRuleHdr {
            family: self.family.0,
            ..FibRuleHdr::default()
        });
    }
}

impl DumpRequest for GetRules {
    type Reply = RuleView<'static>;
    const REPLY_TYPE: u16 = RTM_NEWRULE;
}
