//! Commands as transactions, and listings.

use std::io::Write;

use nl_core::Connection;
use nl_netfilter::expr::Expr;
use nl_netfilter::iptables::builtin::Table;
use nl_netfilter::iptables::{Rule, Target};
use nl_netfilter::rule::Compat;
use nl_netfilter::{
    CommitError, DelChain, DelRule, Netfilter, NetfilterExt, NewChain, NewRule, NewTable, Place,
    Policy, Transaction, Verdict,
};

use super::command::{Action, Command};
use super::problem::{Problem, parameter, strerror};
use super::program::Program;
use super::ruleset::{Chain, ChainOrGap, Snapshot, StoredRule};
use super::show::{self, Lister};
use crate::failure::Failure;
use crate::output::Output;

/// How often a command is tried because somebody else changes the ruleset meanwhile.
const ATTEMPTS: usize = 64;

/// Why a command stops: iptables' words, or a failure to write.
pub(super) enum Stop {
    Problem(Problem),
    Failure(Failure),
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::Failure(error.into())
    }
}

/// Does a command.
pub(super) fn run(program: &Program, command: &Command, out: &mut Output) -> Result<(), Stop> {
    let table = Table::find(&command.table)
        .ok_or_else(|| Problem::Version(format!("table '{}' does not exist", command.table)))?;
    let mut connection =
        Connection::<Netfilter>::open().map_err(|error| Problem::connection(&error))?;
    let mut said = String::new();
    for _ in 0..ATTEMPTS {
        let snapshot = Snapshot::read(&mut connection, program.family, table)?;
        if matches!(command.action, Action::List | Action::ListRules) && !command.zero {
            return list(program, command, &snapshot, out);
        }
        let mut work = Work::new(program, &snapshot);
        work.command(command)?;
        if said.is_empty() {
            said.clone_from(&work.said);
            if command.zero {
                list(program, command, &snapshot, out)?;
            }
            out.write_all(said.as_bytes())?;
        }
        match work.commit(&mut connection) {
            Err(CommitError::Stale) => {}
            Err(error) => return Err(Problem::Kernel(work.explain(&error)).into()),
            Ok(()) => return Ok(()),
        }
    }
    Err(Problem::Kernel(vec!["the ruleset does not stop changing".to_owned()]).into())
}

/// `-L` and `-S`.
fn list(
    program: &Program,
    command: &Command,
    snapshot: &Snapshot,
    out: &mut Output,
) -> Result<(), Stop> {
    let wanted = command.chain.as_deref();
    let chains: Vec<ChainOrGap<'_>> = snapshot
        .all_chains()
        .into_iter()
        .filter(|chain| wanted.is_none_or(|wanted| chain.name() == wanted))
        .collect();
    let readable = chains
        .iter()
        .all(|chain| chain.rules().iter().all(|rule| rule.rule.is_ok()));
    match wanted {
        Some(chain) if chains.is_empty() || !readable => {
            return Err(Problem::Other(format!(
                "chain `{chain}' in table `{}' is incompatible, use 'nft' tool.",
                command.table
            ))
            .into());
        }
        None if !readable => {
            return Err(Problem::Other(format!(
                "table `{}' is incompatible, use 'nft' tool.",
                command.table
            ))
            .into());
        }
        _ => {}
    }
    if wanted.is_none() && snapshot.foreign_base_chains {
        writeln!(
            out,
            "# Table `{}' contains incompatible base-chains, use 'nft' tool to list them.",
            command.table
        )?;
    }
    if command.action == Action::ListRules {
        return list_rules(program, command, &chains, out);
    }
    let lister = Lister {
        v6: program.is_v6(),
        show: command.show,
    };
    for (place, chain) in chains.iter().enumerate() {
        if command.number.is_none() {
            if place > 0 {
                writeln!(out)?;
            }
            out.write_all(lister.header(*chain).as_bytes())?;
        }
        for (number, rule) in numbered(command, *chain) {
            out.write_all(lister.line(rule, number).as_bytes())?;
        }
    }
    Ok(())
}

