//! What a reader of the stream knows who applies it to nothing; and what the kernel lists, in the same form.
#![allow(dead_code, reason = "each test uses some of it")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test code, which clippy does not see as such"
)]

use std::collections::BTreeMap;

use nl_core::{Attrs, Connection, DumpRequest};
use nl_netfilter::flowtable::GetFlowtables;
use nl_netfilter::watch::{Event, Object};
use nl_netfilter::{
    Family, GetChains, GetElements, GetObjects, GetRules, GetSets, GetTables, Netfilter,
    NetfilterExt,
};

/// Attributes by number, without those that the kernel changes silently.
type Content = Vec<(u16, Vec<u8>)>;

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Replica {
    things: BTreeMap<String, Content>,
    /// Of each chain its rules in order: handle, content.
    rules: BTreeMap<String, Vec<(u64, Content)>>,
}

/// The numbers of what is not compared: numbers of users and elements, what is left of a lifetime, the place of a rule.
fn content(object: &Object) -> Content {
    let (header, silent): (usize, &[u16]) = match object {
        Object::Table(_) => (4, &[3]),
        Object::Chain(_) => (4, &[6]),
        Object::Rule(_) => (4, &[6]),
        Object::Set(_) => (4, &[20]),
        Object::Element(_) => (0, &[5]),
        Object::Stateful(_) => (4, &[5]),
        Object::Flowtable(_) => (4, &[4]),
        _ => panic!("{object:?}"),
    };
    Attrs::new(&object.payload()[header..])
        .map(Result::unwrap)
        .filter(|attr| !silent.contains(&attr.number()))
        .map(|attr| (attr.number(), attr.payload.to_vec()))
        .collect()
}

fn name(object: &Object) -> String {
    match object {
        Object::Table(table) => {
            let view = table.view();
            format!("table {} {:?}", view.header().family, view.name())
        }
        Object::Chain(chain) => {
            let view = chain.view();
            format!(
                "chain {} {:?} {:?}",
                view.header().family,
                view.table(),
                view.name()
            )
        }
        Object::Set(set) => {
            let view = set.view();
            format!(
                "set {} {:?} {:?}",
                view.header().family,
                view.table(),
                view.name()
            )
        }
        Object::Element(element) => {
            let read = element.to_element();
            format!(
                "element {:?} {} {} {:?} {:?} {:?}",
                element.family, element.table, element.set, read.key, read.key_end, read.flags
            )
        }
        Object::Stateful(object) => {
            let view = object.view();
            format!(
                "object {} {:?} {:?} {:?}",
                view.header().family,
                view.table(),
                view.kind(),
                view.name()
            )
        }
        Object::Flowtable(flowtable) => {
            let view = flowtable.view();
            format!(
                "flowtable {} {:?} {:?}",
                view.header().family,
                view.table(),
                view.name()
            )
        }
        _ => panic!("{object:?}"),
    }
}

impl Replica {
    pub(crate) fn add(&mut self, object: &Object) {
        let Object::Rule(rule) = object else {
            let old = self.things.insert(name(object), content(object));
            assert_eq!(old, None, "added twice: {}", name(object));
            return;
        };
        let view = rule.view();
        let rules = self.rules.entry(chain(object)).or_default();
        let handle = view.handle().unwrap();
        assert!(rules.iter().all(|(other, _)| *other != handle));
        let place = match view.position() {
            None => 0,
            Some(before) => {
                let place = rules.iter().position(|(other, _)| *other == before);
                place.unwrap_or_else(|| panic!("{before} is not in {rules:?}: {object:?}")) + 1
            }
        };
        rules.insert(place, (handle, content(object)));
    }

    pub(crate) fn remove(&mut self, object: &Object) {
        let Object::Rule(rule) = object else {
            let old = self.things.remove(&name(object));
            assert!(old.is_some(), "removed, but never added: {}", name(object));
            return;
        };
        let handle = rule.view().handle().unwrap();
        let rules = self.rules.get_mut(&chain(object)).unwrap();
        let place = rules.iter().position(|(other, _)| *other == handle);
        rules.remove(place.expect("removed, but never added"));
        if rules.is_empty() {
            self.rules.remove(&chain(object));
        }
    }

