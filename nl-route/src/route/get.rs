//! [`GetRoutes`], [`GetRoute`]: routes listed, and the one that a packet would take.

use std::net::IpAddr;

use nl_core::{DumpRequest, GetRequest, Request, Writer};

use super::{RouteFlags, RouteProtocol, RouteTable, RouteType, RouteView, RouteWriter, RtMsg};
use crate::prefix::Prefix;
use crate::protocol::{RTM_GETROUTE, RTM_NEWROUTE, Route};
use crate::value::Family;

/// Lists routes, as `ip route show`.
///
/// The kernel filters, all that is said must fit; a table that does not exist is `ENOENT`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct GetRoutes {
    /// Of this family; [`Family::UNSPEC`] for all.
    pub family: Family,
    /// In this table; all tables by default.
    pub table: Option<RouteTable>,
    /// By the link with this index.
    pub oif: Option<i32>,
    /// Made by this protocol.
    pub protocol: Option<RouteProtocol>,
    /// Of this type.
    pub route_type: Option<RouteType>,
    /// The cached routes and exceptions, instead of those in the tables.
    pub cloned: bool,
}

impl GetRoutes {
    /// All routes of a family, in all tables.
    #[must_use]
    pub fn new(family: Family) -> Self {
        Self {
            family,
            ..Self::default()
        }
    }

    /// All IPv4 routes, in all tables.
    #[must_use]
    pub fn ipv4() -> Self {
        Self::new(Family::INET)
    }

    /// All IPv6 routes, in all tables.
    #[must_use]
    pub fn ipv6() -> Self {
        Self::new(Family::INET6)
    }

    /// Only those in this table.
    #[must_use]
    pub fn table(mut self, table: RouteTable) -> Self {
        self.table = Some(table);
        self
    }

    /// Only those by the link with this index.
    #[must_use]
    pub fn oif(mut self, ifindex: i32) -> Self {
        self.oif = Some(ifindex);
        self
    }

    /// Only those made by this protocol.
    #[must_use]
    pub fn protocol(mut self, protocol: RouteProtocol) -> Self {
        self.protocol = Some(protocol);
        self
    }

    /// Only those of this type.
    #[must_use]
    pub fn route_type(mut self, route_type: RouteType) -> Self {
        self.route_type = Some(route_type);
        self
    }

    /// The cached routes and exceptions, instead of those in the tables.
    #[must_use]
    pub fn cloned(mut self) -> Self {
        self.cloned = true;
        self
    }
}

impl Request for GetRoutes {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_GETROUTE
    }
    fn write(&self, out: &mut Writer) {
        let flags = if self.cloned {
            RouteFlags::CLONED
        } else {
            RouteFlags::empty()
        };
        let mut out = RouteWriter::new(
            out,
            &RtMsg {
                family: self.family.0,
                protocol: self.protocol.unwrap_or_default().0,
                route_type: self.route_type.unwrap_or_default().0,
                flags: flags.bits().into(),
                ..RtMsg::default()
            },
        );
        if let Some(table) = self.table {
            out.table_attr(table.0);
        }
        if let Some(ifindex) = self.oif {
            out.oif(ifindex);
        }
    }
}

impl DumpRequest for GetRoutes {
    type Reply = RouteView<'static>;
    const REPLY_TYPE: u16 = RTM_NEWROUTE;
}

/// Asks which way a packet would go, as `ip route get ADDRESS …`.
///
/// # Errors
///
/// `ENETUNREACH` if there is no route, what the route says (`EHOSTUNREACH`, `EACCES`, `EINVAL`) if it is one that
/// refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the setters of the same names say it")]
pub struct GetRoute {
    pub dst: Prefix,
    pub src: Option<Prefix>,
    pub iif: Option<i32>,
    pub oif: Option<i32>,
    pub mark: Option<u32>,
    pub uid: Option<u32>,
    pub tos: u8,
    pub ip_proto: Option<u8>,
    pub sport: Option<u16>,
    pub dport: Option<u16>,
    pub flowlabel: Option<u32>,
    pub fib_match: bool,
}

