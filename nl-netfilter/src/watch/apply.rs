//! How what was listed or told becomes part of a [`Ruleset`].

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use nl_core::{Attrs, Owned, View};

use super::object::{FlowtableInfo, Object, Objects, in_chain, placed, without_generation};
use super::order::{Commit, Placement, Waiting};
use super::ruleset::{Doubt, GRACE, News, Rule, Ruleset, Set, SetName, Table, Timed, Told};
use crate::chain::{ChainInfo, ChainView};
use crate::element::{
    ElementView, ElementsView, NFTA_SET_ELEM_KEY, NFTA_SET_ELEM_KEY_END,
    NFTA_SET_ELEM_LIST_ELEMENTS,
};
use crate::flowtable::FlowtableView;
use crate::nfgen::{self, Family};
use crate::object::{ObjectInfo, ObjectView};
use crate::rule::{RuleInfo, RuleView};
use crate::set::{SetFlags, SetInfo, SetView};
use crate::table::{TableInfo, TableView};

/// When an event that lay longer than this was sent is not known well enough to tell when an element ends.
const FRESH: Duration = Duration::from_millis(20);

impl Ruleset {
    /// Takes a message about an object that is there, or is gone.
    pub(super) fn apply(
        &mut self,
        told: &Told<'_>,
        commit: &mut Commit,
        news: &mut News<'_>,
    ) -> Result<(), Doubt> {
        let payload = told.payload;
        match told.message_type {
            nfgen::NFT_MSG_NEWTABLE => self.new_table(owned(payload)?, news),
            nfgen::NFT_MSG_DELTABLE => self.del_table(TableView::parse(payload)?, news),
            nfgen::NFT_MSG_NEWCHAIN => self.new_chain(owned(payload)?, news),
            nfgen::NFT_MSG_DELCHAIN => self.del_chain(ChainView::parse(payload)?, news),
            nfgen::NFT_MSG_NEWRULE => self.new_rule(told, commit, news),
            nfgen::NFT_MSG_DELRULE => self.del_rule(told, commit, news),
            nfgen::NFT_MSG_NEWSET => self.new_set(owned(payload)?, news),
            nfgen::NFT_MSG_DELSET => self.del_set(SetView::parse(payload)?, news),
            nfgen::NFT_MSG_NEWSETELEM => self.new_elements(told, news),
            nfgen::NFT_MSG_DELSETELEM => self.del_elements(payload, news),
            nfgen::NFT_MSG_NEWOBJ => self.new_stateful(owned(payload)?, news),
            nfgen::NFT_MSG_DELOBJ => self.del_stateful(ObjectView::parse(payload)?, news),
            nfgen::NFT_MSG_NEWFLOWTABLE => self.new_flowtable(owned(payload)?, news),
            nfgen::NFT_MSG_DELFLOWTABLE => self.del_flowtable(FlowtableView::parse(payload)?, news),
            _ => Ok(()),
        }
    }

    /// The commit is complete: rules that are behind others that were told of later find their place.
    pub(super) fn complete(&mut self, commit: Commit, news: &mut News<'_>) -> Result<(), Doubt> {
        // By table, and by the handle of the rule before: several may stand one behind the other.
        let mut waiting = BTreeMap::new();
        for rule in commit.waiting {
            let view = rule.info.view();
            let table = (view.header().family, view.table().map(str::to_owned));
            if waiting.insert((table, rule.behind), rule).is_some() {
                return Err(Doubt::Everything);
            }
        }
        let starts: Vec<_> = waiting.keys().cloned().collect();
        for ((family, name), mut behind) in starts {
            let table = self.table(Family(family), name.as_deref())?;
            let Some(known) = table.rules.get(&behind) else {
                continue;
            };
            let chain = table.chains.get(&known.chain).ok_or(Doubt::Everything)?;
            // The chain may have got another name since.
            let chain_name = chain.info.view().name().unwrap_or_default().to_owned();
            let place = chain.rules.iter().rposition(|&other| other == behind);
            let mut place = place.ok_or(Doubt::Everything)?;
            while let Some(rule) = waiting.remove(&((family, name.clone()), behind)) {
                let payload = in_chain(rule.info.payload(), &chain_name);
                let info = RuleInfo::from_payload(&payload)?;
                behind = info.view().handle().ok_or(Doubt::Everything)?;
                place += 1;
                table.put_rule(info, rule.chain, place, news)?;
            }
        }
        match waiting.is_empty() {
            true => Ok(()),
            false => Err(Doubt::Everything),
        }
    }

