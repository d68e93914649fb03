//! As much of rtnetlink as the tests of the core need; the real one is the crate `nl-route`.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

use std::net::Ipv4Addr;
use std::path::Path;

use nl_core::kind::{self, Bytes, Ip, Str, U32};
use nl_core::{DumpRequest, GetRequest, Message, MessageType, Protocol, Request, Table, Writer};
use zerocopy::native_endian::{I32, U16, U32 as U32Field};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// `struct ifinfomsg`.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct IfInfoMsg {
    pub family: u8,
    pub pad: u8,
    pub device_type: U16,
    pub ifindex: I32,
    pub flags: U32Field,
    pub change: U32Field,
}

nl_core::attrs! {
    /// `IFLA_*`, a few.
    pub table LINK_ATTRS: IfInfoMsg, view LinkView, writer LinkWriter;
    values {
        /// Device name.
        IFLA_IFNAME = 3, name: Str;
        /// In bytes.
        IFLA_MTU = 4, mtu: U32;
        /// What to tell of the device.
        IFLA_EXT_MASK = 29, ext_mask: U32;
        /// Receive queues.
        IFLA_PROMISCUITY = 30, promiscuity: U32;
        /// Carrier changes.
        IFLA_CARRIER_CHANGES = 35, carrier_changes: U32;
    }
    nests {
        /// Driver.
        IFLA_LINKINFO = 18, link_info: InfoView, InfoWriter, INFO_ATTRS;
    }
}

nl_core::attrs! {
    /// `IFLA_INFO_*`.
    pub table INFO_ATTRS: (), view InfoView, writer InfoWriter;
    values {
        /// Driver name.
        IFLA_INFO_KIND = 1, driver: Str;
    }
    chosen {
        /// Driver settings.
        IFLA_INFO_DATA = 2, data: by IFLA_INFO_KIND, driver_table;
    }
}

nl_core::attrs! {
    /// `IFLA_VXLAN_*`, one.
    pub table VXLAN_ATTRS: (), view VxlanView, writer VxlanWriter;
    values {
        /// Network identifier.
        IFLA_VXLAN_ID = 1, id: U32;
    }
}

fn driver_table(name: &[u8]) -> Option<&'static Table> {
    (name == b"vxlan\0").then_some(&VXLAN_ATTRS)
}

nl_core::attrs! {
    /// Attributes of nothing in particular, behind a header of 4 bytes.
    pub table NETDEV_ATTRS: [u8; 4], view NetdevView, writer NetdevWriter;
    values {
        /// Which device.
        NETDEV_A_DEV_IFINDEX = 1, ifindex: U32;
        /// Unused.
        NETDEV_A_DEV_PAD = 2, pad: Bytes;
    }
}

pub static NEWLINK: MessageType = MessageType {
    number: 16,
    name: "RTM_NEWLINK",
    table: &LINK_ATTRS,
};
pub static NETDEV: MessageType = MessageType {
    number: 20,
    name: "NETDEV_CMD_DEV_GET",
    table: &NETDEV_ATTRS,
};

#[derive(Debug)]
pub enum Route {}

impl Protocol for Route {
    const NUMBER: i32 = 0;
    const NAME: &'static str = "rtnetlink";
    const STRICT: bool = true;
    fn message_types() -> &'static [MessageType] {
        static TYPES: [MessageType; 6] = [
            MessageType {
                number: 16,
                name: "RTM_NEWLINK",
                table: &LINK_ATTRS,
            },
            MessageType {
                number: 17,
                name: "RTM_DELLINK",
                table: &LINK_ATTRS,
            },
            MessageType {
                number: 18,
                name: "RTM_GETLINK",
                table: &LINK_ATTRS,
            },
            MessageType {
                number: 24,
                name: "RTM_NEWROUTE",
                table: &ROUTE_ATTRS,
            },
            MessageType {
                number: 25,
                name: "RTM_DELROUTE",
                table: &ROUTE_ATTRS,
            },
            MessageType {
                number: 26,
                name: "RTM_GETROUTE",
                table: &ROUTE_ATTRS,
            },
        ];
        &TYPES
    }
}

/// Lists all links.
pub struct GetLinks;

impl Request for GetLinks {
    type Protocol = Route;
    fn message_type(&self) -> u16 {
        18
    }
    fn write(&self, out: &mut Writer) {
        LinkWriter::new(out, &IfInfoMsg::default());
    }
}

impl DumpRequest for GetLinks {
    type Reply = LinkView<'static>;
    const REPLY_TYPE: u16 = 16;
}

/// Asks for one link.
pub struct GetLink<'a>(pub &'a str);

impl Request for GetLink<'_> {
    type Protocol = Route;
    fn message_type(&self) -> u16 {
        18
    }
    fn write(&self, out: &mut Writer) {
        LinkWriter::new(out, &IfInfoMsg::default()).name(self.0);
    }
}

impl GetRequest for GetLink<'_> {
    type Reply = LinkView<'static>;
    const REPLY_TYPE: u16 = 16;
}

/// Makes a bridge.
#[derive(Clone, Debug)]
pub struct NewBridge(pub String);

impl Request for NewBridge {
    type Protocol = Route;
    fn message_type(&self) -> u16 {
        16
    }
    fn flags(&self) -> u16 {
        nl_core::header::NLM_F_CREATE | nl_core::header::NLM_F_EXCL
    }
    fn write(&self, out: &mut Writer) {
        LinkWriter::new(out, &IfInfoMsg::default())
            .name(&self.0)
            .link_info(|info| {
                info.driver("bridge");
            });
    }
}

