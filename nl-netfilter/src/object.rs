//! Stateful objects: counters, quotas and limits with a name, which several rules share.

use nl_core::kind::{Be32, Be64, Bytes, Str};
use nl_core::{DumpRequest, GetRequest, Kind, Owned, Request, Table, Writer};

use crate::expr::{
    CONNLIMIT_ATTRS, COUNTER_ATTRS, Connlimit, Counter, Expression, LIMIT_ATTRS, Limit,
    QUOTA_ATTRS, Quota, SYNPROXY_ATTRS, Synproxy,
};
use crate::nfgen::{
    Family, NFT_MSG_DELOBJ, NFT_MSG_DESTROYOBJ, NFT_MSG_GETOBJ, NFT_MSG_GETOBJ_RESET,
    NFT_MSG_NEWOBJ, Netfilter, NfGenMsg,
};
use crate::request::create_flags;
use crate::userdata;
use crate::value::numbers;

nl_core::attrs! {
    /// `NFTA_OBJ_*`: attributes of a stateful object.
    pub table OBJ_ATTRS: NfGenMsg, view ObjectView, writer ObjectWriter;
    values {
        /// Table it is in.
        NFTA_OBJ_TABLE = 1, table: Str;
        /// Name.
        NFTA_OBJ_NAME = 2, name: Str;
        /// What it is.
        NFTA_OBJ_TYPE = 3, kind: ObjectType;
        /// Number of rules and elements that use it.
        NFTA_OBJ_USE = 5, uses: Be32;
        /// The kernel's number for it.
        NFTA_OBJ_HANDLE = 6, handle: Be64;
        /// Alignment of 64-bit values.
        NFTA_OBJ_PAD = 7, pad: Bytes;
        /// Userdata, see [`userdata`](crate::userdata).
        NFTA_OBJ_USERDATA = 8, userdata: Bytes;
    }
    chosen {
        /// Its settings and state, described by the table of its type.
        NFTA_OBJ_DATA = 4, data: by NFTA_OBJ_TYPE, |kind| table_of(ObjectType::read(kind)?);
    }
}

numbers! {
    /// `NFT_OBJECT_*`: what an object is.
    pub struct ObjectType: Be32(u32) {
        /// Packets and bytes.
        COUNTER = 1;
        /// An amount of data.
        QUOTA = 2;
        /// A connection tracking helper.
        CT_HELPER = 3;
        /// A rate.
        LIMIT = 4;
        /// A number of connections.
        CONNLIMIT = 5;
        /// Tunnel metadata.
        TUNNEL = 6;
        /// Timeouts of connection tracking.
        CT_TIMEOUT = 7;
        /// A security context.
        SECMARK = 8;
        /// An expected connection.
        CT_EXPECT = 9;
        /// A SYN proxy.
        SYNPROXY = 10;
    }
}

/// The table of an object's settings.
fn table_of(kind: ObjectType) -> Option<&'static Table> {
    Some(match kind {
        ObjectType::COUNTER => &COUNTER_ATTRS,
        ObjectType::QUOTA => &QUOTA_ATTRS,
        ObjectType::LIMIT => &LIMIT_ATTRS,
        ObjectType::CONNLIMIT => &CONNLIMIT_ATTRS,
        ObjectType::SYNPROXY => &SYNPROXY_ATTRS,
        _ => return None,
    })
}

/// What an object is, and its settings and state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ObjectData {
    /// Packets and bytes.
    Counter(Counter),
    /// An amount of data.
    Quota(Quota),
    /// A rate.
    Limit(Limit),
    /// A number of connections.
    Connlimit(Connlimit),
    /// A SYN proxy.
    Synproxy(Synproxy),
    /// Something that this library does not know, as it was received.
    Unknown(ObjectType, Vec<u8>),
}

impl ObjectData {
    /// What it is.
    #[must_use]
    pub fn kind(&self) -> ObjectType {
        match self {
            Self::Counter(_) => ObjectType::COUNTER,
            Self::Quota(_) => ObjectType::QUOTA,
            Self::Limit(_) => ObjectType::LIMIT,
            Self::Connlimit(_) => ObjectType::CONNLIMIT,
            Self::Synproxy(_) => ObjectType::SYNPROXY,
            Self::Unknown(kind, _) => *kind,
        }
    }

    fn read(kind: ObjectType, data: &[u8]) -> Self {
        let known = match kind {
            ObjectType::COUNTER => Counter::read(data).map(Self::Counter),
            ObjectType::QUOTA => Quota::read(data).map(Self::Quota),
            ObjectType::LIMIT => Limit::read(data).map(Self::Limit),
            ObjectType::CONNLIMIT => Connlimit::read(data).map(Self::Connlimit),
            ObjectType::SYNPROXY => Synproxy::read(data).map(Self::Synproxy),
            _ => None,
        };
        known.unwrap_or_else(|| Self::Unknown(kind, data.to_vec()))
    }