    fn new_table(&mut self, info: TableInfo, news: &mut News<'_>) -> Result<(), Doubt> {
        let view = info.view();
        let name = view.name().ok_or(Doubt::Everything)?.to_owned();
        let tables = self.tables.entry(view.header().family).or_default();
        match tables.get_mut(&name) {
            Some(table) => {
                if table.info.view().handle() != view.handle() {
                    return Err(Doubt::Everything);
                }
                let old = std::mem::replace(&mut table.info, info.clone());
                news.there(Object::Table(old), Object::Table(info));
            }
            None => {
                news.added(Objects::TABLES, || Object::Table(info.clone()));
                tables.insert(name, Table::new(info));
            }
        }
        Ok(())
    }

    fn del_table(&mut self, view: TableView<'_>, news: &mut News<'_>) -> Result<(), Doubt> {
        let tables = self.tables.get_mut(&view.header().family);
        let table = tables
            .zip(view.name())
            .and_then(|(tables, name)| tables.remove(name))
            .ok_or(Doubt::Everything)?;
        for set in table.sets.values() {
            forget(&mut self.due, set);
        }
        let objects: Vec<_> = table.objects().collect();
        for object in objects.into_iter().rev() {
            news.removed(object.kind(), || object.unplaced());
        }
        Ok(())
    }

    fn new_chain(&mut self, info: ChainInfo, news: &mut News<'_>) -> Result<(), Doubt> {
        let view = info.view();
        let handle = view.handle().ok_or(Doubt::Everything)?;
        let table = self.table(view.header().family(), view.table())?;
        let known = table.chains.get(&handle).map(|chain| chain.info.view());
        // Only the devices that came to it are told.
        if known.is_some_and(|chain| has_devices(&chain)) {
            return Err(Doubt::Everything);
        }
        let renamed = known.is_some_and(|chain| chain.name() != view.name());
        match table.put_chain(handle, info.clone()) {
            Some(old) => news.there(Object::Chain(old), Object::Chain(info.clone())),
            None => news.added(Objects::CHAINS, || Object::Chain(info.clone())),
        }
        if renamed {
            table.renamed(handle, view.name().unwrap_or_default(), news)?;
            // What leads to it has another name in it, too, wherever that is.
            return Err(Doubt::Everything);
        }
        Ok(())
    }

    fn del_chain(&mut self, view: ChainView<'_>, news: &mut News<'_>) -> Result<(), Doubt> {
        let handle = view.handle().ok_or(Doubt::Everything)?;
        let table = self.table(view.header().family(), view.table())?;
        let chain = table.chains.get(&handle).ok_or(Doubt::Everything)?;
        // It may stay, with fewer devices.
        if has_devices(&chain.info.view()) && view.hook().is_some() {
            return Err(Doubt::Everything);
        }
        let chain = table.take_chain(handle).ok_or(Doubt::Everything)?;
        for handle in chain.rules.into_iter().rev() {
            if let Some(rule) = table.rules.remove(&handle) {
                news.removed(Objects::RULES, || Object::Rule(rule.info));
            }
        }
        news.removed(Objects::CHAINS, || Object::Chain(chain.info));
        Ok(())
    }

    fn new_rule(
        &mut self,
        told: &Told<'_>,
        commit: &mut Commit,
        news: &mut News<'_>,
    ) -> Result<(), Doubt> {
        if !self.wanted.contains(Objects::RULES) {
            return Ok(());
        }
        let view = RuleView::parse(told.payload)?;
        let info = RuleInfo::from_payload(&placed(&without_generation(told.payload), None))?;
        let table = self.table(view.header().family(), view.table())?;
        let chain = table.names.get(view.chain().unwrap_or_default());
        let chain = *chain.ok_or(Doubt::Everything)?;
        let rules = &table.chains.get(&chain).ok_or(Doubt::Everything)?.rules;
        match commit.place(rules, chain, &view, told.flags)? {
            Placement::At(place) => table.put_rule(info, chain, place, news),
            Placement::Later(behind) => {
                commit.waiting.push(Waiting {
                    info,
                    chain,
                    behind,
                });
                Ok(())
            }
        }
    }

