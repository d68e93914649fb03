//! Sets and maps: many values that one rule compares with.

use nl_core::kind::{Be32, Be64, Bytes, Str};
use nl_core::{DumpRequest, GetRequest, Owned, Request, Writer};

use crate::datatype::{ByteOrder, DataType, concat_id};
use crate::expr::{Expr, ExprList, ExprNest, write_list};
use crate::nfgen::{
    Family, NFT_MSG_DELSET, NFT_MSG_DESTROYSET, NFT_MSG_GETSET, NFT_MSG_NEWSET, Netfilter, NfGenMsg,
};
use crate::object::ObjectType;
use crate::request::create_flags;
use crate::userdata;
use crate::value::flags;

nl_core::attrs! {
    /// `NFTA_SET_*`: attributes of a set.
    pub table SET_ATTRS: NfGenMsg, view SetView, writer SetWriter;
    values {
        /// Table it is in.
        NFTA_SET_TABLE = 1, table: Str;
        /// Name; `__set%d` asks the kernel to choose a number.
        NFTA_SET_NAME = 2, name: Str;
        /// What it can do.
        NFTA_SET_FLAGS = 3, flags: SetFlags;
        /// What keys mean, nft's number; see [`DataType`].
        NFTA_SET_KEY_TYPE = 4, key_type: Be32;
        /// Length of keys in bytes.
        NFTA_SET_KEY_LEN = 5, key_len: Be32;
        /// What the data of a map means; [`DATA_TYPE_VERDICT`] for verdicts.
        NFTA_SET_DATA_TYPE = 6, data_type: Be32;
        /// Length of data in bytes.
        NFTA_SET_DATA_LEN = 7, data_len: Be32;
        /// 0: fast, 1: small.
        NFTA_SET_POLICY = 8, policy: Be32;
        /// Its id in this transaction.
        NFTA_SET_ID = 10, id: Be32;
        /// Lifetime of elements in milliseconds.
        NFTA_SET_TIMEOUT = 11, timeout: Be64;
        /// How often elements are collected that have expired, in milliseconds.
        NFTA_SET_GC_INTERVAL = 12, gc_interval: Be32;
        /// Userdata, see [`userdata`](crate::userdata).
        NFTA_SET_USERDATA = 13, userdata: Bytes;
        /// Alignment of 64-bit values.
        NFTA_SET_PAD = 14, pad: Bytes;
        /// What the objects of a map of objects are.
        NFTA_SET_OBJ_TYPE = 15, object_type: ObjectType;
        /// The kernel's number for it.
        NFTA_SET_HANDLE = 16, handle: Be64;
        /// One expression that every element gets.
        NFTA_SET_EXPR = 17, expr: ExprNest;
        /// Several expressions that every element gets.
        NFTA_SET_EXPRESSIONS = 18, exprs: ExprList;
    }
    nests {
        /// Size and parts.
        NFTA_SET_DESC = 9, desc: SetDescView, SetDescWriter, SET_DESC_ATTRS;
    }
}

nl_core::attrs! {
    /// `NFTA_SET_DESC_*`: size and parts of a set.
    pub table SET_DESC_ATTRS: (), view SetDescView, writer SetDescWriter;
    values {
        /// Most elements it can have.
        NFTA_SET_DESC_SIZE = 1, size: Be32;
    }
    lists {
        /// The parts of a concatenation with intervals.
        NFTA_SET_DESC_CONCAT = 2, concat: SetFieldView, SetFieldWriter, SET_FIELD_ATTRS;
    }
}

nl_core::attrs! {
    /// `NFTA_SET_FIELD_*`: a part of a concatenation.
    pub table SET_FIELD_ATTRS: (), view SetFieldView, writer SetFieldWriter;
    values {
        /// Its length in bytes, without padding.
        NFTA_SET_FIELD_LEN = 1, len: Be32;
    }
}

flags! {
    /// `NFT_SET_*`.
    pub struct SetFlags {
        /// It belongs to the rule that uses it.
        ANONYMOUS = 1;
        /// It does not change once it is used.
        CONSTANT = 2;
        /// Its elements are intervals.
        INTERVAL = 4;
        /// It has data for each key.
        MAP = 8;
        /// Its elements expire.
        TIMEOUT = 0x10;
        /// Packets add elements.
        EVAL = 0x20;
        /// Its data is objects.
        OBJECT = 0x40;
        /// Its keys are concatenations, with intervals.
        CONCAT = 0x80;
        /// Its elements have expressions.
        EXPR = 0x100;
    }
}

/// `NFTA_SET_DATA_TYPE` of a verdict map, `NFT_DATA_VERDICT`.
pub const DATA_TYPE_VERDICT: u32 = 0xffff_ff00;

/// A set that was listed.
pub type SetInfo = Owned<SetView<'static>>;

