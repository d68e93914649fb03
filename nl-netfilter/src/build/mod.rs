//! Rules written as nft writes them: [`NewRule`] methods and matches that emit the expressions
//! that nft's compiler emits, so that `nft list ruleset` shows what was meant.
//!
//! ```
//! use nl_netfilter::build::{ip, tcp};
//! use nl_netfilter::expr::CtState;
//! use nl_netfilter::{Family, NewRule};
//!
//! // nft add rule inet t c iifname "lan0" ip saddr 10.0.0.0/8 tcp dport 22 ct state new counter accept
//! let rule = NewRule::new(Family::INET, "t", "c")
//!     .iifname("lan0")
//!     .matching(ip::saddr(([10, 0, 0, 0], 8)))
//!     .matching(tcp::dport(22))
//!     .ct_state(CtState::NEW)
//!     .counter()
//!     .accept();
//! assert_eq!(rule.exprs.len(), 15);
//! ```
//!
//! What a match needs to be true first is added once per rule: in family inet an IPv4 field adds
//! `meta nfproto ipv4`, a TCP port adds `meta l4proto tcp` in all families.

mod field;
mod nat;
mod statement;

pub use field::{Field, Match, Source, ct, ether, icmp, icmpv6, ip, ip6, meta, tcp, th, udp};
pub use nat::NatTo;

use crate::expr::{Cmp, CmpOp, Meta, MetaKey, Payload, PayloadBase};
use crate::nfgen::Family;
use crate::register::Register;
use crate::rule::NewRule;

/// What a rule is known to have matched so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    pub(crate) network: Option<Network>,
    pub(crate) transport: Option<u8>,
    /// Where the expressions of the last match start, if the next field may be merged with it.
    pub(crate) mergeable: Option<usize>,
}

/// A network protocol that a field belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// IPv4.
    Ip,
    /// IPv6.
    Ip6,
}

/// What must be true for a field to be where it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The network protocol.
    pub network: Option<Network>,
    /// The layer 4 protocol, `IPPROTO_*`.
    pub transport: Option<u8>,
}

impl NewRule {
    /// Adds what `needs` says and the rule has not matched yet.
    pub(crate) fn depend(mut self, needs: Needs) -> Self {
        if let Some(network) = needs.network
            && self.known.network != Some(network)
        {
            self.known.network = Some(network);
            let (nfproto, ether_type) = match network {
                Network::Ip => (Family::IP, 0x0800u16),
                Network::Ip6 => (Family::IP6, 0x86dd),
            };
            match self.family {
                Family::INET => {
                    self = self.meta_is(MetaKey::NFPROTO, vec![nfproto.0]);
                }
                Family::NETDEV | Family::BRIDGE => {
                    self = self.meta_is(MetaKey::PROTOCOL, ether_type.to_be_bytes().to_vec());
                }
                _ => {}
            }
        }
        if let Some(transport) = needs.transport
            && self.known.transport != Some(transport)
        {
            self.known.transport = Some(transport);
            self = self.meta_is(MetaKey::L4PROTO, vec![transport]);
        }
        self
    }

    fn meta_is(mut self, key: MetaKey, value: Vec<u8>) -> Self {
        self.known.mergeable = None;
        self.exprs.push(Meta::load(key, Register::R1).into());
        self.exprs
            .push(Cmp::new(Register::R1, CmpOp::EQ, value).into());
        self
    }
}

/// The load of a payload field.
pub(crate) const fn load(base: PayloadBase, offset: u32, len: u32) -> Payload {
    Payload::load(base, offset, len, Register::R1)
}
