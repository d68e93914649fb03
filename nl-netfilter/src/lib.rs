//! nftables in Rust, spoken to the kernel directly: tables, chains, rules, sets, expressions.
//!
//! ```no_run
//! use nl_core::Connection;
//! use nl_netfilter::build::ip;
//! use nl_netfilter::expr::CtState;
//! use nl_netfilter::{
//!     DelTable, Family, Hook, Netfilter, NetfilterExt, NewChain, NewRule, NewTable, Policy,
//!     Transaction, priority,
//! };
//!
//! // NAT for 10.0.0.0/24 behind eth0, in a table of its own, all at once or not at all.
//! const T: &str = "example";
//! let inside = ([10, 0, 0, 0], 24);
//! let transaction = Transaction::new()
//!     .add(NewTable::new(Family::IP, T))
//!     .add(NewChain::new(Family::IP, T, "post").nat(Hook::POSTROUTING, priority::SRCNAT))
//!     .add(
//!         NewChain::new(Family::IP, T, "forward")
//!             .filter(Hook::FORWARD, priority::FILTER)
//!             .policy(Policy::DROP),
//!     )
//!     .add(
//!         NewRule::new(Family::IP, T, "post")
//!             .matching(ip::saddr(inside))
//!             .oifname("eth0")
//!             .masquerade(),
//!     )
//!     .add(NewRule::new(Family::IP, T, "forward").matching(ip::saddr(inside)).accept())
//!     .add(
//!         NewRule::new(Family::IP, T, "forward")
//!             .matching(ip::daddr(inside))
//!             .ct_state(CtState::ESTABLISHED | CtState::RELATED)
//!             .accept(),
//!     );
//!
//! let mut nf = Connection::<Netfilter>::open()?;
//! nf.commit(&transaction)?;
//! nf.commit(&Transaction::new().add(DelTable::new(Family::IP, T)))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Every request is a plain value. Changes are gathered in a [`Transaction`], which the kernel does
//! as a whole; what it refuses is named with its position, the kernel's words and the attribute.
//! Listings are dumps: `nf.dump(&GetRules::all(Family::UNSPEC), |rule| …)`.
//!
//! Rules are lists of [expressions](expr), written one by one or as in nft, see [`build`]. What
//! this library does not know survives: a rule that was listed can be edited and put back.
#![forbid(unsafe_code)]

pub mod batch;
pub mod build;
pub mod chain;
pub mod data;
pub mod datatype;
pub mod element;
pub mod event;
pub mod expr;
pub mod flowtable;
#[doc(hidden)]
pub mod fuzzing;
pub mod iptables;
pub mod nfgen;
pub mod object;
pub mod register;
pub mod request;
pub mod rule;
pub mod set;
pub mod table;
#[cfg(feature = "tokio")]
pub mod tokio;
pub mod userdata;
pub mod value;
pub mod watch;
pub mod xt;

pub use batch::{CommitError, NetfilterExt, Refusal, Transaction};
pub use chain::{DelChain, GetChain, GetChains, Hook, NewChain, Policy, priority};
pub use data::{Data, Verdict};
pub use datatype::DataType;
pub use element::{Element, GetElements, SetElements};
pub use nfgen::{Family, Netfilter};
pub use object::{DelObject, GetObject, GetObjects, NewObject, ObjectData};
pub use register::Register;
pub use rule::{DelRule, GetRule, GetRules, NewRule, Place};
pub use set::{DelSet, GetSet, GetSets, MapData, NewSet, SetFlags, SetRef};
pub use table::{DelTable, GetTable, GetTables, NewTable};
