//! [`Object`]: what the stream is about; and what of an object is news when it changes.

use std::sync::Arc;

use bitflags::bitflags;
use nl_core::kind::Str;
use nl_core::{Attr, Attrs, Owned, Writer};

use crate::chain::{ChainInfo, NFTA_CHAIN_COUNTERS, NFTA_CHAIN_PAD, NFTA_CHAIN_USE};
use crate::element::{
    Element, ElementView, NFTA_SET_ELEM_EXPIRATION, NFTA_SET_ELEM_EXPR, NFTA_SET_ELEM_EXPRESSIONS,
    NFTA_SET_ELEM_PAD,
};
use crate::flowtable::{FlowtableView, NFTA_FLOWTABLE_PAD, NFTA_FLOWTABLE_USE};
use crate::nfgen::Family;
use crate::object::{
    NFTA_OBJ_DATA, NFTA_OBJ_PAD, NFTA_OBJ_TYPE, NFTA_OBJ_USE, ObjectInfo, ObjectType,
};
use crate::rule::{
    NFTA_RULE_CHAIN, NFTA_RULE_EXPRESSIONS, NFTA_RULE_HANDLE, NFTA_RULE_PAD, NFTA_RULE_POSITION,
    RuleInfo,
};
use crate::set::{NFTA_SET_PAD, SetInfo};
use crate::table::{NFTA_TABLE_PAD, NFTA_TABLE_USE, TableInfo};

bitflags! {
    /// Kinds of objects.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct Objects: u8 {
        /// Tables.
        const TABLES = 0x01;
        /// Chains.
        const CHAINS = 0x02;
        /// Rules.
        const RULES = 0x04;
        /// Sets and maps, without what is in them.
        const SETS = 0x08;
        /// Elements of sets and maps: they take one more request for each set, and there may be many.
        const ELEMENTS = 0x10;
        /// Stateful objects.
        const STATEFUL = 0x20;
        /// Flowtables.
        const FLOWTABLES = 0x40;
        /// All but the elements of sets.
        const RULESET = 0x6f;
    }
}

/// A flowtable, owned.
pub type FlowtableInfo = Owned<FlowtableView<'static>>;

/// An element, and the set that it is in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SetElement {
    /// Family of the table.
    pub family: Family,
    /// Table that the set is in.
    pub table: Arc<str>,
    /// Name of the set.
    pub set: Arc<str>,
    /// The element, with all its attributes.
    pub element: Owned<ElementView<'static>>,
}

impl SetElement {
    /// The element, to be put into a request.
    #[must_use]
    pub fn to_element(&self) -> Element {
        Element::read(self.element.view())
    }
}

/// One object, as the kernel told of it.
///
/// In its header stands the family; the generation that the kernel puts there is left out, so that objects
/// can be compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Object {
    /// A table.
    Table(TableInfo),
    /// A chain.
    Chain(ChainInfo),
    /// A rule. Its [`position`](crate::rule::RuleView::position) is the handle of the rule before it at this point of
    /// the stream; the first of a chain has none, nor has one that is gone.
    Rule(RuleInfo),
    /// A set or a map.
    Set(SetInfo),
    /// An element of a set or a map.
    Element(SetElement),
    /// A stateful object.
    Stateful(ObjectInfo),
    /// A flowtable.
    Flowtable(FlowtableInfo),
}

impl Object {
    /// Its bytes: fixed header and attributes; of an element the attributes alone.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        match self {
            Self::Table(object) => object.payload(),
            Self::Chain(object) => object.payload(),
            Self::Rule(object) => object.payload(),
            Self::Set(object) => object.payload(),
            Self::Element(object) => object.element.payload(),
            Self::Stateful(object) => object.payload(),
            Self::Flowtable(object) => object.payload(),
        }
    }

    pub(super) fn kind(&self) -> Objects {
        match self {
            Self::Table(_) => Objects::TABLES,
            Self::Chain(_) => Objects::CHAINS,
            Self::Rule(_) => Objects::RULES,
            Self::Set(_) => Objects::SETS,
            Self::Element(_) => Objects::ELEMENTS,
            Self::Stateful(_) => Objects::STATEFUL,
            Self::Flowtable(_) => Objects::FLOWTABLES,
        }
    }

    /// Without what it says about its place.
    pub(super) fn unplaced(self) -> Self {
        match &self {
            Self::Rule(rule) => {
                let payload = placed(rule.payload(), None);
                RuleInfo::from_payload(&payload).map_or(self, Self::Rule)
            }
            _ => self,
        }
    }

    /// Whether nothing that is news differs: counters, numbers of users, what is left of a lifetime do
    /// change without being told.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.payload(), other.payload());
        self.kind() == other.kind() && (mine == theirs || self.content() == other.content())
    }

    fn content(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let header = if matches!(self, Self::Element(_)) {
            0
        } else {
            HEADER_LEN
        };
        let (head, attrs) = self.payload().split_at_checked(header).unwrap_or_default();
        out.extend_from_slice(head);
        let kind = self.kind();
        for attr in Attrs::new(attrs).flatten() {
            let number = attr.number();
            match (kind, number) {
                (Objects::TABLES, NFTA_TABLE_USE | NFTA_TABLE_PAD)
                | (Objects::CHAINS, NFTA_CHAIN_USE | NFTA_CHAIN_COUNTERS | NFTA_CHAIN_PAD)
                | (Objects::RULES, NFTA_RULE_POSITION | NFTA_RULE_PAD)
                | (Objects::SETS, NFTA_SET_COUNT | NFTA_SET_PAD)
                | (Objects::ELEMENTS, NFTA_SET_ELEM_EXPIRATION | NFTA_SET_ELEM_PAD)
                | (Objects::STATEFUL, NFTA_OBJ_USE | NFTA_OBJ_PAD)
                | (Objects::FLOWTABLES, NFTA_FLOWTABLE_USE | NFTA_FLOWTABLE_PAD) => {}
                (Objects::RULES, NFTA_RULE_EXPRESSIONS)
                | (Objects::ELEMENTS, NFTA_SET_ELEM_EXPRESSIONS) => {
                    for expr in attr.attrs().flatten() {
                        expression(&expr, &mut out);
                    }
                }
                (Objects::ELEMENTS, NFTA_SET_ELEM_EXPR) => expression(&attr, &mut out),
                (Objects::STATEFUL, NFTA_OBJ_DATA) => self.stateful(&attr, &mut out),
                _ => part(number, attr.payload, &mut out),
            }
        }
        out
    }

    fn stateful(&self, data: &Attr<'_>, out: &mut Vec<u8>) {
        let Self::Stateful(object) = self else {
            return;
        };
        match object.view().kind() {
            Some(ObjectType::COUNTER) => {}
            Some(ObjectType::QUOTA) => quota(data, out),
            _ => part(NFTA_OBJ_TYPE, data.payload, out),
        }
    }
}

