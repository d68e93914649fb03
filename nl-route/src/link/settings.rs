//! What can be set on a link, at its creation or later, on either end of a veth.

use std::os::fd::{AsFd, AsRawFd, RawFd};

use nl_core::kind::{I32, LinkAddr, Text, U8, U32};
use nl_core::{EncodeError, Writer};

use super::target::{NAME_MAX, write_name};
use super::*;

/// Where a link shall live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Netns {
    /// The namespace that this open file refers to; it must stay open until the request is sent.
    Fd(RawFd),
    /// The namespace of this process.
    Pid(u32),
}

/// Attributes that requests may set on a link; what is `None` is left alone.
///
/// Requests have a method for each; this is what is behind them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkSettings {
    /// Flags to set or clear, those in `change`.
    pub flags: Flags,
    /// Which flags are meant.
    pub change: Flags,
    /// Name.
    pub name: Option<String>,
    /// Link-layer address.
    pub address: Option<Vec<u8>>,
    /// Link-layer broadcast address.
    pub broadcast: Option<Vec<u8>>,
    /// Description; empty removes it.
    pub alias: Option<String>,
    /// Interface index of the master; 0 releases the link.
    pub master: Option<i32>,
    /// Where it shall live.
    pub netns: Option<Netns>,
    /// IPv6 link-local addresses: `IFLA_INET6_ADDR_GEN_MODE`.
    pub addr_gen_mode: Option<u8>,
    /// Interface index of the device below, for kinds that have one.
    pub link: Option<i32>,
    /// Namespace id in which the device below is, if another.
    pub link_netnsid: Option<i32>,
    /// Maximum transmission unit in bytes.
    pub mtu: Option<u32>,
    /// Transmit queue length in packets.
    pub txqueuelen: Option<u32>,
    /// Device group.
    pub group: Option<u32>,
    /// Transmit queues, at creation.
    pub num_tx_queues: Option<u32>,
    /// Receive queues, at creation.
    pub num_rx_queues: Option<u32>,
    /// Longest GSO packet in bytes.
    pub gso_max_size: Option<u32>,
    /// Most segments of one GSO packet.
    pub gso_max_segs: Option<u32>,
    /// Longest GRO packet in bytes.
    pub gro_max_size: Option<u32>,
    /// 0 default, 1 dormant.
    pub linkmode: Option<u8>,
    /// Operational state, [`OperState`](crate::link::OperState).
    pub operstate: Option<u8>,
    /// 1 with carrier, 0 without.
    pub carrier: Option<u8>,
    /// 1 holds the port down.
    pub proto_down: Option<u8>,
    /// Reasons that hold the port down, a bit each: which are meant, and which of them hold.
    pub proto_down_reason: Option<(u32, u32)>,
    /// Longest IPv4 GSO packet in bytes.
    pub gso_ipv4_max_size: Option<u32>,
    /// Longest IPv4 GRO packet in bytes.
    pub gro_ipv4_max_size: Option<u32>,
    /// XDP: the program's file descriptor, -1 for none, and `XDP_FLAGS_*`.
    pub xdp: Option<(RawFd, u32)>,
    /// Namespace id to act in.
    pub target_netnsid: Option<i32>,
    /// Interface index in the namespace that the link is moved to.
    pub new_ifindex: Option<i32>,
}

