//! A table as the kernel has it, read at one generation.

use nl_core::Connection;
use nl_netfilter::chain::GetChains;
use nl_netfilter::expr::Expr;
use nl_netfilter::iptables::builtin::{self, Table};
use nl_netfilter::iptables::{Counters, Incompatible, Rule};
use nl_netfilter::{Family, GetRules, GetTables, Netfilter, NetfilterExt, Policy};

use super::problem::Problem;

/// How often a table is read again because somebody changes it meanwhile.
const ATTEMPTS: usize = 64;

/// A table.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// Which table.
    pub table: &'static Table,
    /// Whether it exists.
    pub exists: bool,
    /// Its chains: the built-in ones that exist in the order of their hooks, then the others by name.
    pub chains: Vec<Chain>,
    /// Whether there are base chains that iptables does not know.
    pub foreign_base_chains: bool,
    /// The generation at which it was read.
    pub generation: u32,
}

/// A chain.
#[derive(Debug)]
pub(super) struct Chain {
    pub name: String,
    pub handle: u64,
    /// What is built in, if it is.
    pub builtin: Option<&'static builtin::Chain>,
    pub policy: Policy,
    /// What the policy has counted.
    pub counters: Counters,
    /// How many rules lead to it.
    pub references: u32,
    pub rules: Vec<StoredRule>,
}

/// A rule.
#[derive(Debug)]
pub(super) struct StoredRule {
    pub handle: u64,
    pub exprs: Vec<Expr>,
    pub userdata: Vec<u8>,
    /// The same in iptables' words.
    pub rule: Result<Rule, Incompatible>,
}

impl Snapshot {
    /// Reads a table.
    pub(super) fn read(
        connection: &mut Connection<Netfilter>,
        family: Family,
        table: &'static Table,
    ) -> Result<Self, Problem> {
        for _ in 0..ATTEMPTS {
            let generation = connection
                .generation()
                .map_err(|error| Problem::connection(&error))?;
            let snapshot = Self::read_once(connection, family, table, generation)
                .map_err(|error| Problem::connection(&error))?;
            let after = connection
                .generation()
                .map_err(|error| Problem::connection(&error))?;
            if after == generation {
                return Ok(snapshot);
            }
        }
        Err(Problem::Kernel(vec![
            "the ruleset does not stop changing".to_owned(),
        ]))
    }

    fn read_once(
        connection: &mut Connection<Netfilter>,
        family: Family,
        table: &'static Table,
        generation: u32,
    ) -> Result<Self, nl_core::Error> {
        let tables = connection.collect(&GetTables { family })?;
        let exists = tables
            .iter()
            .any(|found| found.view().name() == Some(table.name));
        let mut snapshot = Self {
            table,
            exists,
            chains: Vec::new(),
            foreign_base_chains: false,
            generation,
        };
        if !exists {
            return Ok(snapshot);
        }
        for chain in &connection.collect(&GetChains { family })? {
            let view = chain.view();
            if view.table() == Some(table.name) {
                snapshot.add_chain(&view);
            }
        }
        for rule in &connection.collect(&GetRules::of_table(family, table.name))? {
            let view = rule.view();
            let exprs: Vec<Expr> = view.exprs().iter().flat_map(|exprs| exprs.iter()).collect();
            let userdata = view.userdata().unwrap_or_default().to_vec();
            let stored = StoredRule {
                handle: view.handle().unwrap_or_default(),
                rule: Rule::from_exprs(family, &exprs, &userdata),
                exprs,
                userdata,
            };
            let name = view.chain().unwrap_or_default();
            if let Some(chain) = snapshot.chains.iter_mut().find(|chain| chain.name == name) {
                chain.rules.push(stored);
            }
        }
        for chain in &mut snapshot.chains {
            let own = u32::try_from(chain.rules.len()).unwrap_or(u32::MAX);
            chain.references = chain.references.saturating_sub(own);
        }
        snapshot.chains.sort_by(|one, other| {
            let place = |chain: &Chain| chain.builtin.map_or(u32::MAX, |builtin| builtin.hook.0);
            place(one)
                .cmp(&place(other))
                .then_with(|| one.name.as_bytes().cmp(other.name.as_bytes()))
        });
        Ok(snapshot)
    }

    fn add_chain(&mut self, view: &nl_netfilter::chain::ChainView<'_>) {
        let name = view.name().unwrap_or_default();
        let known = self.table.chain(name);
        let hook = view.hook().map(|hook| {
            (
                hook.hook().unwrap_or_default(),
                hook.priority().unwrap_or_default(),
            )
        });
        let builtin = match (hook, known) {
            (Some((hook, priority)), Some(known)) => Some(known).filter(|known| {
                (known.hook, known.priority) == (hook, priority)
                    && view.chain_type() == Some(known.chain_type)
            }),
            _ => None,
        };
        if hook.is_some() && builtin.is_none() {
            self.foreign_base_chains = true;
            return;
        }
        let counters = view.counters().map(|counters| Counters {
            packets: counters.packets().unwrap_or_default(),
            bytes: counters.bytes().unwrap_or_default(),
        });
        self.chains.push(Chain {
            name: name.to_owned(),
            handle: view.handle().unwrap_or_default(),
            builtin,
            policy: view.policy().unwrap_or(Policy::ACCEPT),
            counters: counters.unwrap_or_default(),
            references: view.uses().unwrap_or_default(),
            rules: Vec::new(),
        });
    }

    /// The chain of this name, if the kernel has it.
    pub(super) fn chain(&self, name: &str) -> Option<&Chain> {
        self.chains.iter().find(|chain| chain.name == name)
    }

    /// The chains, and those of the built-in ones that the kernel does not have yet.
    pub(super) fn all_chains(&self) -> Vec<ChainOrGap<'_>> {
        let builtin = self.table.chains.iter().map(|known| {
            let chain = self
                .chains
                .iter()
                .find(|chain| chain.builtin == Some(known));
            chain.map_or(ChainOrGap::Gap(known), ChainOrGap::Chain)
        });
        let others = self.chains.iter().filter(|chain| chain.builtin.is_none());
        builtin.chain(others.map(ChainOrGap::Chain)).collect()
    }
}

/// A chain, or the place of a built-in one that has not been needed yet.
#[derive(Clone, Copy, Debug)]
pub(super) enum ChainOrGap<'a> {
    Chain(&'a Chain),
    Gap(&'static builtin::Chain),
}

impl<'a> ChainOrGap<'a> {
    pub(super) fn name(self) -> &'a str {
        match self {
            Self::Chain(chain) => &chain.name,
            Self::Gap(builtin) => builtin.name,
        }
    }

    pub(super) fn rules(self) -> &'a [StoredRule] {
        match self {
            Self::Chain(chain) => &chain.rules,
            Self::Gap(_) => &[],
        }
    }

    /// The policy and its counters, of a built-in chain.
    pub(super) fn policy(self) -> Option<(Policy, Counters)> {
        match self {
            Self::Chain(chain) => chain.builtin.map(|_| (chain.policy, chain.counters)),
            Self::Gap(_) => Some((Policy::ACCEPT, Counters::default())),
        }
    }

    pub(super) fn references(self) -> u32 {
        match self {
            Self::Chain(chain) => chain.references,
            Self::Gap(_) => 0,
        }
    }
}
