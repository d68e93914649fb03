//! Rules: expressions in a chain.

use nl_core::header::{NLM_F_APPEND, NLM_F_CREATE, NLM_F_REPLACE};
use nl_core::kind::{Be32, Be64, Bytes, Str};
use nl_core::{DumpRequest, GetRequest, Owned, Request, Writer};

use crate::build::Known;
use crate::expr::{Expr, ExprList, write_list};
use crate::nfgen::{
    Family, NFT_MSG_DELRULE, NFT_MSG_DESTROYRULE, NFT_MSG_GETRULE, NFT_MSG_NEWRULE, Netfilter,
    NfGenMsg,
};
use crate::userdata;

nl_core::attrs! {
    /// `NFTA_RULE_*`: attributes of a rule.
    pub table RULE_ATTRS: NfGenMsg, view RuleView, writer RuleWriter;
    values {
        /// Table it is in.
        NFTA_RULE_TABLE = 1, table: Str;
        /// Chain it is in.
        NFTA_RULE_CHAIN = 2, chain: Str;
        /// The kernel's number for it.
        NFTA_RULE_HANDLE = 3, handle: Be64;
        /// What it does, in order.
        NFTA_RULE_EXPRESSIONS = 4, exprs: ExprList;
        /// Handle of the rule before it, in an answer; of the rule it is put at, in a request.
        NFTA_RULE_POSITION = 6, position: Be64;
        /// Userdata, see [`userdata`](crate::userdata).
        NFTA_RULE_USERDATA = 7, userdata: Bytes;
        /// Alignment of 64-bit values.
        NFTA_RULE_PAD = 8, pad: Bytes;
        /// Its id in this transaction.
        NFTA_RULE_ID = 9, id: Be32;
        /// Id of the rule of this transaction that it is put at.
        NFTA_RULE_POSITION_ID = 10, position_id: Be32;
        /// Id of its chain in this transaction.
        NFTA_RULE_CHAIN_ID = 11, chain_id: Be32;
    }
    nests {
        /// What iptables' extensions must be told.
        NFTA_RULE_COMPAT = 5, compat: CompatView, CompatWriter, RULE_COMPAT_ATTRS;
    }
}

nl_core::attrs! {
    /// `NFTA_RULE_COMPAT_*`: what iptables' extensions must be told.
    pub table RULE_COMPAT_ATTRS: (), view CompatView, writer CompatWriter;
    values {
        /// Layer 4 protocol of the rule, 0 for any.
        NFTA_RULE_COMPAT_PROTO = 1, proto: Be32;
        /// 2: any but this protocol.
        NFTA_RULE_COMPAT_FLAGS = 2, flags: Be32;
    }
}

/// A rule that was listed.
pub type RuleInfo = Owned<RuleView<'static>>;

impl<'a> RuleView<'a> {
    /// The comment in its userdata.
    #[must_use]
    pub fn comment(&self) -> Option<&'a str> {
        userdata::find_str(self.userdata()?, userdata::COMMENT)
    }

    /// A request that puts this rule in place of itself; its expressions can be edited before.
    /// What is not understood is written back as it was read.
    #[must_use]
    pub fn to_replacement(&self) -> NewRule {
        let family = self.header().family();
        let mut rule = NewRule::new(
            family,
            self.table().unwrap_or_default(),
            self.chain().unwrap_or_default(),
        );
        rule.place = Place::Replace(self.handle().unwrap_or_default());
        rule.exprs = self.exprs().iter().flat_map(|e| e.iter()).collect();
        rule.userdata = self.userdata().unwrap_or_default().to_vec();
        rule.compat = self.compat().map(|compat| Compat {
            proto: compat.proto().unwrap_or_default(),
            flags: compat.flags().unwrap_or_default(),
        });
        rule
    }
}