    fn del_rule(
        &mut self,
        told: &Told<'_>,
        commit: &mut Commit,
        news: &mut News<'_>,
    ) -> Result<(), Doubt> {
        if !self.wanted.contains(Objects::RULES) {
            return Ok(());
        }
        let view = RuleView::parse(told.payload)?;
        let handle = view.handle().ok_or(Doubt::Everything)?;
        let table = self.table(view.header().family(), view.table())?;
        let Some(rule) = table.rules.remove(&handle) else {
            return match commit.forget(handle) {
                true => Ok(()),
                false => Err(Doubt::Everything),
            };
        };
        if let Some(chain) = table.chains.get_mut(&rule.chain)
            && let Some(place) = chain.rules.iter().position(|&other| other == handle)
        {
            chain.rules.remove(place);
            commit.gone(rule.chain, place, chain.rules.len());
        }
        let binding = table.is_binding(&rule.info);
        news.removed(Objects::RULES, || Object::Rule(rule.info));
        match binding {
            true => Err(Doubt::Everything),
            false => Ok(()),
        }
    }

    fn new_set(&mut self, info: SetInfo, news: &mut News<'_>) -> Result<(), Doubt> {
        let view = info.view();
        let table_name = view.table().ok_or(Doubt::Everything)?;
        let name = view.name().ok_or(Doubt::Everything)?;
        let table = self.table(view.header().family(), view.table())?;
        if let Some(set) = table.sets.get_mut(name) {
            if set.info.view().handle() != view.handle() {
                return Err(Doubt::Everything);
            }
            let old = std::mem::replace(&mut set.info, info.clone());
            let (old, new) = (Object::Set(old), Object::Set(info));
            let same = old.says_the_same(&new);
            let doubt = Doubt::Set(set.name.clone());
            news.there(old, new);
            // How the elements' lifetimes are told depends on the set's.
            return match same {
                true => Ok(()),
                false => Err(doubt),
            };
        }
        let set = Set {
            name: SetName {
                family: view.header().family,
                table: table_name.into(),
                set: name.into(),
            },
            flags: view.flags().unwrap_or_default(),
            elements: BTreeMap::new(),
            end_left: false,
            info: info.clone(),
        };
        table.sets.insert(name.to_owned(), set);
        news.added(Objects::SETS, || Object::Set(info));
        Ok(())
    }

    fn del_set(&mut self, view: SetView<'_>, news: &mut News<'_>) -> Result<(), Doubt> {
        let table = self.table(view.header().family(), view.table())?;
        let set = table.sets.remove(view.name().unwrap_or_default());
        let set = set.ok_or(Doubt::Everything)?;
        forget(&mut self.due, &set);
        if news.wanted.contains(Objects::ELEMENTS) {
            for element in set.elements.values().rev() {
                news.removed(Objects::ELEMENTS, || set.element(element.info.clone()));
            }
        }
        news.removed(Objects::SETS, || Object::Set(set.info));
        Ok(())
    }

    fn new_elements(&mut self, told: &Told<'_>, news: &mut News<'_>) -> Result<(), Doubt> {
        if !self.wanted.contains(Objects::ELEMENTS) {
            return Ok(());
        }
        let view = ElementsView::parse(told.payload)?;
        let tables = self.tables.get_mut(&view.header().family);
        let set = tables
            .and_then(|tables| tables.get_mut(view.table()?)?.sets.get_mut(view.set()?))
            .ok_or(Doubt::Everything)?;
        let mut vague = set.end_left;
        for payload in elements(told.payload) {
            let key = key(payload);
            let info = Owned::<ElementView<'static>>::from_payload(payload)?;
            let left = info.view().expiration().map(Duration::from_millis);
            vague |= left.is_some() && told.now.saturating_duration_since(told.since) > FRESH;
            let end = left.and_then(|left| told.now.checked_add(left)?.checked_add(GRACE));
            let end = match set.flags.contains(SetFlags::EVAL) {
                true => end.and_then(|end| together(self.start, end)),
                false => end,
            };
            let due = end.map(|end| {
                self.serial += 1;
                (end, self.serial)
            });
            if let Some(due) = due {
                self.due.insert(due, (set.name.clone(), key.clone()));
            }
            let new = Timed { info, due };
            match set.elements.get_mut(&key) {
                Some(element) => {
                    let old = std::mem::replace(element, new);
                    if let Some(due) = &old.due {
                        self.due.remove(due);
                    }
                    let new = element.info.clone();
                    news.there(set.element(old.info), set.element(new));
                }
                None => {
                    news.added(Objects::ELEMENTS, || set.element(new.info.clone()));
                    set.elements.insert(key, new);
                }
            }
        }
        match vague {
            true => Err(Doubt::Set(set.name.clone())),
            false => Ok(()),
        }
    }