impl GetRoute {
    /// To this address.
    #[must_use]
    pub fn new(dst: IpAddr) -> Self {
        Self {
            dst: Prefix::host(dst),
            src: None,
            iif: None,
            oif: None,
            mark: None,
            uid: None,
            tos: 0,
            ip_proto: None,
            sport: None,
            dport: None,
            flowlabel: None,
            fib_match: false,
        }
    }

    /// From this address: `from`.
    #[must_use]
    pub fn src(mut self, src: IpAddr) -> Self {
        self.src = Some(Prefix::host(src));
        self
    }

    /// Coming in by the link with this index, to be forwarded: `iif`.
    #[must_use]
    pub fn iif(mut self, ifindex: i32) -> Self {
        self.iif = Some(ifindex);
        self
    }

    /// Bound to the link with this index: `oif`.
    #[must_use]
    pub fn oif(mut self, ifindex: i32) -> Self {
        self.oif = Some(ifindex);
        self
    }

    /// With this packet mark: `mark`.
    #[must_use]
    pub fn mark(mut self, mark: u32) -> Self {
        self.mark = Some(mark);
        self
    }

    /// Of this user: `uid`.
    #[must_use]
    pub fn uid(mut self, uid: u32) -> Self {
        self.uid = Some(uid);
        self
    }

    /// With this type of service: `tos`.
    #[must_use]
    pub fn tos(mut self, tos: u8) -> Self {
        self.tos = tos;
        self
    }

    /// With this IP protocol: `ipproto`.
    #[must_use]
    pub fn ip_proto(mut self, number: u8) -> Self {
        self.ip_proto = Some(number);
        self
    }

    /// With this source port: `sport`.
    #[must_use]
    pub fn sport(mut self, port: u16) -> Self {
        self.sport = Some(port);
        self
    }

    /// With this destination port: `dport`.
    #[must_use]
    pub fn dport(mut self, port: u16) -> Self {
        self.dport = Some(port);
        self
    }

    /// With this IPv6 flow label: `flowlabel` (kernel 6.14).
    #[must_use]
    pub fn flowlabel(mut self, label: u32) -> Self {
        self.flowlabel = Some(label);
        self
    }

    /// Answer with the entry of the table, not with a route made from it: `fibmatch`.
    #[must_use]
    pub fn fib_match(mut self) -> Self {
        self.fib_match = true;
        self
    }
}

impl Request for GetRoute {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_GETROUTE
    }
    fn write(&self, out: &mut Writer) {
        let mut flags = RouteFlags::empty();
        flags.set(RouteFlags::LOOKUP_TABLE, self.dst.addr.is_ipv4());
        flags.set(RouteFlags::FIB_MATCH, self.fib_match);
        let mut out = RouteWriter::new(
            out,
            &RtMsg {
                family: self.dst.family().0,
                dst_len: self.dst.len,
                src_len: self.src.map_or(0, |src| src.len),
                tos: self.tos,
                flags: flags.bits().into(),
                ..RtMsg::default()
            },
        );
        out.dst_addr(self.dst.addr);
        if let Some(src) = self.src {
            out.src_addr(src.addr);
        }
        if let Some(uid) = self.uid {
            out.uid(uid);
        }
        if let Some(number) = self.ip_proto {
            out.ip_proto(number);
        }
        if let Some(port) = self.sport {
            out.sport(port);
        }
        if let Some(port) = self.dport {
            out.dport(port);
        }
        if let Some(label) = self.flowlabel {
            out.flowlabel(label);
        }
        if let Some(ifindex) = self.iif {
            out.iif(ifindex);
        }
        if let Some(ifindex) = self.oif {
            out.oif(ifindex);
        }
        if let Some(mark) = self.mark {
            out.mark(mark);
        }
    }
}

impl GetRequest for GetRoute {
    type Reply = RouteView<'static>;
    const REPLY_TYPE: u16 = RTM_NEWROUTE;
}
