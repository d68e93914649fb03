//! Elements of sets and maps.

use nl_core::header::NLM_F_CREATE;
use nl_core::kind::{Be32, Be64, Bytes, Str};
use nl_core::{DumpRequest, Request, Writer};

use crate::data::{Data, DataNest, Verdict};
use crate::expr::{Expr, ExprList, ExprNest, write_list};
use crate::nfgen::{
    Family, NFT_MSG_DELSETELEM, NFT_MSG_DESTROYSETELEM, NFT_MSG_GETSETELEM, NFT_MSG_NEWSETELEM,
    Netfilter, NfGenMsg,
};
use crate::set::SetRef;
use crate::table::NFTA_LIST_ELEM;
use crate::userdata;
use crate::value::{OwnedKind, flags};

nl_core::attrs! {
    /// `NFTA_SET_ELEM_LIST_*`: elements of one set.
    pub table SET_ELEM_LIST_ATTRS: NfGenMsg, view ElementsView, writer ElementsWriter;
    values {
        /// Table the set is in.
        NFTA_SET_ELEM_LIST_TABLE = 1, table: Str;
        /// Name of the set.
        NFTA_SET_ELEM_LIST_SET = 2, set: Str;
        /// Id of the set in this transaction.
        NFTA_SET_ELEM_LIST_SET_ID = 4, set_id: Be32;
    }
    lists {
        /// The elements.
        NFTA_SET_ELEM_LIST_ELEMENTS = 3, elements: ElementView, ElementWriter, SET_ELEM_ATTRS;
    }
}

nl_core::attrs! {
    /// `NFTA_SET_ELEM_*`: one element.
    pub table SET_ELEM_ATTRS: (), view ElementView, writer ElementWriter;
    values {
        /// Key; the start of an interval.
        NFTA_SET_ELEM_KEY = 1, key: DataNest;
        /// Data of a map.
        NFTA_SET_ELEM_DATA = 2, data: DataNest;
        /// What is special about it.
        NFTA_SET_ELEM_FLAGS = 3, flags: ElementFlags;
        /// Lifetime in milliseconds.
        NFTA_SET_ELEM_TIMEOUT = 4, timeout: Be64;
        /// What is left of it.
        NFTA_SET_ELEM_EXPIRATION = 5, expiration: Be64;
        /// Userdata, see [`userdata`](crate::userdata).
        NFTA_SET_ELEM_USERDATA = 6, userdata: Bytes;
        /// One expression.
        NFTA_SET_ELEM_EXPR = 7, expr: ExprNest;
        /// Alignment of 64-bit values.
        NFTA_SET_ELEM_PAD = 8, pad: Bytes;
        /// Name of an object.
        NFTA_SET_ELEM_OBJREF = 9, object: Str;
        /// Inclusive end of an interval of a concatenation.
        NFTA_SET_ELEM_KEY_END = 10, key_end: DataNest;
        /// Several expressions.
        NFTA_SET_ELEM_EXPRESSIONS = 11, exprs: ExprList;
    }
}

flags! {
    /// `NFT_SET_ELEM_*`.
    pub struct ElementFlags {
        /// It is the first key behind an interval.
        INTERVAL_END = 1;
        /// It stands for all keys that are not in the set.
        CATCHALL = 2;
    }
}

/// An element of a set or a map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Key; empty for the one that stands for all others.
    pub key: Vec<u8>,
    /// Inclusive end, for an interval of a concatenation.
    pub key_end: Option<Vec<u8>>,
    /// Data of a map.
    pub data: Option<Data>,
    /// What is special about it.
    pub flags: ElementFlags,
    /// Lifetime in milliseconds.
    pub timeout: Option<u64>,
    /// What is left of it.
    pub expiration: Option<u64>,
    /// Userdata; empty for none.
    pub userdata: Vec<u8>,
    /// Expressions.
    pub exprs: Vec<Expr>,
    /// Name of an object.
    pub object: Option<String>,
}

impl Element {
    /// A single key.
    #[must_use]
    pub fn new(key: impl Into<Vec<u8>>) -> Self {
        Self {
            key: key.into(),
            ..Self::default()
        }
    }

    /// The element that stands for all keys that are not in the set, `*`.
    #[must_use]
    pub fn catchall() -> Self {
        Self {
            flags: ElementFlags::CATCHALL,
            ..Self::default()
        }
    }