    fn del_elements(&mut self, message: &[u8], news: &mut News<'_>) -> Result<(), Doubt> {
        if !self.wanted.contains(Objects::ELEMENTS) {
            return Ok(());
        }
        let view = ElementsView::parse(message)?;
        let tables = self.tables.get_mut(&view.header().family);
        let set = tables
            .and_then(|tables| tables.get_mut(view.table()?)?.sets.get_mut(view.set()?))
            .ok_or(Doubt::Everything)?;
        for payload in elements(message) {
            match set.elements.remove(&key(payload)) {
                Some(element) => {
                    if let Some(due) = &element.due {
                        self.due.remove(due);
                    }
                    news.removed(Objects::ELEMENTS, || set.element(element.info));
                }
                // It has ended, or packets had put it there.
                None if set.is_changing() => {}
                None => return Err(Doubt::Everything),
            }
        }
        match set.end_left {
            true => Err(Doubt::Set(set.name.clone())),
            false => Ok(()),
        }
    }

    fn new_stateful(&mut self, info: ObjectInfo, news: &mut News<'_>) -> Result<(), Doubt> {
        let view = info.view();
        let (kind, name) = view.kind().zip(view.name()).ok_or(Doubt::Everything)?;
        let key = (kind.0, name.to_owned());
        let table = self.table(view.header().family(), view.table())?;
        match table.stateful.insert(key, info.clone()) {
            Some(old) => news.there(Object::Stateful(old), Object::Stateful(info)),
            None => news.added(Objects::STATEFUL, || Object::Stateful(info)),
        }
        Ok(())
    }

    fn del_stateful(&mut self, view: ObjectView<'_>, news: &mut News<'_>) -> Result<(), Doubt> {
        let (kind, name) = view.kind().zip(view.name()).ok_or(Doubt::Everything)?;
        let table = self.table(view.header().family(), view.table())?;
        let old = table.stateful.remove(&(kind.0, name.to_owned()));
        let old = old.ok_or(Doubt::Everything)?;
        news.removed(Objects::STATEFUL, || Object::Stateful(old));
        Ok(())
    }

    /// A quota says that it is used up: that is news, though lists are not compared by it.
    ///
    /// The family is the packet's, where the table may be of family inet.
    pub(super) fn used_up(&mut self, payload: &[u8], news: &mut News<'_>) -> Result<(), Doubt> {
        let told = ObjectView::parse(payload)?;
        let (kind, name) = told.kind().zip(told.name()).ok_or(Doubt::Everything)?;
        let key = (kind.0, name.to_owned());
        let table = told.table().unwrap_or_default();
        let of_name = self.tables.iter_mut().filter_map(|(family, tables)| {
            let known = tables.get_mut(table)?.stateful.get_mut(&key)?;
            (known.view().handle() == told.handle()).then_some((*family, known))
        });
        let mut found: Vec<_> = of_name.collect();
        let Some((family, known)) = found.pop() else {
            // It is made by a commit whose end is not there yet.
            return Ok(());
        };
        if !found.is_empty() {
            return Err(Doubt::Everything);
        }
        let mut payload = without_generation(payload);
        if let Some(first) = payload.first_mut() {
            *first = family;
        }
        let info = ObjectInfo::from_payload(&payload)?;
        let old = std::mem::replace(known, info.clone());
        news.changed(Object::Stateful(old), Object::Stateful(info));
        Ok(())
    }

