//! [`Ruleset`]: the objects that are known.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nl_core::{Attrs, DecodeError, Owned};

use super::Event;
use super::object::{FlowtableInfo, Object, Objects, SetElement, in_chain, placed};
use crate::chain::{ChainFlags, ChainInfo};
use crate::data::{Data, Verdict};
use crate::element::{ElementFlags, ElementView};
use crate::expr::{Expr, Expression, Immediate};
use crate::nfgen::Family;
use crate::object::ObjectInfo;
use crate::rule::RuleInfo;
use crate::set::{SetFlags, SetInfo};
use crate::table::TableInfo;

/// What of a message says that reading again is needed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Doubt {
    /// All objects.
    Everything,
    /// The elements of a set.
    Set(SetName),
}

impl From<DecodeError> for Doubt {
    fn from(_: DecodeError) -> Self {
        Self::Everything
    }
}

/// Which set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SetName {
    pub(super) family: u8,
    pub(super) table: Arc<str>,
    pub(super) set: Arc<str>,
}

/// A message about objects, and when it was sent: not before `since`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told<'a> {
    pub(super) message_type: u16,
    pub(super) flags: u16,
    pub(super) payload: &'a [u8],
    pub(super) since: Instant,
    pub(super) now: Instant,
}

/// Where changes go.
pub(super) struct News<'n> {
    pub(super) wanted: Objects,
    pub(super) pending: &'n mut VecDeque<Event>,
    pub(super) port: u32,
}

impl News<'_> {
    pub(super) fn added(&mut self, kind: Objects, object: impl FnOnce() -> Object) {
        if self.wanted.contains(kind) {
            let (object, port) = (object(), self.port);
            self.pending.push_back(Event::Added { object, port });
        }
    }

    pub(super) fn removed(&mut self, kind: Objects, object: impl FnOnce() -> Object) {
        if self.wanted.contains(kind) {
            let (object, port) = (object(), self.port);
            self.pending.push_back(Event::Removed { object, port });
        }
    }

    /// An object that was there is told of: a change if it says something else.
    pub(super) fn there(&mut self, old: Object, new: Object) {
        if !old.says_the_same(&new) {
            self.changed(old, new);
        }
    }

    pub(super) fn changed(&mut self, old: Object, new: Object) {
        if self.wanted.contains(new.kind()) {
            let port = self.port;
            self.pending.push_back(Event::Changed { old, new, port });
        }
    }
}

/// A table and what is in it.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) info: TableInfo,
    pub(super) chains: BTreeMap<u64, Chain>,
    /// Handles of chains.
    pub(super) names: BTreeMap<String, u64>,
    /// Names of the chains that live and die with a rule: few, if any.
    binding: BTreeSet<String>,
    pub(super) rules: BTreeMap<u64, Rule>,
    pub(super) sets: BTreeMap<String, Set>,
    /// By type, then by name.
    pub(super) stateful: BTreeMap<(u32, String), ObjectInfo>,
    pub(super) flowtables: BTreeMap<String, FlowtableInfo>,
}

#[derive(Debug)]
pub(super) struct Chain {
    pub(super) info: ChainInfo,
    /// Handles, in the order in which packets see the rules.
    pub(super) rules: Vec<u64>,
}

#[derive(Debug)]
pub(super) struct Rule {
    pub(super) info: RuleInfo,
    pub(super) chain: u64,
}

#[derive(Debug)]
pub(super) struct Set {
    pub(super) info: SetInfo,
    pub(super) name: SetName,
    pub(super) flags: SetFlags,
    pub(super) elements: BTreeMap<Vec<u8>, Timed>,
    /// Whether the end of an interval may be there whose time is over: ends have no lifetime. The kernel lists it
    /// until a later change of the set takes it along, and does not tell.
    pub(super) end_left: bool,
}