    pub(crate) fn apply(&mut self, event: &Event) {
        match event {
            Event::Added { object, .. } => self.add(object),
            Event::Changed { old, new, .. } => {
                // A quota that is used up is news by itself.
                let is_news = !old.says_the_same(new) || matches!(new, Object::Stateful(_));
                assert!(is_news, "{old:?}");
                self.remove(old);
                self.add(new);
            }
            Event::Removed { object, .. } => self.remove(object),
            _ => {}
        }
    }

    pub(crate) fn from_objects(objects: impl Iterator<Item = Object>) -> Self {
        let mut replica = Self::default();
        for object in objects {
            replica.add(&object);
        }
        replica
    }

    /// What the kernel has now. Nobody must change it meanwhile.
    pub(crate) fn listed(nf: &mut Connection<Netfilter>) -> Self {
        let family = Family::UNSPEC;
        let mut replica = Self::default();
        for table in collect(nf, &GetTables { family }) {
            replica.add(&Object::Table(table));
        }
        for chain in collect(nf, &GetChains { family }) {
            replica.add(&Object::Chain(chain));
        }
        for rule in collect(nf, &GetRules::all(family)) {
            replica.add(&Object::Rule(rule));
        }
        for object in collect(nf, &GetObjects::default()) {
            replica.add(&Object::Stateful(object));
        }
        let flowtables = GetFlowtables {
            family,
            table: None,
        };
        for flowtable in collect(nf, &flowtables) {
            replica.add(&Object::Flowtable(flowtable));
        }
        for set in collect(nf, &GetSets::default()) {
            replica.add(&Object::Set(set.clone()));
            let view = set.view();
            let (table, set) = (view.table().unwrap(), view.name().unwrap());
            let elements = GetElements::new(view.header().family(), table, set);
            for list in collect(nf, &elements) {
                for attr in list.view().attrs().flatten().filter(|a| a.number() == 3) {
                    for element in attr.attrs().flatten() {
                        let element = nl_core::Owned::from_payload(element.payload).unwrap();
                        replica.add(&Object::Element(nl_netfilter::watch::SetElement {
                            family: view.header().family(),
                            table: table.into(),
                            set: set.into(),
                            element,
                        }));
                    }
                }
            }
        }
        replica
    }

    /// Whether it is there; no rule.
    pub(crate) fn has(&self, object: &Object) -> bool {
        self.things.contains_key(&name(object))
    }

    pub(crate) fn len(&self) -> usize {
        self.things.len() + self.rules.values().map(Vec::len).sum::<usize>()
    }

    /// That the kernel has the same, no more and no less.
    pub(crate) fn check(&self, nf: &mut Connection<Netfilter>, what: &dyn std::fmt::Debug) {
        let kernel = Self::listed(nf);
        for (name, content) in &kernel.things {
            let mine = self.things.get(name);
            assert_eq!(mine, Some(content), "{name} after {what:?}");
        }
        for name in self.things.keys() {
            assert!(kernel.things.contains_key(name), "{name} after {what:?}");
        }
        assert_eq!(self.rules, kernel.rules, "after {what:?}");
    }
}

fn chain(rule: &Object) -> String {
    let Object::Rule(rule) = rule else {
        panic!("no rule")
    };
    let view = rule.view();
    format!(
        "{} {:?} {:?}",
        view.header().family,
        view.table(),
        view.chain()
    )
}

fn collect<R>(
    nf: &mut Connection<Netfilter>,
    request: &R,
) -> Vec<nl_core::Owned<<R as DumpRequest>::Reply>>
where
    R: DumpRequest<Protocol = Netfilter>,
{
    nf.collect(request).unwrap()
}

/// The generation, as the kernel says.
pub(crate) fn generation(nf: &mut Connection<Netfilter>) -> u32 {
    nf.generation().unwrap()
}