    fn new_flowtable(&mut self, info: FlowtableInfo, news: &mut News<'_>) -> Result<(), Doubt> {
        let view = info.view();
        let name = view.name().ok_or(Doubt::Everything)?.to_owned();
        let table = self.table(view.header().family(), view.table())?;
        // Only the devices that came to it are told.
        if table.flowtables.contains_key(&name) {
            return Err(Doubt::Everything);
        }
        news.added(Objects::FLOWTABLES, || Object::Flowtable(info.clone()));
        table.flowtables.insert(name, info);
        Ok(())
    }

    fn del_flowtable(&mut self, view: FlowtableView<'_>, news: &mut News<'_>) -> Result<(), Doubt> {
        let table = self.table(view.header().family(), view.table())?;
        // It may stay, with fewer devices; older kernels always say which.
        if view.hook().is_some() {
            return Err(Doubt::Everything);
        }
        let old = table.flowtables.remove(view.name().unwrap_or_default());
        let old = old.ok_or(Doubt::Everything)?;
        news.removed(Objects::FLOWTABLES, || Object::Flowtable(old));
        Ok(())
    }
}

impl Table {
    fn put_rule(
        &mut self,
        info: RuleInfo,
        chain: u64,
        place: usize,
        news: &mut News<'_>,
    ) -> Result<(), Doubt> {
        let handle = info.view().handle().ok_or(Doubt::Everything)?;
        let rules = &mut self.chains.get_mut(&chain).ok_or(Doubt::Everything)?.rules;
        if self.rules.contains_key(&handle) || place > rules.len() {
            return Err(Doubt::Everything);
        }
        let before = place.checked_sub(1).and_then(|at| rules.get(at).copied());
        rules.insert(place, handle);
        let rule = Rule { info, chain };
        if news.wanted.contains(Objects::RULES)
            && let Some(object) = rule.object(before)
        {
            news.added(Objects::RULES, || object);
        }
        self.rules.insert(handle, rule);
        Ok(())
    }
}

/// Copies and checks a payload.
fn owned<V: View>(payload: &[u8]) -> Result<Owned<V>, Doubt> {
    Ok(Owned::from_payload(&without_generation(payload))?)
}

/// What the kernel finds an element by: its key, its end, and whether it is one.
fn key(payload: &[u8]) -> Vec<u8> {
    let mut key = Vec::new();
    for wanted in [NFTA_SET_ELEM_KEY, NFTA_SET_ELEM_KEY_END] {
        let mut attrs = Attrs::new(payload).flatten();
        if let Some(attr) = attrs.find(|attr| attr.number() == wanted) {
            key.extend_from_slice(attr.payload);
        }
    }
    let flags = ElementView::parse(payload)
        .ok()
        .and_then(|view| view.flags());
    key.extend(flags.unwrap_or_default().bits().to_be_bytes());
    key
}

/// The payloads of the elements of a message.
fn elements(payload: &[u8]) -> impl Iterator<Item = &[u8]> {
    let attrs = Attrs::new(payload.get(4..).unwrap_or(&[])).flatten();
    attrs
        .filter(|attr| attr.number() == NFTA_SET_ELEM_LIST_ELEMENTS)
        .flat_map(|list| list.attrs().flatten().map(|element| element.payload))
}

/// A little later, at the end of a tenth of a second: a set that must be listed when one of its elements should have
/// ended is listed for all of those at once.
fn together(start: Instant, end: Instant) -> Option<Instant> {
    const TENTH: u64 = 100;

    let passed = u64::try_from(end.saturating_duration_since(start).as_millis()).ok()?;
    let passed = passed.checked_next_multiple_of(TENTH)?.checked_add(TENTH)?;
    start.checked_add(Duration::from_millis(passed))
}

fn has_devices(chain: &ChainView<'_>) -> bool {
    let hook = chain.hook();
    hook.is_some_and(|hook| hook.devices().is_some() || hook.device().is_some())
}

/// The ends of a set's elements are awaited no more.
fn forget(due: &mut BTreeMap<(Instant, u64), (SetName, Vec<u8>)>, set: &Set) {
    for at in set.elements.values().filter_map(|element| element.due) {
        due.remove(&at);
    }
}