impl LinkSettings {
    /// Appends the attributes, the name last, as ip(8) does.
    pub(super) fn write(&self, out: &mut Writer) {
        if let Some(address) = &self.address {
            out.attr::<LinkAddr>(IFLA_ADDRESS, address);
        }
        if let Some(address) = &self.broadcast {
            out.attr::<LinkAddr>(IFLA_BROADCAST, address);
        }
        if let Some(master) = self.master {
            out.attr::<I32>(IFLA_MASTER, master);
        }
        if let Some(alias) = &self.alias {
            if alias.len() > 255 {
                out.fail(EncodeError::BadValue {
                    attr: "IFLA_IFALIAS",
                    what: "longer than 255 bytes",
                });
            }
            out.attr::<Text>(IFLA_IFALIAS, alias);
        }
        if let Some(value) = self.link {
            out.attr::<I32>(IFLA_LINK, value);
        }
        if let Some(value) = self.link_netnsid {
            out.attr::<I32>(IFLA_LINK_NETNSID, value);
        }
        if let Some(value) = self.mtu {
            out.attr::<U32>(IFLA_MTU, value);
        }
        if let Some(value) = self.txqueuelen {
            out.attr::<U32>(IFLA_TXQLEN, value);
        }
        if let Some(value) = self.group {
            out.attr::<U32>(IFLA_GROUP, value);
        }
        if let Some(value) = self.num_tx_queues {
            out.attr::<U32>(IFLA_NUM_TX_QUEUES, value);
        }
        if let Some(value) = self.num_rx_queues {
            out.attr::<U32>(IFLA_NUM_RX_QUEUES, value);
        }
        if let Some(value) = self.gso_max_size {
            out.attr::<U32>(IFLA_GSO_MAX_SIZE, value);
        }
        if let Some(value) = self.gso_max_segs {
            out.attr::<U32>(IFLA_GSO_MAX_SEGS, value);
        }
        if let Some(value) = self.gro_max_size {
            out.attr::<U32>(IFLA_GRO_MAX_SIZE, value);
        }
        if let Some(value) = self.linkmode {
            out.attr::<U8>(IFLA_LINKMODE, value);
        }
        if let Some(value) = self.operstate {
            out.attr::<U8>(IFLA_OPERSTATE, value);
        }
        if let Some(value) = self.carrier {
            out.attr::<U8>(IFLA_CARRIER, value);
        }
        if let Some(value) = self.proto_down {
            out.attr::<U8>(IFLA_PROTO_DOWN, value);
        }
        if let Some((mask, value)) = self.proto_down_reason {
            out.nest(IFLA_PROTO_DOWN_REASON, |out| {
                ProtoDownReasonWriter::new(out, &()).mask(mask).value(value);
            });
        }
        if let Some(value) = self.gso_ipv4_max_size {
            out.attr::<U32>(IFLA_GSO_IPV4_MAX_SIZE, value);
        }
        if let Some(value) = self.gro_ipv4_max_size {
            out.attr::<U32>(IFLA_GRO_IPV4_MAX_SIZE, value);
        }
        if let Some((fd, flags)) = self.xdp {
            out.nest(IFLA_XDP, |out| {
                XdpWriter::new(out, &()).fd(fd).flags(flags);
            });
        }
        if let Some(value) = self.target_netnsid {
            out.attr::<I32>(IFLA_TARGET_NETNSID, value);
        }
        if let Some(value) = self.new_ifindex {
            out.attr::<I32>(IFLA_NEW_IFINDEX, value);
        }
        match self.netns {
            Some(Netns::Fd(fd)) => out.attr::<I32>(IFLA_NET_NS_FD, fd),
            Some(Netns::Pid(pid)) => out.attr::<U32>(IFLA_NET_NS_PID, pid),
            None => {}
        }
        if let Some(mode) = self.addr_gen_mode {
            out.nest(IFLA_AF_SPEC, |out| {
                af_spec::AfSpecWriter::new(out, &()).inet6(|inet6| {
                    inet6.addr_gen_mode(mode);
                });
            });
        }
        if let Some(name) = &self.name {
            write_name(out, IFLA_IFNAME, "IFLA_IFNAME", name, NAME_MAX);
        }
    }

    /// The fixed header.
    pub(super) fn header(&self, ifindex: i32) -> IfInfoMsg {
        IfInfoMsg {
            ifindex: ifindex.into(),
            flags: self.flags.bits().into(),
            change: self.change.bits().into(),
            ..IfInfoMsg::default()
        }
    }