/// An element, and where among what is due its end stands.
#[derive(Debug)]
pub(super) struct Timed {
    pub(super) info: Owned<ElementView<'static>>,
    pub(super) due: Option<(Instant, u64)>,
}

/// All objects.
#[derive(Debug)]
pub(super) struct Ruleset {
    /// Rules and elements are only kept if they are wanted.
    pub(super) wanted: Objects,
    pub(super) tables: BTreeMap<u8, BTreeMap<String, Table>>,
    /// Elements by when they are gone.
    pub(super) due: BTreeMap<(Instant, u64), (SetName, Vec<u8>)>,
    pub(super) serial: u64,
    /// When it was begun.
    pub(super) start: Instant,
}

/// An element may be gone this much later than it was said: the kernel counts in ticks, of 10 ms at most.
pub(super) const GRACE: Duration = Duration::from_millis(10);

impl Table {
    pub(super) fn new(info: TableInfo) -> Self {
        Self {
            info,
            chains: BTreeMap::new(),
            names: BTreeMap::new(),
            binding: BTreeSet::new(),
            rules: BTreeMap::new(),
            sets: BTreeMap::new(),
            stateful: BTreeMap::new(),
            flowtables: BTreeMap::new(),
        }
    }

    /// It and all that is in it: what is referred to comes before what refers to it.
    pub(super) fn objects(&self) -> impl Iterator<Item = Object> + '_ {
        let stateful = self.stateful.values().cloned().map(Object::Stateful);
        let flowtables = self.flowtables.values().cloned().map(Object::Flowtable);
        let chains = self.chains.values();
        let sets = self.sets.values();
        std::iter::once(Object::Table(self.info.clone()))
            .chain(stateful)
            .chain(flowtables)
            .chain(chains.map(|chain| Object::Chain(chain.info.clone())))
            .chain(sets.flat_map(Set::objects))
            .chain(self.chains.values().flat_map(|chain| self.rules_of(chain)))
    }

    /// The rules of a chain, each with the one before it.
    fn rules_of<'t>(&'t self, chain: &'t Chain) -> impl Iterator<Item = Object> + 't {
        let before = std::iter::once(None).chain(chain.rules.iter().copied().map(Some));
        chain
            .rules
            .iter()
            .zip(before)
            .filter_map(|(handle, before)| self.rules.get(handle)?.object(before))
    }

    /// Whether a rule leads to a chain that lives and dies with it; of that chain nothing is told.
    pub(super) fn is_binding(&self, rule: &RuleInfo) -> bool {
        if self.binding.is_empty() {
            return false;
        }
        let exprs = rule.view().exprs();
        exprs.is_some_and(|exprs| exprs.iter().any(|expr| self.leads_into_binding(&expr)))
    }

    fn leads_into_binding(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Immediate(immediate) => match &immediate.data {
                Data::Verdict(Verdict::Jump(chain) | Verdict::Goto(chain)) => {
                    self.binding.contains(chain)
                }
                _ => false,
            },
            // A newer kernel's, with what is not known here.
            Expr::Unknown { name, .. } => name == Immediate::NAME,
            _ => false,
        }
    }

    /// The name of a chain stands in its rules.
    pub(super) fn renamed(
        &mut self,
        chain: u64,
        name: &str,
        news: &mut News<'_>,
    ) -> Result<(), Doubt> {
        let Some(chain) = self.chains.get(&chain) else {
            return Ok(());
        };
        let mut before = None;
        for handle in &chain.rules {
            let rule = self.rules.get_mut(handle).ok_or(Doubt::Everything)?;
            let old = rule.object(before);
            rule.info = RuleInfo::from_payload(&in_chain(rule.info.payload(), name))?;
            if let Some((old, new)) = old.zip(rule.object(before)) {
                news.there(old, new);
            }
            before = Some(*handle);
        }
        Ok(())
    }

    pub(super) fn put_chain(&mut self, handle: u64, info: ChainInfo) -> Option<ChainInfo> {
        let name = info.view().name().unwrap_or_default().to_owned();
        let flags = info.view().flags().unwrap_or_default();
        let old = match self.chains.get_mut(&handle) {
            Some(chain) => Some(std::mem::replace(&mut chain.info, info)),
            None => {
                let rules = Vec::new();
                self.chains.insert(handle, Chain { info, rules });
                None
            }
        };
        if let Some(old) = &old {
            self.forget_name(old);
        }
        if flags.contains(ChainFlags::BINDING) {
            self.binding.insert(name.clone());
        }
        self.names.insert(name, handle);
        old
    }

    pub(super) fn take_chain(&mut self, handle: u64) -> Option<Chain> {
        let chain = self.chains.remove(&handle)?;
        self.forget_name(&chain.info);
        Some(chain)
    }

    fn forget_name(&mut self, chain: &ChainInfo) {
        let name = chain.view().name().unwrap_or_default();
        self.names.remove(name);
        self.binding.remove(name);
    }
}

