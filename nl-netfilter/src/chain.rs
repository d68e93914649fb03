//! Chains: lists of rules, hooked into the path of packets or called from other chains.

use nl_core::header::NLM_F_NONREC;
use nl_core::kind::{Be32, Be64, Bytes, Str};
use nl_core::{DumpRequest, GetRequest, Owned, Request, Writer};

use crate::expr::{COUNTER_ATTRS, Counter, CounterView, CounterWriter};
use crate::nfgen::{
    Family, NFT_MSG_DELCHAIN, NFT_MSG_DESTROYCHAIN, NFT_MSG_GETCHAIN, NFT_MSG_NEWCHAIN, Netfilter,
    NfGenMsg,
};
use crate::request::{Handle, create_flags};
use crate::userdata;
use crate::value::{BeI32, flags, numbers};

nl_core::attrs! {
    /// `NFTA_CHAIN_*`: attributes of a chain.
    pub table CHAIN_ATTRS: NfGenMsg, view ChainView, writer ChainWriter;
    values {
        /// Table it is in.
        NFTA_CHAIN_TABLE = 1, table: Str;
        /// The kernel's number for it.
        NFTA_CHAIN_HANDLE = 2, handle: Be64;
        /// Name, at most 255 bytes.
        NFTA_CHAIN_NAME = 3, name: Str;
        /// What happens to packets that no rule decides about; only in base chains.
        NFTA_CHAIN_POLICY = 5, policy: Policy;
        /// Number of rules that are in it or lead to it.
        NFTA_CHAIN_USE = 6, uses: Be32;
        /// `filter`, `nat` or `route`; only in base chains.
        NFTA_CHAIN_TYPE = 7, chain_type: Str;
        /// Alignment of 64-bit values.
        NFTA_CHAIN_PAD = 9, pad: Bytes;
        /// What is special about it.
        NFTA_CHAIN_FLAGS = 10, flags: ChainFlags;
        /// Its id in this transaction.
        NFTA_CHAIN_ID = 11, id: Be32;
        /// Userdata, see [`userdata`](crate::userdata).
        NFTA_CHAIN_USERDATA = 12, userdata: Bytes;
    }
    nests {
        /// Where a base chain is hooked in.
        NFTA_CHAIN_HOOK = 4, hook: HookView, HookWriter, HOOK_ATTRS;
        /// Packets and bytes that the policy decided about.
        NFTA_CHAIN_COUNTERS = 8, counters: CounterView, CounterWriter, COUNTER_ATTRS;
    }
}

nl_core::attrs! {
    /// `NFTA_HOOK_*`: where a base chain is hooked in.
    pub table HOOK_ATTRS: (), view HookView, writer HookWriter;
    values {
        /// Place in the path of packets.
        NFTA_HOOK_HOOKNUM = 1, hook: Hook;
        /// Order among the chains there: lower ones first.
        NFTA_HOOK_PRIORITY = 2, priority: BeI32;
        /// Device, for `ingress` and `egress`.
        NFTA_HOOK_DEV = 3, device: Str;
    }
    nests {
        /// Several devices.
        NFTA_HOOK_DEVS = 4, devices: DevicesView, DevicesWriter, DEVICE_ATTRS;
    }
}

nl_core::attrs! {
    /// `NFTA_DEVICE_*`: a list of devices; the attribute is repeated.
    pub table DEVICE_ATTRS: (), view DevicesView, writer DevicesWriter;
    values {
        /// Name of a device.
        NFTA_DEVICE_NAME = 1, name: Str;
        /// Start of the names of devices (Linux 6.17).
        NFTA_DEVICE_PREFIX = 2, prefix: Str;
    }
}

impl<'a> HookView<'a> {
    /// The names of all devices, given one way or the other.
    pub fn device_names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        use nl_core::Kind;

        let several = self.devices();
        let one = self.device().filter(|_| several.is_none());
        let several = several
            .into_iter()
            .flat_map(|devices| devices.attrs().flatten());
        several
            .filter(|attr| attr.number() == NFTA_DEVICE_NAME)
            .filter_map(|attr| Str::read(attr.payload))
            .chain(one)
    }
}

numbers! {
    /// `NF_INET_*`: a place in the path of packets. Source: include/uapi/linux/netfilter.h.
    pub struct Hook: Be32(u32) {
        /// Packets that came in, before routing.
        PREROUTING = 0;
        /// Packets for this host.
        INPUT = 1;
        /// Packets for others.
        FORWARD = 2;
        /// Packets from this host.
        OUTPUT = 3;
        /// Packets that go out, after routing.
        POSTROUTING = 4;
        /// Packets as a device receives them (family inet, Linux 5.10).
        INGRESS = 5;
    }
}

