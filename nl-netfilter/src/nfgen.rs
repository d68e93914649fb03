//! `struct nfgenmsg`, the fixed header of every nfnetlink message; address families; message types.
//!
//! ```text
//!  0               1               2               3
//! +---------------+---------------+-------------------------------+
//! | nfgen_family  | version (0)   | res_id (big-endian)           |
//! +---------------+---------------+-------------------------------+
//! ```
//!
//! Source: include/uapi/linux/netfilter/nfnetlink.h.

use nl_core::{MessageType, Protocol, Table};
use zerocopy::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::batch::{BATCH_ATTRS, GEN_ATTRS};
use crate::chain::CHAIN_ATTRS;
use crate::element::SET_ELEM_LIST_ATTRS;
use crate::flowtable::FLOWTABLE_ATTRS;
use crate::object::OBJ_ATTRS;
use crate::rule::RULE_ATTRS;
use crate::set::SET_ATTRS;
use crate::table::TABLE_ATTRS;
use crate::value::numbers;

/// `struct nfgenmsg`.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    FromBytes,
    IntoBytes,
    KnownLayout,
    Immutable,
    Unaligned,
)]
#[repr(C)]
pub struct NfGenMsg {
    /// Address family, [`Family`].
    pub family: u8,
    /// `NFNETLINK_V0`, 0.
    pub version: u8,
    /// In a batch's begin and end: the subsystem. In an answer: the low 16 bits of the generation.
    pub res_id: U16,
}

const _: () = assert!(size_of::<NfGenMsg>() == 4);

impl NfGenMsg {
    /// The header of a request for `family`.
    #[must_use]
    pub const fn new(family: Family) -> Self {
        Self {
            family: family.0,
            version: 0,
            res_id: U16::ZERO,
        }
    }

    /// The family of an object that was read.
    #[must_use]
    pub const fn family(&self) -> Family {
        Family(self.family)
    }
}

numbers! {
    /// `NFPROTO_*`: what a table sees. Source: include/uapi/linux/netfilter.h.
    pub struct Family: U8(u8) {
        /// Any family, in a listing.
        UNSPEC = 0;
        /// IPv4 and IPv6 packets.
        INET = 1;
        /// IPv4 packets.
        IP = 2;
        /// ARP packets.
        ARP = 3;
        /// Packets as a device receives or sends them.
        NETDEV = 5;
        /// Packets that a bridge forwards.
        BRIDGE = 7;
        /// IPv6 packets.
        IP6 = 10;
    }
}

impl Family {
    /// The family's word in nft(8): `ip`, `inet`, …; `None` for one that it does not name.
    #[must_use]
    pub const fn keyword(self) -> Option<&'static str> {
        Some(match self {
            Self::INET => "inet",
            Self::IP => "ip",
            Self::ARP => "arp",
            Self::NETDEV => "netdev",
            Self::BRIDGE => "bridge",
            Self::IP6 => "ip6",
            _ => return None,
        })
    }
}

/// nftables' number among the nfnetlink subsystems, `NFNL_SUBSYS_NFTABLES`.
pub const NFNL_SUBSYS_NFTABLES: u16 = 10;
/// Number of the subsystem that knows iptables' extensions, `NFNL_SUBSYS_NFT_COMPAT`.
pub const NFNL_SUBSYS_NFT_COMPAT: u16 = 11;
/// Starts a batch.
pub const NFNL_MSG_BATCH_BEGIN: u16 = 0x10;
/// Ends a batch: everything between is done at once, or nothing.
pub const NFNL_MSG_BATCH_END: u16 = 0x11;

/// nfnetlink, `NETLINK_NETFILTER`: what a [`Connection`](nl_core::Connection) to nftables is typed by.
#[derive(Clone, Copy, Debug)]
pub enum Netfilter {}

impl Protocol for Netfilter {
    const NUMBER: i32 = 12;
    const NAME: &'static str = "nfnetlink";
    const STRICT: bool = false;

    fn message_types() -> &'static [MessageType] {
        MESSAGE_TYPES
    }
}

const fn nft(number: u16) -> u16 {
    NFNL_SUBSYS_NFTABLES << 8 | number
}

