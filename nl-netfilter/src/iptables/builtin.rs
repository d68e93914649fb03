//! The tables that iptables has, and their built-in chains: base chains with fixed names.

use crate::chain::{Base, Hook, NewChain, Policy, priority};
use crate::nfgen::Family;

/// A table of iptables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name in both worlds.
    pub name: &'static str,
    /// Its built-in chains, in the order of their hooks.
    pub chains: &'static [Chain],
}

/// A built-in chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Its name.
    pub name: &'static str,
    /// `filter`, `nat` or `route`.
    pub chain_type: &'static str,
    /// Place in the path of packets.
    pub hook: Hook,
    /// Order among the chains there.
    pub priority: i32,
}

const fn chain(name: &'static str, chain_type: &'static str, hook: Hook, priority: i32) -> Chain {
    Chain {
        name,
        chain_type,
        hook,
        priority,
    }
}

/// iptables-nft's priority of the security table; nft's word `security` means 50.
const SECURITY: i32 = 150;

/// Every table, in the order in which `iptables-save` lists them.
pub const TABLES: &[Table] = &[
    Table {
        name: "mangle",
        chains: &[
            chain("PREROUTING", "filter", Hook::PREROUTING, priority::MANGLE),
            chain("INPUT", "filter", Hook::INPUT, priority::MANGLE),
            chain("FORWARD", "filter", Hook::FORWARD, priority::MANGLE),
            chain("OUTPUT", "route", Hook::OUTPUT, priority::MANGLE),
            chain("POSTROUTING", "filter", Hook::POSTROUTING, priority::MANGLE),
        ],
    },
    Table {
        name: "security",
        chains: &[
            chain("INPUT", "filter", Hook::INPUT, SECURITY),
            chain("FORWARD", "filter", Hook::FORWARD, SECURITY),
            chain("OUTPUT", "filter", Hook::OUTPUT, SECURITY),
        ],
    },
    Table {
        name: "raw",
        chains: &[
            chain("PREROUTING", "filter", Hook::PREROUTING, priority::RAW),
            chain("OUTPUT", "filter", Hook::OUTPUT, priority::RAW),
        ],
    },
    Table {
        name: "filter",
        chains: &[
            chain("INPUT", "filter", Hook::INPUT, priority::FILTER),
            chain("FORWARD", "filter", Hook::FORWARD, priority::FILTER),
            chain("OUTPUT", "filter", Hook::OUTPUT, priority::FILTER),
        ],
    },
    Table {
        name: "nat",
        chains: &[
            chain("PREROUTING", "nat", Hook::PREROUTING, priority::DSTNAT),
            chain("INPUT", "nat", Hook::INPUT, priority::SRCNAT),
            chain("OUTPUT", "nat", Hook::OUTPUT, priority::DSTNAT),
            chain("POSTROUTING", "nat", Hook::POSTROUTING, priority::SRCNAT),
        ],
    },
];

impl Table {
    /// The table `name`.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.name == name)
    }

    /// The built-in chain `name`.
    #[must_use]
    pub fn chain(&self, name: &str) -> Option<&'static Chain> {
        self.chains.iter().find(|chain| chain.name == name)
    }

    /// A request that adds `chain`, or sets its policy.
    #[must_use]
    pub fn new_chain(&self, family: Family, chain: &Chain, policy: Policy) -> NewChain {
        let mut request = NewChain::new(family, self.name, chain.name).policy(policy);
        request.base = Some(Base {
            chain_type: chain.chain_type.to_owned(),
            hook: chain.hook,
            priority: chain.priority,
            devices: Vec::new(),
        });
        request
    }
}
