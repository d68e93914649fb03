//! Tables: what chains, sets and objects live in.

use nl_core::kind::{Be32, Be64, Bytes, Str};
use nl_core::{DumpRequest, GetRequest, Owned, Request, Writer};

use crate::nfgen::{
    Family, NFT_MSG_DELTABLE, NFT_MSG_DESTROYTABLE, NFT_MSG_GETTABLE, NFT_MSG_NEWTABLE, Netfilter,
    NfGenMsg,
};
use crate::request::{Handle, create_flags};
use crate::userdata;
use crate::value::flags;

/// An element of a list, `NFTA_LIST_ELEM`.
pub const NFTA_LIST_ELEM: u16 = 1;

nl_core::attrs! {
    /// `NFTA_TABLE_*`: attributes of a table.
    pub table TABLE_ATTRS: NfGenMsg, view TableView, writer TableWriter;
    values {
        /// Name, at most 255 bytes.
        NFTA_TABLE_NAME = 1, name: Str;
        /// What is special about it.
        NFTA_TABLE_FLAGS = 2, flags: TableFlags;
        /// Number of chains in it.
        NFTA_TABLE_USE = 3, uses: Be32;
        /// The kernel's number for it.
        NFTA_TABLE_HANDLE = 4, handle: Be64;
        /// Alignment of 64-bit values.
        NFTA_TABLE_PAD = 5, pad: Bytes;
        /// Userdata, see [`userdata`](crate::userdata).
        NFTA_TABLE_USERDATA = 6, userdata: Bytes;
        /// Port of the process that owns it.
        NFTA_TABLE_OWNER = 7, owner: Be32;
    }
}

flags! {
    /// `NFT_TABLE_F_*`.
    pub struct TableFlags {
        /// Its base chains are not hooked in.
        DORMANT = 1;
        /// Only the connection that made it may change it, and it goes away with that connection.
        OWNER = 2;
        /// It stays when its owner goes (Linux 6.9).
        PERSIST = 4;
    }
}

/// A table that was listed.
pub type TableInfo = Owned<TableView<'static>>;

impl<'a> TableView<'a> {
    /// The comment in its userdata.
    #[must_use]
    pub fn comment(&self) -> Option<&'a str> {
        userdata::find_str(self.userdata()?, userdata::COMMENT)
    }
}

/// Adds a table; one that exists stays as it is.
///
/// Equivalent to `nft add table FAMILY NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTable {
    /// Family.
    pub family: Family,
    /// Name.
    pub name: String,
    /// What is special about it.
    pub flags: TableFlags,
    /// Userdata; empty for none.
    pub userdata: Vec<u8>,
    /// Fail with `EEXIST` if it exists.
    pub exclusive: bool,
}

impl NewTable {
    /// A table without flags.
    #[must_use]
    pub fn new(family: Family, name: &str) -> Self {
        Self {
            family,
            name: name.to_owned(),
            flags: TableFlags::empty(),
            userdata: Vec::new(),
            exclusive: false,
        }
    }

    /// Sets flags.
    #[must_use]
    pub fn flags(mut self, flags: TableFlags) -> Self {
        self.flags = flags;
        self
    }

    /// Sets the comment.
    #[must_use]
    pub fn comment(mut self, text: &str) -> Self {
        self.userdata = userdata::comment(text);
        self
    }

    /// Makes it an error if the table exists, as `nft create table`.
    #[must_use]
    pub fn exclusive(mut self) -> Self {
        self.exclusive = true;
        self
    }
}

impl Request for NewTable {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        NFT_MSG_NEWTABLE
    }
    fn flags(&self) -> u16 {
        create_flags(self.exclusive)
    }
    fn write(&self, out: &mut Writer) {
        let mut out = TableWriter::new(out, &NfGenMsg::new(self.family));
        out.name(&self.name).flags(self.flags);
        if !self.userdata.is_empty() {
            out.userdata(&self.userdata);
        }
    }
}

/// Deletes tables with everything in them.
///
/// Equivalent to `nft delete table`, or `nft flush ruleset` with [`all`](Self::all).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelTable {
    /// Family; `UNSPEC` for all.
    pub family: Family,
    /// Which table; `None` for all of the family.
    pub table: Option<Handle>,
    /// That there is none is not an error (Linux 6.3).
    pub if_exists: bool,
}

impl DelTable {
    /// One table by its name.
    #[must_use]
    pub fn new(family: Family, name: &str) -> Self {
        Self {
            family,
            table: Some(Handle::Name(name.to_owned())),
            if_exists: false,
        }
    }

    /// One table by its handle.
    #[must_use]
    pub fn by_handle(family: Family, handle: u64) -> Self {
        Self {
            family,
            table: Some(Handle::Number(handle)),
            if_exists: false,
        }
    }

    /// All tables of a family, or with [`Family::UNSPEC`] of all.
    #[must_use]
    pub fn all(family: Family) -> Self {
        Self {
            family,
            table: None,
            if_exists: false,
        }
    }

    /// Makes a missing table no error, as `nft destroy table` (Linux 6.3).
    #[must_use]
    pub fn if_exists(mut self) -> Self {
        self.if_exists = true;
        self
    }
}

impl Request for DelTable {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        if self.if_exists {
            NFT_MSG_DESTROYTABLE
        } else {
            NFT_MSG_DELTABLE
        }
    }
    fn write(&self, out: &mut Writer) {
        let mut out = TableWriter::new(out, &NfGenMsg::new(self.family));
        match &self.table {
            Some(Handle::Name(name)) => {
                out.name(name);
            }
            Some(Handle::Number(handle)) => {
                out.handle(*handle);
            }
            None => {}
        }
    }
}

/// Asks for one table by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetTable {
    /// Family.
    pub family: Family,
    /// Name.
    pub name: String,
}

impl GetTable {
    /// The table `name`.
    #[must_use]
    pub fn new(family: Family, name: &str) -> Self {
        Self {
            family,
            name: name.to_owned(),
        }
    }
}

impl Request for GetTable {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        NFT_MSG_GETTABLE
    }
    fn write(&self, out: &mut Writer) {
        TableWriter::new(out, &NfGenMsg::new(self.family)).name(&self.name);
    }
}

impl GetRequest for GetTable {
    type Reply = TableView<'static>;
    const REPLY_TYPE: u16 = NFT_MSG_NEWTABLE;
}

/// Lists tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetTables {
    /// Family; `UNSPEC` for all.
    pub family: Family,
}

impl Request for GetTables {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        NFT_MSG_GETTABLE
    }
    fn write(&self, out: &mut Writer) {
        TableWriter::new(out, &NfGenMsg::new(self.family));
    }
}

impl DumpRequest for GetTables {
    type Reply = TableView<'static>;
    const REPLY_TYPE: u16 = NFT_MSG_NEWTABLE;
}