    /// A concatenation: each part padded to 4 bytes.
    #[must_use]
    pub fn concat<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self::new(padded(parts))
    }

    /// Sets the inclusive end of an interval of a concatenation.
    #[must_use]
    pub fn up_to<'a>(mut self, parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        self.key_end = Some(padded(parts));
        self
    }

    /// An interval of a set with `flags interval`: from `first` to `last`, both included, which
    /// are big-endian and of the same length.
    ///
    /// It is two elements, the second of them the first key behind; there is none behind the
    /// highest key.
    #[must_use]
    pub fn interval(first: &[u8], last: &[u8]) -> Vec<Self> {
        let mut start = Self::new(first);
        let mut end = last.to_vec();
        let highest = end.iter_mut().rev().all(|byte| {
            *byte = byte.wrapping_add(1);
            *byte == 0
        });
        if highest {
            userdata::push_u32(&mut start.userdata, userdata::ELEM_FLAGS, 1);
            return vec![start];
        }
        let end = Self {
            flags: ElementFlags::INTERVAL_END,
            ..Self::new(end)
        };
        vec![start, end]
    }

    /// Sets the data of a map.
    #[must_use]
    pub fn data(mut self, data: impl Into<Data>) -> Self {
        self.data = Some(data.into());
        self
    }

    /// Sets the verdict of a verdict map.
    #[must_use]
    pub fn verdict(self, verdict: Verdict) -> Self {
        self.data(verdict)
    }

    /// Sets the lifetime in milliseconds.
    #[must_use]
    pub fn timeout(mut self, milliseconds: u64) -> Self {
        self.timeout = Some(milliseconds);
        self
    }

    /// Sets the comment.
    #[must_use]
    pub fn comment(mut self, text: &str) -> Self {
        userdata::push_str(&mut self.userdata, userdata::COMMENT, text);
        self
    }

    /// Reads an element.
    #[must_use]
    pub fn read(view: ElementView<'_>) -> Self {
        let bytes = |data| Data::read(data).and_then(|data| data.value().map(<[u8]>::to_vec));
        let mut exprs: Vec<Expr> = view.exprs().iter().flat_map(|e| e.iter()).collect();
        exprs.extend(view.expr().map(Expr::read));
        Self {
            key: view.key().and_then(bytes).unwrap_or_default(),
            key_end: view.key_end().and_then(bytes),
            data: view.data().and_then(Data::read),
            flags: view.flags().unwrap_or_default(),
            timeout: view.timeout(),
            expiration: view.expiration(),
            userdata: view.userdata().unwrap_or_default().to_vec(),
            exprs,
            object: view.object().map(str::to_owned),
        }
    }

    /// Appends its attributes.
    pub fn write(&self, out: &mut Writer) {
        if !self.flags.is_empty() {
            out.attr::<ElementFlags>(NFTA_SET_ELEM_FLAGS, self.flags);
        }
        if let Some(timeout) = self.timeout {
            out.attr::<Be64>(NFTA_SET_ELEM_TIMEOUT, timeout);
        }
        if let Some(expiration) = self.expiration {
            out.attr::<Be64>(NFTA_SET_ELEM_EXPIRATION, expiration);
        }
        if !self.flags.contains(ElementFlags::CATCHALL) {
            put_bytes(NFTA_SET_ELEM_KEY, &self.key, out);
        }
        if let Some(end) = &self.key_end {
            put_bytes(NFTA_SET_ELEM_KEY_END, end, out);
        }
        if let Some(data) = &self.data {
            DataNest::put(data, NFTA_SET_ELEM_DATA, out);
        }
        if let Some(object) = &self.object {
            out.attr::<Str>(NFTA_SET_ELEM_OBJREF, object);
        }
        if !self.userdata.is_empty() {
            out.attr::<Bytes>(NFTA_SET_ELEM_USERDATA, &self.userdata);
        }
        match self.exprs.as_slice() {
            [] => {}
            [one] => out.nest(NFTA_SET_ELEM_EXPR, |out| one.write(out)),
            several => out.nest(NFTA_SET_ELEM_EXPRESSIONS, |out| write_list(several, out)),
        }
    }
}

fn put_bytes(number: u16, bytes: &[u8], out: &mut Writer) {
    out.nest(number, |out| {
        out.attr::<Bytes>(crate::data::NFTA_DATA_VALUE, bytes);
    });
}

fn padded<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut key = Vec::new();
    for part in parts {
        key.extend_from_slice(part);
        key.resize(key.len().next_multiple_of(4), 0);
    }
    key
}

/// What is done with elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementAction {
    /// Add them.
    Add,
    /// Delete them.
    Delete,
    /// Delete those that are there (Linux 6.3).
    Destroy,
    /// Delete all that the set has; which are given is not looked at.
    Flush,
}