    /// Of these settings those that a link does not have. Queues are for making links, a namespace
    /// is never told, and what requests cannot set is not compared.
    pub(crate) fn differing(&self, link: &LinkView<'_>) -> Self {
        fn unless<T: PartialEq>(wanted: Option<T>, is: Option<T>) -> Option<T> {
            wanted.filter(|wanted| is.as_ref() != Some(wanted))
        }
        fn bytes(wanted: Option<&Vec<u8>>, is: Option<&[u8]>) -> Option<Vec<u8>> {
            wanted.filter(|wanted| is != Some(wanted)).cloned()
        }
        let change = self.change & (self.flags ^ link.flags());
        let none = |text: Option<&str>| text.unwrap_or("").to_owned();
        let has_xdp = link.xdp().and_then(|xdp| xdp.attached()).unwrap_or(0) != 0;
        let held_by = link.proto_down_reason().and_then(|reason| reason.value());
        let held_by = held_by.unwrap_or(0);
        let reasons = self
            .proto_down_reason
            .map(|(mask, value)| (mask & (value ^ held_by), value));
        let gen_mode = || link.af_spec()?.inet6()?.addr_gen_mode();
        Self {
            flags: self.flags & change,
            change,
            name: unless(self.name.clone(), link.name().map(str::to_owned)),
            address: bytes(self.address.as_ref(), link.address()),
            broadcast: bytes(self.broadcast.as_ref(), link.broadcast()),
            alias: unless(self.alias.clone(), Some(none(link.alias()))),
            master: unless(self.master, Some(link.master().unwrap_or(0))),
            netns: None,
            addr_gen_mode: unless(self.addr_gen_mode, gen_mode()),
            link: unless(self.link, link.link()),
            link_netnsid: unless(self.link_netnsid, link.link_netnsid()),
            mtu: unless(self.mtu, link.mtu()),
            txqueuelen: unless(self.txqueuelen, link.txqueuelen()),
            group: unless(self.group, link.group()),
            num_tx_queues: None,
            num_rx_queues: None,
            gso_max_size: unless(self.gso_max_size, link.gso_max_size()),
            gso_max_segs: unless(self.gso_max_segs, link.gso_max_segs()),
            gro_max_size: unless(self.gro_max_size, link.gro_max_size()),
            linkmode: unless(self.linkmode, link.linkmode()),
            operstate: unless(self.operstate, link.operstate()),
            carrier: unless(self.carrier, link.carrier()),
            proto_down: unless(self.proto_down, link.proto_down()),
            proto_down_reason: reasons.filter(|(mask, _)| *mask != 0),
            gso_ipv4_max_size: unless(self.gso_ipv4_max_size, link.gso_ipv4_max_size()),
            gro_ipv4_max_size: unless(self.gro_ipv4_max_size, link.gro_ipv4_max_size()),
            xdp: self.xdp.filter(|(fd, _)| *fd >= 0 || has_xdp),
            target_netnsid: self.target_netnsid,
            new_ifindex: self.new_ifindex,
        }
    }

    pub(super) fn flag(&mut self, flag: Flags, on: bool) {
        self.change |= flag;
        self.flags.set(flag, on);
    }
}

impl Netns {
    /// The namespace that an open file refers to.
    pub fn of(file: &impl AsFd) -> Self {
        Self::Fd(file.as_fd().as_raw_fd())
    }
}

