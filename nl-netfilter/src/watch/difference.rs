//! What became of one ruleset to make it another.

use super::object::{Object, Objects};
use super::ruleset::{News, Ruleset, Set, Table};

/// Tells what differs: what is gone, and then what is there, so that nothing refers to what is not.
pub(super) fn rulesets(old: &Ruleset, new: &Ruleset, news: &mut News<'_>) {
    for (family, tables) in &old.tables {
        for (name, table) in tables {
            match find(new, *family, name).filter(|other| is_same(table, other)) {
                Some(other) => gone(table, other, news),
                None => {
                    let objects: Vec<_> = table.objects().collect();
                    for object in objects.into_iter().rev() {
                        news.removed(object.kind(), || object.unplaced());
                    }
                }
            }
        }
    }
    for (family, tables) in &new.tables {
        for (name, table) in tables {
            match find(old, *family, name).filter(|other| is_same(table, other)) {
                Some(other) => there(other, table, news),
                None => {
                    for object in table.objects() {
                        news.added(object.kind(), || object);
                    }
                }
            }
        }
    }
}

fn find<'r>(ruleset: &'r Ruleset, family: u8, name: &str) -> Option<&'r Table> {
    ruleset.tables.get(&family)?.get(name)
}

/// Whether it is not another of the same name.
fn is_same(table: &Table, other: &Table) -> bool {
    table.info.view().handle() == other.info.view().handle()
}

fn is_same_set(set: &Set, other: &Set) -> bool {
    set.info.view().handle() == other.info.view().handle()
}

/// What a table does not have any more.
fn gone(old: &Table, new: &Table, news: &mut News<'_>) {
    for chain in old.chains.values() {
        for handle in chain.rules.iter().rev() {
            if !new.rules.contains_key(handle)
                && let Some(rule) = old.rules.get(handle)
            {
                news.removed(Objects::RULES, || Object::Rule(rule.info.clone()));
            }
        }
    }
    for (name, set) in &old.sets {
        let other = new.sets.get(name).filter(|other| is_same_set(set, other));
        for (key, element) in set.elements.iter().rev() {
            if !other.is_some_and(|other| other.elements.contains_key(key)) {
                news.removed(Objects::ELEMENTS, || set.element(element.info.clone()));
            }
        }
        if other.is_none() {
            news.removed(Objects::SETS, || Object::Set(set.info.clone()));
        }
    }
    for (handle, chain) in &old.chains {
        if !new.chains.contains_key(handle) {
            news.removed(Objects::CHAINS, || Object::Chain(chain.info.clone()));
        }
    }
    for (name, flowtable) in &old.flowtables {
        if !new.flowtables.contains_key(name) {
            news.removed(Objects::FLOWTABLES, || Object::Flowtable(flowtable.clone()));
        }
    }
    for (key, stateful) in &old.stateful {
        if !new.stateful.contains_key(key) {
            news.removed(Objects::STATEFUL, || Object::Stateful(stateful.clone()));
        }
    }
}

/// What a table has, or has as something else.
fn there(old: &Table, new: &Table, news: &mut News<'_>) {
    news.there(
        Object::Table(old.info.clone()),
        Object::Table(new.info.clone()),
    );
    for (key, stateful) in &new.stateful {
        let object = Object::Stateful(stateful.clone());
        match old.stateful.get(key) {
            Some(old) => news.there(Object::Stateful(old.clone()), object),
            None => news.added(Objects::STATEFUL, || object),
        }
    }
    for (name, flowtable) in &new.flowtables {
        let object = Object::Flowtable(flowtable.clone());
        match old.flowtables.get(name) {
            Some(old) => news.there(Object::Flowtable(old.clone()), object),
            None => news.added(Objects::FLOWTABLES, || object),
        }
    }
    for (handle, chain) in &new.chains {
        let object = Object::Chain(chain.info.clone());
        match old.chains.get(handle) {
            Some(old) => news.there(Object::Chain(old.info.clone()), object),
            None => news.added(Objects::CHAINS, || object),
        }
    }
    for (name, set) in &new.sets {
        match old.sets.get(name).filter(|other| is_same_set(set, other)) {
            Some(old) => {
                news.there(Object::Set(old.info.clone()), Object::Set(set.info.clone()));
                new_elements(old, set, news);
            }
            None => {
                for object in set.objects() {
                    news.added(object.kind(), || object);
                }
            }
        }
    }
    rules(old, new, news);
}

/// Rules in the order of their chains: each is put behind one that is there already.
fn rules(old: &Table, new: &Table, news: &mut News<'_>) {
    for chain in new.chains.values() {
        let mut before = None;
        for handle in &chain.rules {
            if let Some(rule) = new.rules.get(handle)
                && let Some(object) = rule.object(before)
            {
                match old.rules.get(handle).and_then(|rule| rule.object(None)) {
                    Some(old) => news.there(old, object),
                    None => news.added(Objects::RULES, || object),
                }
            }
            before = Some(*handle);
        }
    }
}

/// What differs in one set.
pub(super) fn elements(old: &Set, new: &Set, news: &mut News<'_>) {
    for (key, element) in old.elements.iter().rev() {
        if !new.elements.contains_key(key) {
            news.removed(Objects::ELEMENTS, || old.element(element.info.clone()));
        }
    }
    new_elements(old, new, news);
}

fn new_elements(old: &Set, new: &Set, news: &mut News<'_>) {
    for (key, element) in &new.elements {
        let object = new.element(element.info.clone());
        match old.elements.get(key) {
            Some(known) => news.there(old.element(known.info.clone()), object),
            None => news.added(Objects::ELEMENTS, || object),
        }
    }
}
