//! Links: `RTM_*LINK`, `RTM_*LINKPROP`.

use nl_core::{MessageType, Owned};

use crate::protocol::{
    RTM_DELLINK, RTM_DELLINKPROP, RTM_GETLINK, RTM_NEWLINK, RTM_NEWLINKPROP, RTM_SETLINK,
};

pub mod af_spec;
mod attrs;
mod change;
mod create;
mod driver_stats;
mod flags;
mod header;
mod info;
pub mod kind;
mod multicast;
mod nest;
mod query;
mod settings;
mod target;
pub mod vf;
mod view;

pub use attrs::*;
pub use change::{AddAltName, DelAltName, DelLink, SetLink, SetLinkGroup};
pub use create::NewLink;
pub use driver_stats::{DriverStat, driver_stats};
pub use flags::{Flags, OperState};
pub use header::{IfInfoMsg, IfMap, Stats, Stats64};
pub use info::*;
pub use multicast::{add_multicast, del_multicast};
pub use nest::*;
pub use query::{
    GetLink, GetLinks, RTEXT_FILTER_BRVLAN, RTEXT_FILTER_BRVLAN_COMPRESSED,
    RTEXT_FILTER_SKIP_STATS, RTEXT_FILTER_VF,
};
pub use settings::{LinkSettings, Netns};
pub use target::LinkRef;

/// A link, kept.
pub type Link = Owned<LinkView<'static>>;

pub(crate) const MESSAGES: &[MessageType] = &[
    MessageType {
        number: RTM_NEWLINK,
        name: "RTM_NEWLINK",
        table: &LINK_ATTRS,
    },
    MessageType {
        number: RTM_DELLINK,
        name: "RTM_DELLINK",
        table: &LINK_ATTRS,
    },
    MessageType {
        number: RTM_GETLINK,
        name: "RTM_GETLINK",
        table: &LINK_ATTRS,
    },
    MessageType {
        number: RTM_SETLINK,
        name: "RTM_SETLINK",
        table: &LINK_ATTRS,
    },
    MessageType {
        number: RTM_NEWLINKPROP,
        name: "RTM_NEWLINKPROP",
        table: &LINK_ATTRS,
    },
    MessageType {
        number: RTM_DELLINKPROP,
        name: "RTM_DELLINKPROP",
        table: &LINK_ATTRS,
    },
];