/// Sets a link's MTU.
#[derive(Clone, Debug)]
pub struct SetMtu {
    pub ifindex: i32,
    pub mtu: u32,
}

impl Request for SetMtu {
    type Protocol = Route;
    fn message_type(&self) -> u16 {
        16
    }
    fn write(&self, out: &mut Writer) {
        let header = IfInfoMsg {
            ifindex: self.ifindex.into(),
            ..IfInfoMsg::default()
        };
        LinkWriter::new(out, &header).mtu(self.mtu);
    }
}

/// `struct rtmsg`.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RtMsg {
    pub family: u8,
    pub dst_len: u8,
    pub src_len: u8,
    pub tos: u8,
    pub table: u8,
    pub protocol: u8,
    pub scope: u8,
    pub route_type: u8,
    pub flags: U32Field,
}

nl_core::attrs! {
    /// `RTA_*`, a few.
    pub table ROUTE_ATTRS: RtMsg, view RouteView, writer RouteWriter;
    values {
        /// Destination.
        RTA_DST = 1, dst: Ip;
        /// Output device.
        RTA_OIF = 4, oif: U32;
        /// Next hop.
        RTA_GATEWAY = 5, gateway: Ip;
        /// Metric.
        RTA_PRIORITY = 6, priority: U32;
        /// Table.
        RTA_TABLE = 15, route_table: U32;
    }
}

/// Adds a blackhole route, which needs no device.
#[derive(Clone, Copy, Debug)]
pub struct NewRoute(pub Ipv4Addr);

impl NewRoute {
    pub fn numbered(i: u32) -> Self {
        Self(Ipv4Addr::from(0x0a00_0000 + i))
    }
}

impl Request for NewRoute {
    type Protocol = Route;
    fn message_type(&self) -> u16 {
        24
    }
    fn flags(&self) -> u16 {
        nl_core::header::NLM_F_CREATE | nl_core::header::NLM_F_EXCL
    }
    fn write(&self, out: &mut Writer) {
        let header = RtMsg {
            family: 2,
            dst_len: 32,
            table: 254,
            protocol: 4,
            route_type: 6,
            ..RtMsg::default()
        };
        RouteWriter::new(out, &header)
            .dst(self.0.into())
            .route_table(254);
    }
}

/// Deletes such a route.
#[derive(Clone, Copy, Debug)]
pub struct DelRoute(pub Ipv4Addr);

impl Request for DelRoute {
    type Protocol = Route;
    fn message_type(&self) -> u16 {
        25
    }
    fn write(&self, out: &mut Writer) {
        NewRoute(self.0).write(out);
    }
}

/// Lists IPv4 routes.
pub struct GetRoutes;

impl Request for GetRoutes {
    type Protocol = Route;
    fn message_type(&self) -> u16 {
        26
    }
    fn write(&self, out: &mut Writer) {
        let header = RtMsg {
            family: 2,
            ..RtMsg::default()
        };
        RouteWriter::new(out, &header).route_table(254);
    }
}

impl DumpRequest for GetRoutes {
    type Reply = RouteView<'static>;
    const REPLY_TYPE: u16 = 24;
}

/// Gives a network namespace a number (`RTM_NEWNSID`).
pub struct SetNsid<'a>(pub &'a std::fs::File, pub i32);

impl Request for SetNsid<'_> {
    type Protocol = Route;
    fn message_type(&self) -> u16 {
        88
    }
    fn write(&self, out: &mut Writer) {
        use std::os::fd::AsRawFd;
        out.header(&[0u8; 4]);
        out.attr::<kind::I32>(1, self.1);
        out.attr::<kind::I32>(3, self.0.as_raw_fd());
    }
}

/// A request, asking for the resulting object.
pub struct Echo<R>(pub R);

impl<R: Request> Request for Echo<R> {
    type Protocol = R::Protocol;
    fn message_type(&self) -> u16 {
        self.0.message_type()
    }
    fn flags(&self) -> u16 {
        self.0.flags() | nl_core::header::NLM_F_ECHO
    }
    fn write(&self, out: &mut Writer) {
        self.0.write(out);
    }
}

/// A request about no link at all, of some length, which the kernel refuses with `ENODEV`.
#[derive(Clone, Copy, Debug)]
pub struct Long(pub usize);

impl Request for Long {
    type Protocol = Route;
    fn message_type(&self) -> u16 {
        16
    }
    fn write(&self, out: &mut Writer) {
        let header = IfInfoMsg {
            ifindex: 4242.into(),
            ..IfInfoMsg::default()
        };
        let mut link = LinkWriter::new(out, &header);
        for left in (0..self.0).step_by(60_000) {
            link.raw(999, &vec![0; (self.0 - left).min(60_000)]);
        }
    }
}

/// The bytes of `tests/vectors/NAME.hex`: hex digits, `#` starts a comment.
pub fn vector(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/vectors")
        .join(format!("{name}.hex"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let digits: String = text
        .lines()
        .flat_map(|line| line.split('#').next().unwrap().chars())
        .filter(|c| !c.is_whitespace())
        .collect();
    (0..digits.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&digits[i..i + 2], 16).unwrap())
        .collect()
}

/// The only message of a vector.
pub fn message(bytes: &[u8]) -> Message<'_> {
    let (message, rest) = Message::split(bytes).unwrap();
    assert!(rest.is_empty());
    message
}