fn list_rules(
    program: &Program,
    command: &Command,
    chains: &[ChainOrGap<'_>],
    out: &mut Output,
) -> Result<(), Stop> {
    let counters = command.show.verbose > 0;
    if command.number.is_none() {
        for chain in chains {
            match chain.policy() {
                Some((policy, count)) => {
                    write!(out, "-P {} {}", chain.name(), show::policy_name(policy))?;
                    if counters {
                        write!(out, " -c {} {}", count.packets, count.bytes)?;
                    }
                    writeln!(out)?;
                }
                None => writeln!(out, "-N {}", chain.name())?,
            }
        }
    }
    for chain in chains {
        for (_, rule) in numbered(command, *chain) {
            writeln!(
                out,
                "-A {}{}",
                chain.name(),
                show::save(rule, program.is_v6(), counters)
            )?;
        }
    }
    Ok(())
}

/// The rules of a chain with their numbers: all, or the one that the command names.
fn numbered<'a>(
    command: &Command,
    chain: ChainOrGap<'a>,
) -> impl Iterator<Item = (usize, &'a Rule)> {
    let wanted = command
        .number
        .and_then(|number| usize::try_from(number).ok());
    (1..)
        .zip(chain.rules())
        .filter(move |(number, _)| wanted.is_none_or(|wanted| wanted == *number))
        .filter_map(|(number, stored)| stored.rule.as_ref().ok().map(|rule| (number, rule)))
}

/// A transaction that is being put together, with what each part is called in messages.
pub(super) struct Work<'a> {
    program: &'a Program,
    snapshot: &'a Snapshot,
    transaction: Transaction,
    labels: Vec<(&'static str, String)>,
    /// Built-in chains that the transaction adds.
    added: Vec<&'static str>,
    table_added: bool,
    /// What `-v` says.
    pub said: String,
}

impl<'a> Work<'a> {
    pub(super) fn new(program: &'a Program, snapshot: &'a Snapshot) -> Self {
        Self {
            program,
            snapshot,
            transaction: Transaction::new(),
            labels: Vec::new(),
            added: Vec::new(),
            table_added: false,
            said: String::new(),
        }
    }