/// `struct nfgenmsg`.
const HEADER_LEN: usize = 4;
/// `NFTA_SET_COUNT`: how many elements there are (Linux 6.17).
const NFTA_SET_COUNT: u16 = 20;

/// Copies a payload, without the generation that stands in its header.
pub(super) fn without_generation(payload: &[u8]) -> Vec<u8> {
    let mut payload = payload.to_vec();
    if let Some(generation) = payload.get_mut(2..HEADER_LEN) {
        generation.fill(0);
    }
    payload
}

/// Copies the payload of a rule, with `position` as the handle of the rule before it.
pub(super) fn placed(payload: &[u8], position: Option<u64>) -> Vec<u8> {
    let mut out = Writer::new();
    let (head, attrs) = payload.split_at_checked(HEADER_LEN).unwrap_or_default();
    out.bytes_mut().extend_from_slice(head);
    for attr in Attrs::new(attrs).flatten() {
        if attr.number() != NFTA_RULE_POSITION {
            out.raw(attr.raw_type, attr.payload);
        }
        // Where the kernel puts it, too.
        if attr.number() == NFTA_RULE_HANDLE
            && let Some(position) = position
        {
            out.raw(NFTA_RULE_POSITION, &position.to_be_bytes());
        }
    }
    out.bytes().to_vec()
}

/// Copies the payload of a rule, with another name of its chain.
pub(super) fn in_chain(payload: &[u8], name: &str) -> Vec<u8> {
    let mut out = Writer::new();
    let (head, attrs) = payload.split_at_checked(HEADER_LEN).unwrap_or_default();
    out.bytes_mut().extend_from_slice(head);
    for attr in Attrs::new(attrs).flatten() {
        match attr.number() {
            NFTA_RULE_CHAIN => out.attr::<Str>(NFTA_RULE_CHAIN, name),
            _ => out.raw(attr.raw_type, attr.payload),
        }
    }
    out.bytes().to_vec()
}

fn part(number: u16, payload: &[u8], out: &mut Vec<u8>) {
    out.extend(number.to_ne_bytes());
    out.extend(payload.len().to_ne_bytes());
    out.extend_from_slice(payload);
}

/// An expression, without what packets change in it.
fn expression(expr: &Attr<'_>, out: &mut Vec<u8>) {
    use crate::expr::{NFTA_EXPR_DATA, NFTA_EXPR_NAME};

    let attrs = || expr.attrs().flatten();
    let name = attrs().find(|attr| attr.number() == NFTA_EXPR_NAME);
    let name = name.map_or(&[][..], |name| name.payload);
    for attr in attrs() {
        match (name, attr.number()) {
            (b"counter\0" | b"last\0", NFTA_EXPR_DATA) => {}
            (b"quota\0", NFTA_EXPR_DATA) => quota(&attr, out),
            (_, number) => part(number, attr.payload, out),
        }
    }
}

/// A quota, without what was consumed, and whether it is used up.
fn quota(data: &Attr<'_>, out: &mut Vec<u8>) {
    use crate::expr::{NFTA_QUOTA_CONSUMED, NFTA_QUOTA_FLAGS, NFTA_QUOTA_PAD};

    /// `NFT_QUOTA_F_DEPLETED`, in the last byte.
    const DEPLETED: u8 = 2;

    for attr in data.attrs().flatten() {
        match attr.number() {
            NFTA_QUOTA_CONSUMED | NFTA_QUOTA_PAD => {}
            NFTA_QUOTA_FLAGS => {
                part(NFTA_QUOTA_FLAGS, attr.payload, out);
                if let Some(last) = out.last_mut() {
                    *last &= !DEPLETED;
                }
            }
            number => part(number, attr.payload, out),
        }
    }
}