impl<'a> SetView<'a> {
    /// The comment in its userdata.
    #[must_use]
    pub fn comment(&self) -> Option<&'a str> {
        userdata::find_str(self.userdata()?, userdata::SET_COMMENT)
    }
}

/// What a map has for each key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapData {
    /// Values of a type.
    Value(DataType),
    /// Verdicts.
    Verdict,
    /// Objects.
    Object(ObjectType),
}

/// How rules of the same transaction refer to a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetRef {
    /// Name, or a pattern such as `__set%d`.
    pub name: String,
    /// Id in this transaction.
    pub id: Option<u32>,
}

impl From<&str> for SetRef {
    fn from(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            id: None,
        }
    }
}

/// Adds a set or a map; one that exists must be the same and stays as it is.
///
/// Equivalent to `nft add set FAMILY TABLE NAME { type …; flags …; }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSet {
    /// Family.
    pub family: Family,
    /// Table.
    pub table: String,
    /// Name.
    pub name: String,
    /// Id in this transaction; every set of one transaction needs its own.
    pub id: u32,
    /// What it can do, besides what follows from the other fields.
    pub flags: SetFlags,
    /// Type of keys; several are a concatenation of at most 5.
    pub key: Vec<DataType>,
    /// Length of keys, if the type has none.
    pub key_len: Option<u32>,
    /// What a map has for each key.
    pub data: Option<MapData>,
    /// Most elements it can have.
    pub size: Option<u32>,
    /// Lifetime of elements in milliseconds.
    pub timeout: Option<u64>,
    /// How often elements are collected that have expired, in milliseconds.
    pub gc_interval: Option<u32>,
    /// nft merges adjacent intervals.
    pub auto_merge: bool,
    /// Expressions that every element gets.
    pub exprs: Vec<Expr>,
    /// Comment.
    pub comment: Option<String>,
    /// Fail with `EEXIST` if it exists.
    pub exclusive: bool,
}

impl NewSet {
    /// A set of single values.
    #[must_use]
    pub fn new(family: Family, table: &str, name: &str, key: DataType) -> Self {
        Self {
            family,
            table: table.to_owned(),
            name: name.to_owned(),
            id: 0,
            flags: SetFlags::empty(),
            key: vec![key],
            key_len: None,
            data: None,
            size: None,
            timeout: None,
            gc_interval: None,
            auto_merge: false,
            exprs: Vec::new(),
            comment: None,
            exclusive: false,
        }
    }

    /// Appends a type to the key, `type A . B`.
    #[must_use]
    pub fn concat(mut self, part: DataType) -> Self {
        self.key.push(part);
        self
    }

    /// Makes elements intervals, `flags interval`.
    #[must_use]
    pub fn interval(mut self) -> Self {
        self.flags |= SetFlags::INTERVAL;
        self
    }

    /// Makes it a map.
    #[must_use]
    pub fn map(mut self, data: MapData) -> Self {
        self.data = Some(data);
        self
    }

    /// Adds flags.
    #[must_use]
    pub fn flags(mut self, flags: SetFlags) -> Self {
        self.flags |= flags;
        self
    }

    /// Lets elements expire, after so many milliseconds if they do not say otherwise.
    #[must_use]
    pub fn timeout(mut self, milliseconds: u64) -> Self {
        self.flags |= SetFlags::TIMEOUT;
        self.timeout = Some(milliseconds);
        self
    }

    /// Sets the comment.
    #[must_use]
    pub fn comment(mut self, text: &str) -> Self {
        self.comment = Some(text.to_owned());
        self
    }

    /// How rules of the same transaction refer to it.
    #[must_use]
    pub fn reference(&self) -> SetRef {
        SetRef {
            name: self.name.clone(),
            id: Some(self.id),
        }
    }

    fn all_flags(&self) -> SetFlags {
        let mut flags = self.flags;
        match self.data {
            Some(MapData::Object(_)) => flags |= SetFlags::OBJECT,
            Some(_) => flags |= SetFlags::MAP,
            None => {}
        }
        if self.key.len() > 1 && flags.contains(SetFlags::INTERVAL) {
            flags |= SetFlags::CONCAT;
        }
        if !self.exprs.is_empty() {
            flags |= SetFlags::EXPR;
        }
        flags
    }

    /// Length of keys in bytes: in a concatenation each part is padded to 4.
    #[must_use]
    pub fn key_bytes(&self) -> u32 {
        match (self.key_len, self.key.as_slice()) {
            (Some(len), _) => len,
            (None, [one]) => one.len,
            (None, parts) => parts.iter().map(|part| part.padded_len()).sum(),
        }
    }