    fn push<R>(&mut self, label: &'static str, what: String, request: R)
    where
        R: nl_core::Request<Protocol = Netfilter> + Send + Sync + 'static,
    {
        self.transaction.push(request);
        self.labels.push((label, what));
    }

    fn commit(&mut self, connection: &mut Connection<Netfilter>) -> Result<(), CommitError> {
        if self.transaction.is_empty() {
            return Ok(());
        }
        let transaction = std::mem::take(&mut self.transaction);
        connection.commit(&transaction.expect_generation(self.snapshot.generation))
    }

    fn explain(&self, error: &CommitError) -> Vec<String> {
        let CommitError::Refused(refusals) = error else {
            return vec![error.to_string()];
        };
        // What comes behind the first is often its consequence.
        let lines = refusals.iter().take(1).map(|refusal| {
            let label = refusal.index.and_then(|index| self.labels.get(index));
            let reason = strerror(refusal.error.errno);
            match label {
                Some((label, what)) => format!(" {label} failed ({reason}): {what}"),
                None => reason,
            }
        });
        lines.collect()
    }

    fn command(&mut self, command: &Command) -> Result<(), Problem> {
        let chain = command.chain.as_deref();
        match (command.action, chain) {
            (Action::List | Action::ListRules | Action::Zero, chain) => self.zero(command, chain),
            (Action::Flush, chain) => self.flush(command, chain),
            (Action::DeleteChain, chain) => self.delete_chain(command, chain),
            (_, None) => Err(parameter!("no chain specified")),
            (Action::NewChain, Some(chain)) => self.new_chain(chain),
            (Action::RenameChain, Some(chain)) => self.rename(command, chain),
            (Action::SetPolicy, Some(chain)) => self.policy(command, chain),
            (Action::ZeroNumber, Some(chain)) => self.zero_number(command, chain),
            (Action::DeleteNumber, Some(chain)) => self.delete_number(command, chain),
            (_, Some(chain)) => self.rules(command, chain),
        }
    }

    fn table(&mut self) {
        if !self.snapshot.exists && !self.table_added {
            let name = self.snapshot.table.name;
            let request = NewTable::new(self.program.family, name);
            self.push("TABLE_ADD", format!("table {name}"), request);
            self.table_added = true;
        }
    }

    /// Adds a built-in chain if the kernel does not have it. Whether there is such a chain now.
    fn need_chain(&mut self, name: &str) -> bool {
        if self.snapshot.chain(name).is_some() || self.added.contains(&name) {
            return true;
        }
        let Some(builtin) = self.snapshot.table.chain(name) else {
            return false;
        };
        self.table();
        let request = self
            .snapshot
            .table
            .new_chain(self.program.family, builtin, Policy::ACCEPT);
        self.push("CHAIN_ADD", format!("chain {name}"), request);
        self.added.push(builtin.name);
        true
    }

    fn rules(&mut self, command: &Command, chain: &str) -> Result<(), Problem> {
        let rules = self.spelled_out(command)?;
        let stored: &[StoredRule] = self.snapshot.chain(chain).map_or(&[], |chain| &chain.rules);
        let number = command
            .number
            .and_then(|number| usize::try_from(number).ok());
        let exists = match command.action {
            Action::Append | Action::Insert => self.need_chain(chain),
            _ => self.snapshot.chain(chain).is_some(),
        };
        if !exists {
            return Err(match command.action {
                Action::Delete | Action::Check => Problem::NO_RULE,
                _ => Problem::NO_CHAIN,
            });
        }
        if command.action == Action::Replace && rules.len() > 1 {
            return Err(parameter!(
                "Replacement rule does not specify a unique address"
            ));
        }
        let lister = Lister {
            v6: self.program.is_v6(),
            show: command.show,
        };
        let mut gone: Vec<u64> = Vec::new();
        // Each goes to the same place: the last one first.
        let ordered: Vec<Rule> = match command.action {
            Action::Insert => rules.into_iter().rev().collect(),
            _ => rules,
        };
        for rule in ordered {
            let (family, table) = (self.program.family, self.snapshot.table.name);
            let request = rule.to_new_rule(family, table, chain);
            let what = format!("rule in chain {chain}");
            match (command.action, number) {
                (Action::Append, _) => self.push("RULE_APPEND", what, request),
                (Action::Insert, Some(number)) => {
                    let place = match stored.get(number - 1) {
                        _ if number == 1 => Place::Start,
                        Some(there) => Place::Before(there.handle),
                        None if number == stored.len() + 1 => Place::End,
                        None => return Err(Problem::Answer("Index of insertion too big.")),
                    };
                    self.push("RULE_INSERT", what, request.at(place));
                }
                (Action::Replace, Some(number)) => {
                    let there = stored.get(number - 1);
                    let there = there.ok_or(Problem::Answer("Index of replacement too big."))?;
                    self.push(
                        "RULE_REPLACE",
                        what,
                        request.at(Place::Replace(there.handle)),
                    );
                }
                _ => {
                    // Both as they look when they are read back.
                    let wanted = Rule::from_exprs(family, &request.exprs, &[]);
                    let same = |there: &&StoredRule| {
                        let there_rule = there.rule.as_ref();
                        !gone.contains(&there.handle)
                            && matches!((there_rule, &wanted), (Ok(there), Ok(wanted)) if there.says_the_same_as(wanted))
                    };
                    let found = stored.iter().find(same).ok_or(Problem::NO_RULE)?;
                    if command.action == Action::Delete {
                        gone.push(found.handle);
                        let request = DelRule::new(family, table, chain, found.handle);
                        self.push("RULE_DELETE", what, request);
                    }
                }
            }
            if command.show.verbose > 0 {
                self.said += &lister.echo(&rule);
            }
        }
        Ok(())
    }

    /// The rules of a command: one for each source and destination.
    fn spelled_out(&self, command: &Command) -> Result<Vec<Rule>, Problem> {
        let mut rule = command.rule.clone();
        if let Some(jump) = &command.jump {
            let known = self.snapshot.chain(&jump.chain).is_some()
                || self.snapshot.table.chain(&jump.chain).is_some();
            if !known {
                return Err(parameter!("Chain '{}' does not exist", jump.chain));
            }
            let chain = jump.chain.clone();
            rule.target = Target::Verdict(if jump.goto {
                Verdict::Goto(chain)
            } else {
                Verdict::Jump(chain)
            });
        }
        let each = |addresses: &[_]| match addresses {
            [] => vec![None],
            some => some.iter().copied().map(Some).collect::<Vec<_>>(),
        };
        let mut rules = Vec::new();
        for source in each(&command.sources) {
            for destination in each(&command.destinations) {
                rules.push(Rule {
                    source,
                    destination,
                    ..rule.clone()
                });
            }
        }
        Ok(rules)
    }

    fn delete_number(&mut self, command: &Command, chain: &str) -> Result<(), Problem> {
        let there = self.snapshot.chain(chain).ok_or(Problem::NO_CHAIN)?;
        let number = command
            .number
            .and_then(|number| usize::try_from(number).ok());
        let rule = number.and_then(|number| there.rules.get(number.checked_sub(1)?));
        let rule = rule.ok_or(Problem::Answer("Index of deletion too big."))?;
        let request = DelRule::new(
            self.program.family,
            self.snapshot.table.name,
            chain,
            rule.handle,
        );
        self.push("RULE_DELETE", format!("rule in chain {chain}"), request);
        Ok(())
    }

    fn flush(&mut self, command: &Command, chain: Option<&str>) -> Result<(), Problem> {
        let (family, table) = (self.program.family, self.snapshot.table.name);
        if let Some(chain) = chain {
            if !self.need_chain(chain) {
                return Err(Problem::NO_CHAIN);
            }
            self.say(command, "Flushing", chain);
            let request = DelRule::flush_chain(family, table, chain);
            self.push("RULE_FLUSH", format!("chain {chain}"), request);
            return Ok(());
        }
        for chain in self.snapshot.all_chains() {
            self.say(command, "Flushing", chain.name());
        }
        if self.snapshot.exists {
            let request = DelRule::flush_table(family, table);
            self.push("RULE_FLUSH", format!("table {table}"), request);
        }
        Ok(())
    }

    fn say(&mut self, command: &Command, doing: &str, chain: &str) {
        if command.show.verbose > 0 {
            self.said += &format!("{doing} chain `{chain}'\n");
        }
    }

    fn new_chain(&mut self, chain: &str) -> Result<(), Problem> {
        let exists =
            self.snapshot.chain(chain).is_some() || self.snapshot.table.chain(chain).is_some();
        if exists {
            return Err(Problem::Answer("Chain already exists."));
        }
        self.table();
        let request =
            NewChain::new(self.program.family, self.snapshot.table.name, chain).exclusive();
        self.push("CHAIN_USER_ADD", format!("chain {chain}"), request);
        Ok(())
    }

    fn delete_chain(&mut self, command: &Command, chain: Option<&str>) -> Result<(), Problem> {
        let (family, table) = (self.program.family, self.snapshot.table.name);
        if let Some(name) = chain {
            self.snapshot.chain(name).ok_or(Problem::NO_CHAIN)?;
            self.say(command, "Deleting", name);
            let request = DelChain::new(family, table, name);
            self.push("CHAIN_DEL", format!("chain {name}"), request);
            return Ok(());
        }
        for chain in &self.snapshot.chains {
            let unused = chain.rules.is_empty() && chain.policy == Policy::ACCEPT;
            if chain.builtin.is_some() && !unused {
                continue;
            }
            if chain.builtin.is_none() {
                self.say(command, "Deleting", &chain.name);
            }
            let request = DelChain::new(family, table, &chain.name);
            self.push("CHAIN_DEL", format!("chain {}", chain.name), request);
        }
        Ok(())
    }

    fn rename(&mut self, command: &Command, chain: &str) -> Result<(), Problem> {
        let new = command.word.as_deref().unwrap_or_default();
        if self.snapshot.chain(new).is_some() {
            return Err(Problem::Answer("File exists."));
        }
        let there = self.snapshot.chain(chain).ok_or(Problem::NO_CHAIN)?;
        let mut request = NewChain::new(self.program.family, self.snapshot.table.name, new);
        request.handle = Some(there.handle);
        self.push("CHAIN_RENAME", format!("chain {chain}"), request);
        Ok(())
    }

    fn policy(&mut self, command: &Command, chain: &str) -> Result<(), Problem> {
        let table = self.snapshot.table;
        let word = command.word.as_deref().unwrap_or_default();
        if table.name == "nat" && word == "DROP" {
            return Err(parameter!(
                "\nThe \"nat\" table is not intended for filtering, the use of DROP is therefore inhibited.\n\n"
            ));
        }
        let builtin = table.chain(chain);
        let builtin = builtin.ok_or(Problem::Answer("Bad built-in chain name."))?;
        let policy = match word {
            "ACCEPT" => Policy::ACCEPT,
            "DROP" => Policy::DROP,
            _ => {
                return Err(Problem::Answer(
                    "Bad policy name. Run `dmesg' for more information.",
                ));
            }
        };
        self.table();
        let request = table.new_chain(self.program.family, builtin, policy);
        let what = format!("chain {chain}");
        self.push("CHAIN_UPDATE", what, request.counters(0, 0));
        Ok(())
    }

    fn zero(&mut self, command: &Command, chain: Option<&str>) -> Result<(), Problem> {
        if let Some(name) = chain {
            self.snapshot.chain(name).ok_or(Problem::NO_CHAIN)?;
        }
        if command.zero && chain.is_none() {
            // A listing has shown them as if they were there.
            for builtin in self.snapshot.table.chains {
                self.need_chain(builtin.name);
            }
        }
        for there in self.snapshot.all_chains() {
            if chain.is_some_and(|wanted| wanted != there.name()) {
                continue;
            }
            self.say(command, "Zeroing", there.name());
            if let ChainOrGap::Chain(there) = there {
                self.zero_chain(there);
            }
        }
        Ok(())
    }

    fn zero_chain(&mut self, chain: &Chain) {
        if let Some(builtin) = chain.builtin {
            let request = self
                .snapshot
                .table
                .new_chain(self.program.family, builtin, chain.policy);
            let what = format!("chain {}", chain.name);
            self.push("CHAIN_ZERO", what, request.counters(0, 0));
        }
        for rule in &chain.rules {
            self.zero_rule(&chain.name, rule);
        }
    }

    /// Puts a rule in place of itself with its counter at 0, if it has counted anything.
    fn zero_rule(&mut self, chain: &str, stored: &StoredRule) {
        let mut request = NewRule::new(self.program.family, self.snapshot.table.name, chain)
            .at(Place::Replace(stored.handle));
        let mut changed = false;
        request.exprs.clone_from(&stored.exprs);
        for expr in &mut request.exprs {
            if let Expr::Counter(counter) = expr {
                changed |= counter.packets.unwrap_or(0) != 0 || counter.bytes.unwrap_or(0) != 0;
                (counter.packets, counter.bytes) = (Some(0), Some(0));
            }
        }
        if !changed {
            return;
        }
        request.userdata.clone_from(&stored.userdata);
        let protocol = stored.rule.as_ref().ok().and_then(|rule| rule.protocol);
        request.compat = protocol.map(|protocol| Compat {
            proto: protocol.number.into(),
            flags: u32::from(protocol.inverted) << 1,
        });
        self.push("RULE_REPLACE", format!("rule in chain {chain}"), request);
    }

    fn zero_number(&mut self, command: &Command, chain: &str) -> Result<(), Problem> {
        let there = self.snapshot.chain(chain).ok_or(Problem::NO_RULE)?;
        let number = command
            .number
            .and_then(|number| usize::try_from(number).ok());
        let rule = number.and_then(|number| there.rules.get(number.checked_sub(1)?));
        let rule = rule.ok_or(Problem::NO_RULE)?;
        self.zero_rule(chain, rule);
        Ok(())
    }
}