/// Where a rule is put.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// At the end of the chain, `nft add rule`.
    #[default]
    End,
    /// At the start of the chain, `nft insert rule`.
    Start,
    /// Behind the rule with this handle, `nft add rule … position HANDLE`.
    After(u64),
    /// Before the rule with this handle, `nft insert rule … position HANDLE`.
    Before(u64),
    /// Behind the rule with this id in the same transaction.
    AfterId(u32),
    /// Before the rule with this id in the same transaction.
    BeforeId(u32),
    /// Instead of the rule with this handle, `nft replace rule`.
    Replace(u64),
}

/// `NFTA_RULE_COMPAT`: what iptables' extensions must be told. The kernel does not give it back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compat {
    /// Layer 4 protocol that the rule matches, 0 for any.
    pub proto: u32,
    /// `NFT_RULE_COMPAT_F_INV` (2): any but this protocol.
    pub flags: u32,
}

/// Adds a rule.
///
/// Its expressions are given one by one with [`expr`](Self::expr), or written as in nft with the
/// methods of the [`build`](crate::build) module.
///
/// Equivalent to `nft add rule FAMILY TABLE CHAIN …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRule {
    /// Family.
    pub family: Family,
    /// Table.
    pub table: String,
    /// Chain.
    pub chain: String,
    /// Where in the chain.
    pub place: Place,
    /// What it does, in order.
    pub exprs: Vec<Expr>,
    /// For iptables' extensions.
    pub compat: Option<Compat>,
    /// Userdata; empty for none.
    pub userdata: Vec<u8>,
    /// An id by which other requests of the same transaction can refer to it.
    pub id: Option<u32>,
    /// What the rule has matched so far.
    pub(crate) known: Known,
}

impl NewRule {
    /// A rule at the end of a chain, without expressions.
    #[must_use]
    pub fn new(family: Family, table: &str, chain: &str) -> Self {
        Self {
            family,
            table: table.to_owned(),
            chain: chain.to_owned(),
            place: Place::End,
            exprs: Vec::new(),
            compat: None,
            userdata: Vec::new(),
            id: None,
            known: Known::default(),
        }
    }

    /// Sets where it is put.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// Adds an expression as it is.
    #[must_use]
    pub fn expr(mut self, expr: impl Into<Expr>) -> Self {
        self.exprs.push(expr.into());
        self
    }

    /// Sets the comment, at most 128 characters for nft.
    #[must_use]
    pub fn comment(mut self, text: &str) -> Self {
        self.userdata = userdata::comment(text);
        self
    }
}

impl Request for NewRule {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        NFT_MSG_NEWRULE
    }
    fn flags(&self) -> u16 {
        match self.place {
            Place::End | Place::After(_) | Place::AfterId(_) => NLM_F_CREATE | NLM_F_APPEND,
            Place::Start | Place::Before(_) | Place::BeforeId(_) => NLM_F_CREATE,
            Place::Replace(_) => NLM_F_REPLACE,
        }
    }
    fn write(&self, out: &mut Writer) {
        let mut rule = RuleWriter::new(out, &NfGenMsg::new(self.family));
        rule.table(&self.table).chain(&self.chain);
        match self.place {
            Place::Replace(handle) => {
                rule.handle(handle);
            }
            Place::After(handle) | Place::Before(handle) => {
                rule.position(handle);
            }
            Place::AfterId(id) | Place::BeforeId(id) => {
                rule.position_id(id);
            }
            Place::End | Place::Start => {}
        }
        if let Some(id) = self.id {
            rule.id(id);
        }
        out.nest(NFTA_RULE_EXPRESSIONS, |out| write_list(&self.exprs, out));
        if let Some(compat) = self.compat {
            out.nest(NFTA_RULE_COMPAT, |out| {
                CompatWriter::new(out, &())
                    .proto(compat.proto)
                    .flags(compat.flags);
            });
        }
        if !self.userdata.is_empty() {
            out.attr::<Bytes>(NFTA_RULE_USERDATA, &self.userdata);
        }
    }
}