/// Declares `nlmsg_type` of nftables' messages: the constants, and the protocol's list.
macro_rules! message_types {
    ($($(#[$doc:meta])* $NAME:ident = $number:expr, $table:ident;)*) => {
        $($(#[$doc])* pub const $NAME: u16 = nft($number);)*

        static MESSAGE_TYPES: &[MessageType] = &[
            message_type(NFNL_MSG_BATCH_BEGIN, "NFNL_MSG_BATCH_BEGIN", &BATCH_ATTRS),
            message_type(NFNL_MSG_BATCH_END, "NFNL_MSG_BATCH_END", &BATCH_ATTRS),
            $(message_type($NAME, stringify!($NAME), &$table),)*
        ];
    };
}

const fn message_type(number: u16, name: &'static str, table: &'static Table) -> MessageType {
    MessageType {
        number,
        name,
        table,
    }
}

message_types! {
    /// Adds a table, or changes its flags.
    NFT_MSG_NEWTABLE = 0, TABLE_ATTRS;
    /// Asks for tables.
    NFT_MSG_GETTABLE = 1, TABLE_ATTRS;
    /// Deletes tables.
    NFT_MSG_DELTABLE = 2, TABLE_ATTRS;
    /// Adds a chain, or changes its policy.
    NFT_MSG_NEWCHAIN = 3, CHAIN_ATTRS;
    /// Asks for chains.
    NFT_MSG_GETCHAIN = 4, CHAIN_ATTRS;
    /// Deletes chains.
    NFT_MSG_DELCHAIN = 5, CHAIN_ATTRS;
    /// Adds or replaces a rule.
    NFT_MSG_NEWRULE = 6, RULE_ATTRS;
    /// Asks for rules.
    NFT_MSG_GETRULE = 7, RULE_ATTRS;
    /// Deletes rules.
    NFT_MSG_DELRULE = 8, RULE_ATTRS;
    /// Adds a set.
    NFT_MSG_NEWSET = 9, SET_ATTRS;
    /// Asks for sets.
    NFT_MSG_GETSET = 10, SET_ATTRS;
    /// Deletes sets.
    NFT_MSG_DELSET = 11, SET_ATTRS;
    /// Adds elements.
    NFT_MSG_NEWSETELEM = 12, SET_ELEM_LIST_ATTRS;
    /// Asks for elements.
    NFT_MSG_GETSETELEM = 13, SET_ELEM_LIST_ATTRS;
    /// Deletes elements.
    NFT_MSG_DELSETELEM = 14, SET_ELEM_LIST_ATTRS;
    /// The generation of the ruleset.
    NFT_MSG_NEWGEN = 15, GEN_ATTRS;
    /// Asks for the generation of the ruleset.
    NFT_MSG_GETGEN = 16, GEN_ATTRS;
    /// Adds a stateful object.
    NFT_MSG_NEWOBJ = 18, OBJ_ATTRS;
    /// Asks for stateful objects.
    NFT_MSG_GETOBJ = 19, OBJ_ATTRS;
    /// Deletes stateful objects.
    NFT_MSG_DELOBJ = 20, OBJ_ATTRS;
    /// Asks for stateful objects and sets them back.
    NFT_MSG_GETOBJ_RESET = 21, OBJ_ATTRS;
    /// Adds a flowtable.
    NFT_MSG_NEWFLOWTABLE = 22, FLOWTABLE_ATTRS;
    /// Asks for flowtables.
    NFT_MSG_GETFLOWTABLE = 23, FLOWTABLE_ATTRS;
    /// Deletes a flowtable.
    NFT_MSG_DELFLOWTABLE = 24, FLOWTABLE_ATTRS;
    /// Asks for rules and sets their counters back (Linux 6.2).
    NFT_MSG_GETRULE_RESET = 25, RULE_ATTRS;
    /// Deletes a table if there is one (Linux 6.3, as all `DESTROY` messages).
    NFT_MSG_DESTROYTABLE = 26, TABLE_ATTRS;
    /// Deletes a chain if there is one.
    NFT_MSG_DESTROYCHAIN = 27, CHAIN_ATTRS;
    /// Deletes a rule if there is one.
    NFT_MSG_DESTROYRULE = 28, RULE_ATTRS;
    /// Deletes a set if there is one.
    NFT_MSG_DESTROYSET = 29, SET_ATTRS;
    /// Deletes elements that are there.
    NFT_MSG_DESTROYSETELEM = 30, SET_ELEM_LIST_ATTRS;
    /// Deletes a stateful object if there is one.
    NFT_MSG_DESTROYOBJ = 31, OBJ_ATTRS;
    /// Deletes a flowtable if there is one.
    NFT_MSG_DESTROYFLOWTABLE = 32, FLOWTABLE_ATTRS;
    /// Asks for elements and sets their counters back (Linux 6.5).
    NFT_MSG_GETSETELEM_RESET = 33, SET_ELEM_LIST_ATTRS;
}
