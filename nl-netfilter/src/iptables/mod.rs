//! iptables' rules, in the form in which `iptables-nft` keeps them in nftables.
//!
//! A [`Rule`] is what a line of `iptables -S` says. [`Rule::to_new_rule`] writes it as iptables-nft
//! 1.8.9 does, so that both can share a table: addresses, devices, protocols, ports, marks and limits
//! as native expressions, everything else as iptables' own [matches and targets](crate::xt); the
//! counter; the target last. [`Rule::from_exprs`] reads it back, and what nft writes as far as
//! iptables can say it.
//!
//! ```
//! use nl_netfilter::Family;
//! use nl_netfilter::iptables::{Address, Interface, Rule, Target};
//! use nl_netfilter::xt::{MasqueradeV4, NatRangeV4};
//!
//! // iptables -t nat -A POSTROUTING -s 10.0.0.0/24 -o uplink -j MASQUERADE
//! let rule = Rule {
//!     source: Some(Address::new([10, 0, 0, 0].into(), 24)),
//!     output: Some(Interface { name: "uplink".into(), inverted: false }),
//!     target: Target::MasqueradeV4(MasqueradeV4(NatRangeV4::default())),
//!     ..Rule::default()
//! };
//! let written = rule.to_new_rule(Family::IP, "nat", "POSTROUTING");
//! assert_eq!(Rule::from_exprs(Family::IP, &written.exprs, &[]), Ok(rule));
//! ```
//!
//! nftables' tables, chains and priorities of the same names are in [`builtin`].

pub mod builtin;
mod decode;
mod encode;
mod matches;
mod rule;

pub use decode::Incompatible;
pub use matches::{Limit, MarkMatch, Match, NfLog, Target};
pub use rule::{Address, Counters, Interface, Protocol, Rule};