    fn userdata(&self, out: &mut Vec<u8>) {
        let order = match self.key.as_slice() {
            [one] => one.order,
            _ => ByteOrder::Unknown,
        };
        userdata::push_u32(out, userdata::SET_KEY_BYTEORDER, order as u32);
        if let Some(data) = self.data {
            let order = match data {
                MapData::Value(data) => data.order,
                _ => ByteOrder::Unknown,
            };
            userdata::push_u32(out, userdata::SET_DATA_BYTEORDER, order as u32);
        }
        if self.auto_merge {
            userdata::push_u32(out, userdata::SET_MERGE_ELEMENTS, 1);
        }
        if self.data.is_some() {
            userdata::push_u32(out, userdata::SET_DATA_INTERVAL, 0);
        }
        if let Some(comment) = &self.comment {
            userdata::push_str(out, userdata::SET_COMMENT, comment);
        }
    }
}

impl Request for NewSet {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        NFT_MSG_NEWSET
    }
    fn flags(&self) -> u16 {
        create_flags(self.exclusive)
    }
    fn write(&self, out: &mut Writer) {
        let flags = self.all_flags();
        let mut set = SetWriter::new(out, &NfGenMsg::new(self.family));
        set.table(&self.table).name(&self.name).flags(flags);
        set.key_type(concat_id(&self.key)).key_len(self.key_bytes());
        match self.data {
            Some(MapData::Value(data)) => {
                set.data_type(data.id).data_len(data.len);
            }
            Some(MapData::Verdict) => {
                set.data_type(DATA_TYPE_VERDICT).data_len(0);
            }
            Some(MapData::Object(kind)) => {
                set.object_type(kind);
            }
            None => {}
        }
        set.id(self.id);
        if self.size.is_some() || flags.contains(SetFlags::CONCAT) {
            set.desc(|desc| {
                if let Some(size) = self.size {
                    desc.size(size);
                }
                if flags.contains(SetFlags::CONCAT) {
                    desc.concat(|list| {
                        for part in &self.key {
                            list.element(|out| {
                                SetFieldWriter::new(out, &()).len(part.len);
                            });
                        }
                    });
                }
            });
        }
        if let Some(timeout) = self.timeout {
            set.timeout(timeout);
        }
        if let Some(interval) = self.gc_interval {
            set.gc_interval(interval);
        }
        out.attr_with(NFTA_SET_USERDATA, |out| self.userdata(out.bytes_mut()));
        match self.exprs.as_slice() {
            [] => {}
            [one] => out.nest(NFTA_SET_EXPR, |out| one.write(out)),
            several => out.nest(NFTA_SET_EXPRESSIONS, |out| write_list(several, out)),
        }
    }
}

/// Deletes a set that no rule uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelSet {
    /// Family.
    pub family: Family,
    /// Table.
    pub table: String,
    /// Name.
    pub name: String,
    /// That there is none is not an error (Linux 6.3).
    pub if_exists: bool,
}

impl DelSet {
    /// The set `name`.
    #[must_use]
    pub fn new(family: Family, table: &str, name: &str) -> Self {
        Self {
            family,
            table: table.to_owned(),
            name: name.to_owned(),
            if_exists: false,
        }
    }
}

impl Request for DelSet {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        if self.if_exists {
            NFT_MSG_DESTROYSET
        } else {
            NFT_MSG_DELSET
        }
    }
    fn write(&self, out: &mut Writer) {
        SetWriter::new(out, &NfGenMsg::new(self.family))
            .table(&self.table)
            .name(&self.name);
    }
}

/// Asks for one set by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetSet {
    /// Family.
    pub family: Family,
    /// Table.
    pub table: String,
    /// Name.
    pub name: String,
}

impl GetSet {
    /// The set `name`.
    #[must_use]
    pub fn new(family: Family, table: &str, name: &str) -> Self {
        Self {
            family,
            table: table.to_owned(),
            name: name.to_owned(),
        }
    }
}

impl Request for GetSet {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        NFT_MSG_GETSET
    }
    fn write(&self, out: &mut Writer) {
        SetWriter::new(out, &NfGenMsg::new(self.family))
            .table(&self.table)
            .name(&self.name);
    }
}

impl GetRequest for GetSet {
    type Reply = SetView<'static>;
    const REPLY_TYPE: u16 = NFT_MSG_NEWSET;
}

/// Lists sets, anonymous ones too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetSets {
    /// Family; `UNSPEC` for all.
    pub family: Family,
    /// Only of this table.
    pub table: Option<String>,
}

impl Request for GetSets {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        NFT_MSG_GETSET
    }
    fn write(&self, out: &mut Writer) {
        let mut out = SetWriter::new(out, &NfGenMsg::new(self.family));
        if let Some(table) = &self.table {
            out.table(table);
        }
    }
}

impl DumpRequest for GetSets {
    type Reply = SetView<'static>;
    const REPLY_TYPE: u16 = NFT_MSG_NEWSET;
}