/// The builder methods of a request that has `settings`.
macro_rules! settings_methods {
    ($Request:ty) => {
        impl $Request {
            /// Sets it up. Equivalent to `ip link set DEV up`.
            #[must_use]
            pub fn up(self) -> Self {
                self.flag(Flags::UP, true)
            }

            /// Sets it down. Equivalent to `ip link set DEV down`.
            #[must_use]
            pub fn down(self) -> Self {
                self.flag(Flags::UP, false)
            }

            /// Sets or clears flags: `NOARP`, `PROMISC`, `ALLMULTI`, `MULTICAST`, `DYNAMIC`.
            #[must_use]
            pub fn flag(mut self, flag: Flags, on: bool) -> Self {
                self.settings.flag(flag, on);
                self
            }

            /// Device name, 1 to 15 bytes. Equivalent to `name NAME`.
            #[must_use]
            pub fn name(mut self, name: impl Into<String>) -> Self {
                self.settings.name = Some(name.into());
                self
            }

            /// Link-layer address, `[u8; 6]` for Ethernet. Equivalent to `address LLADDR`.
            #[must_use]
            pub fn address(mut self, address: impl Into<Vec<u8>>) -> Self {
                self.settings.address = Some(address.into());
                self
            }

            /// Link-layer broadcast address. Equivalent to `broadcast LLADDR`.
            #[must_use]
            pub fn broadcast(mut self, address: impl Into<Vec<u8>>) -> Self {
                self.settings.broadcast = Some(address.into());
                self
            }

            /// Description for people, at most 255 bytes; empty removes it. Equivalent to `alias TEXT`.
            #[must_use]
            pub fn alias(mut self, alias: impl Into<String>) -> Self {
                self.settings.alias = Some(alias.into());
                self
            }

            /// Makes it a port of the bridge, bond or VRF with this interface index. Equivalent to `master DEV`.
            #[must_use]
            pub fn master(mut self, ifindex: i32) -> Self {
                self.settings.master = Some(ifindex);
                self
            }

            /// Releases it from its master. Equivalent to `nomaster`.
            #[must_use]
            pub fn nomaster(self) -> Self {
                self.master(0)
            }

            /// Puts it into the namespace of an open file, which must stay open until the request is
            /// sent. Equivalent to `netns NAME`.
            #[must_use]
            pub fn netns(mut self, netns: &impl std::os::fd::AsFd) -> Self {
                self.settings.netns = Some(Netns::of(netns));
                self
            }

            /// Puts it into the namespace of a process. Equivalent to `netns PID`.
            #[must_use]
            pub fn netns_pid(mut self, pid: u32) -> Self {
                self.settings.netns = Some(Netns::Pid(pid));
                self
            }

            /// How IPv6 link-local addresses are made. Equivalent to `addrgenmode MODE`.
            #[must_use]
            pub fn addr_gen_mode(mut self, mode: u8) -> Self {
                self.settings.addr_gen_mode = Some(mode);
                self
            }

            /// Interface index of the device below, for kinds that have one. Equivalent to `link DEV`.
            #[must_use]
            pub fn link(mut self, value: i32) -> Self {
                self.settings.link = Some(value);
                self
            }

            /// Namespace id in which the device below is, if another. Equivalent to `link-netnsid ID`.
            #[must_use]
            pub fn link_netnsid(mut self, value: i32) -> Self {
                self.settings.link_netnsid = Some(value);
                self
            }

            /// Maximum transmission unit in bytes. Equivalent to `mtu MTU`.
            #[must_use]
            pub fn mtu(mut self, value: u32) -> Self {
                self.settings.mtu = Some(value);
                self
            }

            /// Transmit queue length in packets. Equivalent to `txqueuelen PACKETS`.
            #[must_use]
            pub fn txqueuelen(mut self, value: u32) -> Self {
                self.settings.txqueuelen = Some(value);
                self
            }

            /// Device group. Equivalent to `group GROUP`.
            #[must_use]
            pub fn group(mut self, value: u32) -> Self {
                self.settings.group = Some(value);
                self
            }

            /// Transmit queues, at creation. Equivalent to `numtxqueues COUNT`.
            #[must_use]
            pub fn num_tx_queues(mut self, value: u32) -> Self {
                self.settings.num_tx_queues = Some(value);
                self
            }

            /// Receive queues, at creation. Equivalent to `numrxqueues COUNT`.
            #[must_use]
            pub fn num_rx_queues(mut self, value: u32) -> Self {
                self.settings.num_rx_queues = Some(value);
                self
            }

            /// Longest GSO packet in bytes. Equivalent to `gso_max_size BYTES`.
            #[must_use]
            pub fn gso_max_size(mut self, value: u32) -> Self {
                self.settings.gso_max_size = Some(value);
                self
            }

            /// Most segments of one GSO packet. Equivalent to `gso_max_segs SEGMENTS`.
            #[must_use]
            pub fn gso_max_segs(mut self, value: u32) -> Self {
                self.settings.gso_max_segs = Some(value);
                self
            }

            /// Longest GRO packet in bytes. Equivalent to `gro_max_size BYTES`.
            #[must_use]
            pub fn gro_max_size(mut self, value: u32) -> Self {
                self.settings.gro_max_size = Some(value);
                self
            }

            /// 0 default, 1 dormant. Equivalent to `mode MODE`.
            #[must_use]
            pub fn linkmode(mut self, value: u8) -> Self {
                self.settings.linkmode = Some(value);
                self
            }

            /// Operational state, [`OperState`](crate::link::OperState). Equivalent to `state STATE`.
            #[must_use]
            pub fn operstate(mut self, value: u8) -> Self {
                self.settings.operstate = Some(value);
                self
            }

            /// 1 with carrier, 0 without. Equivalent to `carrier on|off`.
            #[must_use]
            pub fn carrier(mut self, value: u8) -> Self {
                self.settings.carrier = Some(value);
                self
            }

            /// 1 holds the port down. Equivalent to `protodown on|off`.
            #[must_use]
            pub fn proto_down(mut self, value: u8) -> Self {
                self.settings.proto_down = Some(value);
                self
            }

            /// Sets or clears a reason, 0 to 31, that holds the port down; the kernel wants none
            /// before the port is released. Equivalent to `protodown_reason BIT on|off`.
            #[must_use]
            pub fn proto_down_reason(mut self, bit: u8, on: bool) -> Self {
                let (mask, value) = self.settings.proto_down_reason.unwrap_or_default();
                let bit = 1u32.checked_shl(bit.into()).unwrap_or(0);
                let value = if on { value | bit } else { value & !bit };
                self.settings.proto_down_reason = Some((mask | bit, value));
                self
            }

            /// Longest IPv4 GSO packet in bytes. Equivalent to `gso_ipv4_max_size BYTES`.
            #[must_use]
            pub fn gso_ipv4_max_size(mut self, value: u32) -> Self {
                self.settings.gso_ipv4_max_size = Some(value);
                self
            }

            /// Longest IPv4 GRO packet in bytes. Equivalent to `gro_ipv4_max_size BYTES`.
            #[must_use]
            pub fn gro_ipv4_max_size(mut self, value: u32) -> Self {
                self.settings.gro_ipv4_max_size = Some(value);
                self
            }

            /// Attaches a loaded XDP program by its file descriptor, or with -1 detaches it.
            /// `flags` are `XDP_FLAGS_*` of include/uapi/linux/if_link.h. `xdp(-1, 1)` is
            /// equivalent to `xdp off`.
            #[must_use]
            pub fn xdp(mut self, fd: std::os::fd::RawFd, flags: u32) -> Self {
                self.settings.xdp = Some((fd, flags));
                self
            }

            /// Namespace id to act in. Equivalent to `target-nsid ID`.
            #[must_use]
            pub fn target_netnsid(mut self, value: i32) -> Self {
                self.settings.target_netnsid = Some(value);
                self
            }

            /// Interface index in the namespace that the link is moved to.
            #[must_use]
            pub fn new_ifindex(mut self, value: i32) -> Self {
                self.settings.new_ifindex = Some(value);
                self
            }
        }
    };
}
pub(super) use settings_methods;