    fn write(&self, out: &mut Writer) {
        match self {
            Self::Counter(data) => data.write(out),
            Self::Quota(data) => data.write(out),
            Self::Limit(data) => data.write(out),
            Self::Connlimit(data) => data.write(out),
            Self::Synproxy(data) => data.write(out),
            Self::Unknown(_, data) => out.bytes_mut().extend_from_slice(data),
        }
    }
}

/// An object that was listed.
pub type ObjectInfo = Owned<ObjectView<'static>>;

impl<'a> ObjectView<'a> {
    /// Its settings and state, owned.
    #[must_use]
    pub fn to_data(&self) -> ObjectData {
        ObjectData::read(
            self.kind().unwrap_or_default(),
            self.data().unwrap_or_default(),
        )
    }

    /// The comment in its userdata.
    #[must_use]
    pub fn comment(&self) -> Option<&'a str> {
        userdata::find_str(self.userdata()?, userdata::COMMENT)
    }
}

/// Adds an object; one that exists stays as it is, or takes new settings where the kernel can.
///
/// Equivalent to `nft add counter FAMILY TABLE NAME`, `nft add quota …`, and so on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewObject {
    /// Family.
    pub family: Family,
    /// Table.
    pub table: String,
    /// Name.
    pub name: String,
    /// What it is.
    pub data: ObjectData,
    /// Userdata; empty for none.
    pub userdata: Vec<u8>,
    /// Fail with `EEXIST` if it exists.
    pub exclusive: bool,
}

impl NewObject {
    /// An object.
    #[must_use]
    pub fn new(family: Family, table: &str, name: &str, data: ObjectData) -> Self {
        Self {
            family,
            table: table.to_owned(),
            name: name.to_owned(),
            data,
            userdata: Vec::new(),
            exclusive: false,
        }
    }
}

impl Request for NewObject {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        NFT_MSG_NEWOBJ
    }
    fn flags(&self) -> u16 {
        create_flags(self.exclusive)
    }
    fn write(&self, out: &mut Writer) {
        let mut out = ObjectWriter::new(out, &NfGenMsg::new(self.family));
        out.table(&self.table)
            .name(&self.name)
            .kind(self.data.kind());
        out.data(|out| self.data.write(out));
        if !self.userdata.is_empty() {
            out.userdata(&self.userdata);
        }
    }
}

/// Deletes an object that nothing uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelObject {
    /// Family.
    pub family: Family,
    /// Table.
    pub table: String,
    /// Name.
    pub name: String,
    /// What it is.
    pub kind: ObjectType,
    /// That there is none is not an error (Linux 6.3).
    pub if_exists: bool,
}

impl Request for DelObject {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        if self.if_exists {
            NFT_MSG_DESTROYOBJ
        } else {
            NFT_MSG_DELOBJ
        }
    }
    fn write(&self, out: &mut Writer) {
        ObjectWriter::new(out, &NfGenMsg::new(self.family))
            .table(&self.table)
            .name(&self.name)
            .kind(self.kind);
    }
}

/// Asks for one object by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetObject {
    /// Family.
    pub family: Family,
    /// Table.
    pub table: String,
    /// Name.
    pub name: String,
    /// What it is.
    pub kind: ObjectType,
}

impl Request for GetObject {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        NFT_MSG_GETOBJ
    }
    fn write(&self, out: &mut Writer) {
        ObjectWriter::new(out, &NfGenMsg::new(self.family))
            .table(&self.table)
            .name(&self.name)
            .kind(self.kind);
    }
}

impl GetRequest for GetObject {
    type Reply = ObjectView<'static>;
    const REPLY_TYPE: u16 = NFT_MSG_NEWOBJ;
}

/// Lists objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetObjects {
    /// Family; `UNSPEC` for all.
    pub family: Family,
    /// Only of this table.
    pub table: Option<String>,
    /// Only of this type.
    pub kind: Option<ObjectType>,
    /// Set counters and quotas back to 0 while they are read.
    pub reset: bool,
}

impl Request for GetObjects {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        if self.reset {
            NFT_MSG_GETOBJ_RESET
        } else {
            NFT_MSG_GETOBJ
        }
    }
    fn write(&self, out: &mut Writer) {
        let mut out = ObjectWriter::new(out, &NfGenMsg::new(self.family));
        if let Some(table) = &self.table {
            out.table(table);
        }
        if let Some(kind) = self.kind {
            out.kind(kind);
        }
    }
}

impl DumpRequest for GetObjects {
    type Reply = ObjectView<'static>;
    const REPLY_TYPE: u16 = NFT_MSG_NEWOBJ;
}