impl Rule {
    pub(super) fn object(&self, before: Option<u64>) -> Option<Object> {
        let payload = placed(self.info.payload(), before);
        RuleInfo::from_payload(&payload).ok().map(Object::Rule)
    }
}

impl Set {
    pub(super) fn objects(&self) -> impl Iterator<Item = Object> + '_ {
        let elements = self.elements.values();
        std::iter::once(Object::Set(self.info.clone()))
            .chain(elements.map(|element| self.element(element.info.clone())))
    }

    pub(super) fn element(&self, element: Owned<ElementView<'static>>) -> Object {
        Object::Element(SetElement {
            family: Family(self.name.family),
            table: Arc::clone(&self.name.table),
            set: Arc::clone(&self.name.set),
            element,
        })
    }

    /// Whether elements come and go without anybody's doing.
    pub(super) fn is_changing(&self) -> bool {
        self.flags.intersects(SetFlags::TIMEOUT | SetFlags::EVAL)
    }

    /// All elements are listed: an end may be among them that no start is before.
    pub(super) fn listed(&mut self) {
        self.end_left = self.has_ends_left();
    }

    fn has_ends_left(&self) -> bool {
        if !self.flags.contains(SetFlags::INTERVAL | SetFlags::TIMEOUT) {
            return false;
        }
        // Of equal keys the start comes first here; the end is the one of the interval before.
        let (mut open, mut begun) = (false, None);
        for key in self.elements.keys() {
            let Some((key, flags)) = key.split_last_chunk() else {
                continue;
            };
            let flags = ElementFlags::from_bits_retain(u32::from_be_bytes(*flags));
            if flags.contains(ElementFlags::CATCHALL) {
                continue;
            }
            if !flags.contains(ElementFlags::INTERVAL_END) {
                open |= begun.replace(key).is_some();
                continue;
            }
            let touches = begun == Some(key);
            let has_start = open || (begun.is_some() && !touches);
            if !has_start && !is_lowest(key) {
                return true;
            }
            (open, begun) = (touches, None);
        }
        false
    }
}

/// Whether a key is 0, where nft puts an end before all intervals.
fn is_lowest(key: &[u8]) -> bool {
    let value = Attrs::new(key).flatten().next();
    value.is_some_and(|value| value.payload.iter().all(|&byte| byte == 0))
}

impl Ruleset {
    pub(super) fn new(wanted: Objects) -> Self {
        Self {
            wanted,
            tables: BTreeMap::new(),
            due: BTreeMap::new(),
            serial: 0,
            start: Instant::now(),
        }
    }

