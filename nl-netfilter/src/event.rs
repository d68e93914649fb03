//! [`Event`]: what a commit changed, as everybody is told who listens.
//!
//! The kernel tells of a commit's objects, in their order, and ends with the number of the generation
//! that it made, and who made it.
//!
//! ```no_run
//! use nl_core::{Notification, Subscription};
//! use nl_netfilter::Netfilter;
//! use nl_netfilter::event::{Event, NFNLGRP_NFTABLES};
//!
//! let mut events = Subscription::<Netfilter>::open(&[NFNLGRP_NFTABLES])?;
//! loop {
//!     match events.next()? {
//!         Notification::Event { message, .. } => match Event::parse(&message)? {
//!             Some(Event::Generation(made)) => println!("ruleset {:?}", made.id()),
//!             event => println!("{event:?}"),
//!         },
//!         _ => println!("events were lost: list the ruleset again"),
//!     }
//! }
//! # Ok::<(), nl_core::Error>(())
//! ```

use nl_core::{DecodeError, Message};

use crate::batch::GenView;
use crate::chain::ChainView;
use crate::element::ElementsView;
use crate::flowtable::FlowtableView;
use crate::nfgen;
use crate::object::ObjectView;
use crate::rule::RuleView;
use crate::set::SetView;
use crate::table::TableView;

/// `NFNLGRP_NFTABLES`: the group of all changes of the ruleset.
/// Source: include/uapi/linux/netfilter/nfnetlink.h.
pub const NFNLGRP_NFTABLES: u32 = 7;

/// What a commit did. Of what is `removed` the view tells what it was.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
#[allow(
    clippy::large_enum_variant,
    reason = "a view is made for each message, and not kept"
)]
#[allow(missing_docs, reason = "the variants of the same names say it")]
pub enum Event<'a> {
    /// A table was made, changed or removed.
    Table { view: TableView<'a>, removed: bool },
    /// A chain was made, changed or removed.
    Chain { view: ChainView<'a>, removed: bool },
    /// A rule was made or removed; one that was replaced is both.
    Rule { view: RuleView<'a>, removed: bool },
    /// A set was made or removed.
    Set { view: SetView<'a>, removed: bool },
    /// Elements of a set were added or removed. That they timed out, or that packets added them, is not told.
    Elements {
        view: ElementsView<'a>,
        removed: bool,
    },
    /// A stateful object was made, changed or removed.
    Object { view: ObjectView<'a>, removed: bool },
    /// A flowtable was made, changed or removed.
    Flowtable {
        view: FlowtableView<'a>,
        removed: bool,
    },
    /// The commit is complete: the number of the ruleset as it is now, and the thread that made it.
    Generation(GenView<'a>),
}

impl<'a> Event<'a> {
    /// Reads a notification; `None` for one that is no change of the ruleset.
    ///
    /// # Errors
    ///
    /// As [`View::parse`](nl_core::View::parse).
    pub fn parse(message: &Message<'a>) -> Result<Option<Self>, DecodeError> {
        let payload = message.payload;
        macro_rules! of {
            ($Variant:ident, $View:ident, $removed:literal) => {
                Self::$Variant {
                    view: $View::parse(payload)?,
                    removed: $removed,
                }
            };
        }
        Ok(Some(match message.message_type() {
            nfgen::NFT_MSG_NEWTABLE => of!(Table, TableView, false),
            nfgen::NFT_MSG_DELTABLE => of!(Table, TableView, true),
            nfgen::NFT_MSG_NEWCHAIN => of!(Chain, ChainView, false),
            nfgen::NFT_MSG_DELCHAIN => of!(Chain, ChainView, true),
            nfgen::NFT_MSG_NEWRULE => of!(Rule, RuleView, false),
            nfgen::NFT_MSG_DELRULE => of!(Rule, RuleView, true),
            nfgen::NFT_MSG_NEWSET => of!(Set, SetView, false),
            nfgen::NFT_MSG_DELSET => of!(Set, SetView, true),
            nfgen::NFT_MSG_NEWSETELEM => of!(Elements, ElementsView, false),
            nfgen::NFT_MSG_DELSETELEM => of!(Elements, ElementsView, true),
            nfgen::NFT_MSG_NEWOBJ => of!(Object, ObjectView, false),
            nfgen::NFT_MSG_DELOBJ => of!(Object, ObjectView, true),
            nfgen::NFT_MSG_NEWFLOWTABLE => of!(Flowtable, FlowtableView, false),
            nfgen::NFT_MSG_DELFLOWTABLE => of!(Flowtable, FlowtableView, true),
            nfgen::NFT_MSG_NEWGEN => Self::Generation(GenView::parse(payload)?),
            _ => return Ok(None),
        }))
    }
}