/// Deletes a rule, or all rules of a chain or a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelRule {
    /// Family.
    pub family: Family,
    /// Table.
    pub table: String,
    /// Chain; `None` for all.
    pub chain: Option<String>,
    /// Handle; `None` for all.
    pub handle: Option<u64>,
    /// That there is none is not an error (Linux 6.3).
    pub if_exists: bool,
}

impl DelRule {
    /// One rule by its handle.
    #[must_use]
    pub fn new(family: Family, table: &str, chain: &str, handle: u64) -> Self {
        Self {
            family,
            table: table.to_owned(),
            chain: Some(chain.to_owned()),
            handle: Some(handle),
            if_exists: false,
        }
    }

    /// All rules of a chain, `nft flush chain`.
    #[must_use]
    pub fn flush_chain(family: Family, table: &str, chain: &str) -> Self {
        Self {
            family,
            table: table.to_owned(),
            chain: Some(chain.to_owned()),
            handle: None,
            if_exists: false,
        }
    }

    /// All rules of a table, `nft flush table`.
    #[must_use]
    pub fn flush_table(family: Family, table: &str) -> Self {
        Self {
            family,
            table: table.to_owned(),
            chain: None,
            handle: None,
            if_exists: false,
        }
    }

    /// Makes a missing rule no error (Linux 6.3).
    #[must_use]
    pub fn if_exists(mut self) -> Self {
        self.if_exists = true;
        self
    }
}

impl Request for DelRule {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        if self.if_exists {
            NFT_MSG_DESTROYRULE
        } else {
            NFT_MSG_DELRULE
        }
    }
    fn write(&self, out: &mut Writer) {
        let mut out = RuleWriter::new(out, &NfGenMsg::new(self.family));
        out.table(&self.table);
        if let Some(chain) = &self.chain {
            out.chain(chain);
        }
        if let Some(handle) = self.handle {
            out.handle(handle);
        }
    }
}

/// Asks for one rule by its handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetRule {
    /// Family.
    pub family: Family,
    /// Table.
    pub table: String,
    /// Chain.
    pub chain: String,
    /// Handle.
    pub handle: u64,
}

impl Request for GetRule {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        NFT_MSG_GETRULE
    }
    fn write(&self, out: &mut Writer) {
        RuleWriter::new(out, &NfGenMsg::new(self.family))
            .table(&self.table)
            .chain(&self.chain)
            .handle(self.handle);
    }
}

impl GetRequest for GetRule {
    type Reply = RuleView<'static>;
    const REPLY_TYPE: u16 = NFT_MSG_NEWRULE;
}

/// Lists rules: of a chain, of a table, or all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetRules {
    /// Family; `UNSPEC` for all.
    pub family: Family,
    /// Only of this table.
    pub table: Option<String>,
    /// Only of this chain.
    pub chain: Option<String>,
}

impl GetRules {
    /// The rules of all tables of a family.
    #[must_use]
    pub fn all(family: Family) -> Self {
        Self {
            family,
            table: None,
            chain: None,
        }
    }

    /// The rules of a table.
    #[must_use]
    pub fn of_table(family: Family, table: &str) -> Self {
        Self {
            family,
            table: Some(table.to_owned()),
            chain: None,
        }
    }

    /// The rules of a chain.
    #[must_use]
    pub fn of_chain(family: Family, table: &str, chain: &str) -> Self {
        Self {
            family,
            table: Some(table.to_owned()),
            chain: Some(chain.to_owned()),
        }
    }
}

impl Request for GetRules {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        NFT_MSG_GETRULE
    }
    fn write(&self, out: &mut Writer) {
        let mut out = RuleWriter::new(out, &NfGenMsg::new(self.family));
        if let Some(table) = &self.table {
            out.table(table);
        }
        if let Some(chain) = &self.chain {
            out.chain(chain);
        }
    }
}

impl DumpRequest for GetRules {
    type Reply = RuleView<'static>;
    const REPLY_TYPE: u16 = NFT_MSG_NEWRULE;
}