impl Hook {
    /// Packets as a device receives them, in family netdev.
    pub const NETDEV_INGRESS: Self = Self(0);
    /// Packets as a device sends them, in family netdev (Linux 5.16).
    pub const NETDEV_EGRESS: Self = Self(1);
    /// Received packets, in family arp.
    pub const ARP_INPUT: Self = Self(0);
    /// Sent packets, in family arp.
    pub const ARP_OUTPUT: Self = Self(1);
}

numbers! {
    /// `NF_*`: what happens to packets that no rule decides about.
    pub struct Policy: Be32(u32) {
        /// They are dropped.
        DROP = 0;
        /// They go on.
        ACCEPT = 1;
    }
}

flags! {
    /// `NFT_CHAIN_*`.
    pub struct ChainFlags {
        /// It is hooked in; the kernel sets it.
        BASE = 1;
        /// The device runs it.
        HW_OFFLOAD = 2;
        /// It belongs to the rule that leads to it.
        BINDING = 4;
    }
}

/// Usual priorities of base chains; nft(8) has the names.
pub mod priority {
    /// Before connection tracking.
    pub const RAW: i32 = -300;
    /// Changes of packets.
    pub const MANGLE: i32 = -150;
    /// Destination NAT.
    pub const DSTNAT: i32 = -100;
    /// Filters.
    pub const FILTER: i32 = 0;
    /// Security modules.
    pub const SECURITY: i32 = 50;
    /// Source NAT.
    pub const SRCNAT: i32 = 100;
}

/// A chain that was listed.
pub type ChainInfo = Owned<ChainView<'static>>;

impl<'a> ChainView<'a> {
    /// The comment in its userdata.
    #[must_use]
    pub fn comment(&self) -> Option<&'a str> {
        userdata::find_str(self.userdata()?, userdata::COMMENT)
    }
}

/// Where a base chain is hooked in, and what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// `filter`, `nat` or `route`.
    pub chain_type: String,
    /// Place in the path of packets.
    pub hook: Hook,
    /// Order among the chains there: lower ones first.
    pub priority: i32,
    /// Devices, for `ingress` and `egress`.
    pub devices: Vec<String>,
}

/// Adds a chain; one that exists keeps its rules and gets the policy, if there is one.
///
/// Equivalent to `nft add chain FAMILY TABLE NAME { type TYPE hook HOOK priority PRIORITY; policy POLICY; }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewChain {
    /// Family.
    pub family: Family,
    /// Table.
    pub table: String,
    /// Name; with `handle` the new name.
    pub name: String,
    /// Handle of an existing chain, to rename it.
    pub handle: Option<u64>,
    /// What makes it a base chain.
    pub base: Option<Base>,
    /// What happens to packets that no rule decides about; the kernel's default is to accept.
    pub policy: Option<Policy>,
    /// Where counting starts of what the policy decides about; `None` to leave it: a chain that was
    /// never told does not count.
    pub counters: Option<Counter>,
    /// What is special about it.
    pub flags: ChainFlags,
    /// Userdata; empty for none.
    pub userdata: Vec<u8>,
    /// Fail with `EEXIST` if it exists.
    pub exclusive: bool,
}

impl NewChain {
    /// A chain that is called from others.
    #[must_use]
    pub fn new(family: Family, table: &str, name: &str) -> Self {
        Self {
            family,
            table: table.to_owned(),
            name: name.to_owned(),
            handle: None,
            base: None,
            policy: None,
            counters: None,
            flags: ChainFlags::empty(),
            userdata: Vec::new(),
            exclusive: false,
        }
    }

    fn hooked(mut self, chain_type: &str, hook: Hook, priority: i32) -> Self {
        self.base = Some(Base {
            chain_type: chain_type.to_owned(),
            hook,
            priority,
            devices: Vec::new(),
        });
        self
    }

    /// Makes it a base chain: `type filter hook HOOK priority PRIORITY`.
    #[must_use]
    pub fn filter(self, hook: Hook, priority: i32) -> Self {
        self.hooked("filter", hook, priority)
    }

    /// Makes it a base chain for NAT: only the first packet of a connection sees it.
    #[must_use]
    pub fn nat(self, hook: Hook, priority: i32) -> Self {
        self.hooked("nat", hook, priority)
    }

    /// Makes it a base chain after which packets that changed are routed again; for
    /// [`Hook::OUTPUT`].
    #[must_use]
    pub fn route(self, hook: Hook, priority: i32) -> Self {
        self.hooked("route", hook, priority)
    }

    /// Adds a device; the chain must be a base chain already.
    #[must_use]
    pub fn device(mut self, name: &str) -> Self {
        if let Some(base) = &mut self.base {
            base.devices.push(name.to_owned());
        }
        self
    }

    /// Sets the policy.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Counts the packets and bytes that the policy decides about, from these numbers on.
    #[must_use]
    pub fn counters(mut self, packets: u64, bytes: u64) -> Self {
        self.counters = Some(Counter {
            bytes: Some(bytes),
            packets: Some(packets),
        });
        self
    }