    pub(super) fn objects(&self) -> impl Iterator<Item = Object> + '_ {
        let tables = self.tables.values().flat_map(BTreeMap::values);
        tables.flat_map(Table::objects)
    }

    /// The names of all sets.
    pub(super) fn sets(&self) -> impl Iterator<Item = &SetName> {
        let tables = self.tables.values().flat_map(BTreeMap::values);
        tables.flat_map(|table| table.sets.values().map(|set| &set.name))
    }

    pub(super) fn table(
        &mut self,
        family: Family,
        name: Option<&str>,
    ) -> Result<&mut Table, Doubt> {
        let tables = self.tables.get_mut(&family.0);
        tables
            .zip(name)
            .and_then(|(tables, name)| tables.get_mut(name))
            .ok_or(Doubt::Everything)
    }

    pub(super) fn set(&self, name: &SetName) -> Option<&Set> {
        self.tables
            .get(&name.family)?
            .get(&*name.table)?
            .sets
            .get(&*name.set)
    }

    pub(super) fn set_mut(&mut self, name: &SetName) -> Option<&mut Set> {
        self.tables
            .get_mut(&name.family)?
            .get_mut(&*name.table)?
            .sets
            .get_mut(&*name.set)
    }

    /// When the next element ends.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.due.keys().next().map(|&(at, _)| at)
    }

    /// Takes the next element out that has ended. One that packets may have given a longer life
    /// leaves its set in doubt.
    pub(super) fn expire(&mut self, now: Instant, news: &mut News<'_>) -> Result<bool, Doubt> {
        let Some(due) = self.due.first_entry().filter(|due| due.key().0 <= now) else {
            return Ok(false);
        };
        let (name, key) = due.remove();
        let Some(set) = self.set_mut(&name) else {
            return Ok(true);
        };
        if set.flags.contains(SetFlags::EVAL) {
            if let Some(element) = set.elements.get_mut(&key) {
                element.due = None;
            }
            return Err(Doubt::Set(name));
        }
        let Some(element) = set.elements.remove(&key) else {
            return Ok(true);
        };
        let has_end =
            set.flags.contains(SetFlags::INTERVAL) && element.info.view().key_end().is_none();
        news.removed(Objects::ELEMENTS, || set.element(element.info));
        // A commit that was told already may have taken the end along.
        if has_end && !std::mem::replace(&mut set.end_left, true) {
            return Err(Doubt::Set(name));
        }
        Ok(true)
    }

    /// Puts a set's elements in place of those that were known; what differs is told.
    pub(super) fn reread(&mut self, name: &SetName, from: &Self, news: &mut News<'_>) {
        let (Some(old), Some(new)) = (self.set(name), from.set(name)) else {
            return;
        };
        super::difference::elements(old, new, news);
        let Some(set) = self.set_mut(name) else {
            return;
        };
        let old = std::mem::take(&mut set.elements);
        let mut elements = BTreeMap::new();
        for (key, element) in &new.elements {
            let (info, due) = (element.info.clone(), None);
            elements.insert(key.clone(), Timed { info, due });
        }
        for due in old.values().filter_map(|element| element.due) {
            self.due.remove(&due);
        }
        for ((at, _), (of, key)) in &from.due {
            if of == name
                && let Some(element) = elements.get_mut(key)
            {
                self.serial += 1;
                element.due = Some((*at, self.serial));
                self.due
                    .insert((*at, self.serial), (name.clone(), key.clone()));
            }
        }
        if let Some(set) = self.set_mut(name) {
            set.elements = elements;
            set.listed();
        }
    }

    /// A ruleset with this set alone, without its elements.
    pub(super) fn only(&self, name: &SetName) -> Option<Self> {
        let table = self.tables.get(&name.family)?.get(&*name.table)?;
        let set = table.sets.get(&*name.set)?;
        let mut only = Self::new(self.wanted);
        let mut shell = Table::new(table.info.clone());
        let set = Set {
            info: set.info.clone(),
            name: name.clone(),
            flags: set.flags,
            elements: BTreeMap::new(),
            end_left: false,
        };
        shell.sets.insert(name.set.to_string(), set);
        let tables = only.tables.entry(name.family).or_default();
        tables.insert(name.table.to_string(), shell);
        Some(only)
    }
}