/// Adds elements to a set, or deletes them.
///
/// Without any elements nothing is done, be they added or deleted: all that a set has are deleted by
/// [`flush`](Self::flush) alone.
///
/// One message holds less than 64 KiB of elements: [`Transaction::elements`] splits what is
/// longer, [`split`](Self::split) does it by itself.
///
/// [`Transaction::elements`]: crate::Transaction::elements
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetElements {
    /// Family.
    pub family: Family,
    /// Table.
    pub table: String,
    /// The set.
    pub set: SetRef,
    /// What is done.
    pub action: ElementAction,
    /// The elements.
    pub elements: Vec<Element>,
}

/// Elements of one message: the nest's length has 16 bits, and its header takes 4 bytes.
const MESSAGE_ROOM: usize = 65_535 - 4;

impl SetElements {
    /// Adds elements.
    #[must_use]
    pub fn add(
        family: Family,
        table: &str,
        set: impl Into<SetRef>,
        elements: impl IntoIterator<Item = Element>,
    ) -> Self {
        Self {
            family,
            table: table.to_owned(),
            set: set.into(),
            action: ElementAction::Add,
            elements: elements.into_iter().collect(),
        }
    }

    /// Deletes elements; without any, none.
    #[must_use]
    pub fn delete(
        family: Family,
        table: &str,
        set: impl Into<SetRef>,
        elements: impl IntoIterator<Item = Element>,
    ) -> Self {
        Self {
            action: ElementAction::Delete,
            ..Self::add(family, table, set, elements)
        }
    }

    /// Deletes all elements of a set, `nft flush set`.
    #[must_use]
    pub fn flush(family: Family, table: &str, set: impl Into<SetRef>) -> Self {
        Self {
            action: ElementAction::Flush,
            ..Self::add(family, table, set, [])
        }
    }

    /// The same in as few messages as can hold it.
    #[must_use]
    pub fn split(self) -> Vec<Self> {
        let mut measure = Writer::new();
        let mut used = 0;
        let mut parts = vec![Self {
            elements: Vec::new(),
            ..self.clone_head()
        }];
        let head = self.clone_head();
        for element in self.elements {
            measure.clear();
            measure.nest(NFTA_LIST_ELEM, |out| element.write(out));
            let len = measure.bytes().len();
            if used + len > MESSAGE_ROOM && used > 0 {
                parts.push(head.clone_head());
                used = 0;
            }
            used += len;
            if let Some(part) = parts.last_mut() {
                part.elements.push(element);
            }
        }
        parts
    }

    fn clone_head(&self) -> Self {
        Self {
            family: self.family,
            table: self.table.clone(),
            set: self.set.clone(),
            action: self.action,
            elements: Vec::new(),
        }
    }
}

impl Request for SetElements {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        match self.action {
            ElementAction::Add => NFT_MSG_NEWSETELEM,
            ElementAction::Delete | ElementAction::Flush => NFT_MSG_DELSETELEM,
            ElementAction::Destroy => NFT_MSG_DESTROYSETELEM,
        }
    }
    fn flags(&self) -> u16 {
        match self.action {
            ElementAction::Add => NLM_F_CREATE,
            _ => 0,
        }
    }
    fn write(&self, out: &mut Writer) {
        let mut list = ElementsWriter::new(out, &NfGenMsg::new(self.family));
        list.table(&self.table).set(&self.set.name);
        if let Some(id) = self.set.id {
            list.set_id(id);
        }
        // Without the list the kernel deletes all; of an empty one nothing.
        if self.action != ElementAction::Flush {
            out.nest(NFTA_SET_ELEM_LIST_ELEMENTS, |out| {
                for element in &self.elements {
                    out.nest(NFTA_LIST_ELEM, |out| element.write(out));
                }
            });
        }
    }
}

/// Lists the elements of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetElements {
    /// Family.
    pub family: Family,
    /// Table.
    pub table: String,
    /// Name of the set.
    pub set: String,
}

impl GetElements {
    /// The elements of `set`.
    #[must_use]
    pub fn new(family: Family, table: &str, set: &str) -> Self {
        Self {
            family,
            table: table.to_owned(),
            set: set.to_owned(),
        }
    }
}

impl Request for GetElements {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        NFT_MSG_GETSETELEM
    }
    fn write(&self, out: &mut Writer) {
        ElementsWriter::new(out, &NfGenMsg::new(self.family))
            .table(&self.table)
            .set(&self.set);
    }
}

impl DumpRequest for GetElements {
    type Reply = ElementsView<'static>;
    const REPLY_TYPE: u16 = NFT_MSG_NEWSETELEM;
}