    /// Sets the comment.
    #[must_use]
    pub fn comment(mut self, text: &str) -> Self {
        self.userdata = userdata::comment(text);
        self
    }

    /// Makes it an error if the chain exists, as `nft create chain`.
    #[must_use]
    pub fn exclusive(mut self) -> Self {
        self.exclusive = true;
        self
    }
}

impl Request for NewChain {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        NFT_MSG_NEWCHAIN
    }
    fn flags(&self) -> u16 {
        create_flags(self.exclusive)
    }
    fn write(&self, out: &mut Writer) {
        let mut out = ChainWriter::new(out, &NfGenMsg::new(self.family));
        out.table(&self.table);
        if let Some(handle) = self.handle {
            out.handle(handle);
        }
        out.name(&self.name);
        if let Some(base) = &self.base {
            out.chain_type(&base.chain_type);
        }
        if let Some(policy) = self.policy {
            out.policy(policy);
        }
        if let Some(base) = &self.base {
            out.hook(|out| {
                out.hook(base.hook).priority(base.priority);
                match base.devices.as_slice() {
                    [] => {}
                    [device] => {
                        out.device(device);
                    }
                    devices => {
                        out.devices(|out| {
                            for device in devices {
                                out.name(device);
                            }
                        });
                    }
                }
            });
        }
        if let Some(counters) = &self.counters {
            out.counters(|out| {
                out.bytes(counters.bytes.unwrap_or_default())
                    .packets(counters.packets.unwrap_or_default());
            });
        }
        if !self.flags.is_empty() {
            out.flags(self.flags);
        }
        if !self.userdata.is_empty() {
            out.userdata(&self.userdata);
        }
    }
}

/// Deletes a chain, which must be empty and unused, or all chains of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelChain {
    /// Family.
    pub family: Family,
    /// Table.
    pub table: String,
    /// Which chain; `None` for all that no rule leads to.
    pub chain: Option<Handle>,
    /// That there is none is not an error (Linux 6.3).
    pub if_exists: bool,
}

impl DelChain {
    /// One chain by its name.
    #[must_use]
    pub fn new(family: Family, table: &str, name: &str) -> Self {
        Self {
            family,
            table: table.to_owned(),
            chain: Some(Handle::Name(name.to_owned())),
            if_exists: false,
        }
    }

    /// All chains of a table.
    #[must_use]
    pub fn all(family: Family, table: &str) -> Self {
        Self {
            family,
            table: table.to_owned(),
            chain: None,
            if_exists: false,
        }
    }

    /// Makes a missing chain no error (Linux 6.3).
    #[must_use]
    pub fn if_exists(mut self) -> Self {
        self.if_exists = true;
        self
    }
}

impl Request for DelChain {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        if self.if_exists {
            NFT_MSG_DESTROYCHAIN
        } else {
            NFT_MSG_DELCHAIN
        }
    }
    fn flags(&self) -> u16 {
        // Without it the kernel would delete the rules too.
        match self.chain {
            Some(_) => NLM_F_NONREC,
            None => 0,
        }
    }
    fn write(&self, out: &mut Writer) {
        let mut out = ChainWriter::new(out, &NfGenMsg::new(self.family));
        out.table(&self.table);
        match &self.chain {
            Some(Handle::Name(name)) => {
                out.name(name);
            }
            Some(Handle::Number(handle)) => {
                out.handle(*handle);
            }
            None => {}
        }
    }
}

/// Asks for one chain by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetChain {
    /// Family.
    pub family: Family,
    /// Table.
    pub table: String,
    /// Name.
    pub name: String,
}

impl GetChain {
    /// The chain `name`.
    #[must_use]
    pub fn new(family: Family, table: &str, name: &str) -> Self {
        Self {
            family,
            table: table.to_owned(),
            name: name.to_owned(),
        }
    }
}

impl Request for GetChain {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        NFT_MSG_GETCHAIN
    }
    fn write(&self, out: &mut Writer) {
        ChainWriter::new(out, &NfGenMsg::new(self.family))
            .table(&self.table)
            .name(&self.name);
    }
}

impl GetRequest for GetChain {
    type Reply = ChainView<'static>;
    const REPLY_TYPE: u16 = NFT_MSG_NEWCHAIN;
}

/// Lists chains of all tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetChains {
    /// Family; `UNSPEC` for all.
    pub family: Family,
}

impl Request for GetChains {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        NFT_MSG_GETCHAIN
    }
    fn write(&self, out: &mut Writer) {
        ChainWriter::new(out, &NfGenMsg::new(self.family));
    }
}

impl DumpRequest for GetChains {
    type Reply = ChainView<'static>;
    const REPLY_TYPE: u16 = NFT_MSG_NEWCHAIN;
}
