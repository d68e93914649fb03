//! Asks for links: [`GetLink`], [`GetLinks`].

use nl_core::kind::{I32, Text, U32};
use nl_core::{DumpRequest, GetRequest, Request, Writer};

use super::*;
use crate::Route;

/// Include virtual functions. Source: include/uapi/linux/rtnetlink.h.
pub const RTEXT_FILTER_VF: u32 = 1 << 0;
/// Include bridge VLANs, in `AF_BRIDGE` dumps.
pub const RTEXT_FILTER_BRVLAN: u32 = 1 << 1;
/// Include bridge VLANs, ranges as two entries.
pub const RTEXT_FILTER_BRVLAN_COMPRESSED: u32 = 1 << 2;
/// Leave out the IPv6 counters in [`IFLA_AF_SPEC`]; the device's own are sent nevertheless.
pub const RTEXT_FILTER_SKIP_STATS: u32 = 1 << 3;

/// Asks for one link. Equivalent to `ip link show dev DEV`.
///
/// # Errors
///
/// When called: `ENODEV` if there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetLink {
    /// Which link.
    pub link: LinkRef,
    /// What to add to or leave out of the answer, `RTEXT_FILTER_*`.
    pub ext_mask: u32,
    /// The namespace to look in, by its id.
    pub target_netnsid: Option<i32>,
}

impl GetLink {
    /// Asks for this link.
    #[must_use]
    pub fn new(link: impl Into<LinkRef>) -> Self {
        Self {
            link: link.into(),
            ext_mask: 0,
            target_netnsid: None,
        }
    }

    /// Adds to or leaves out of the answer, `RTEXT_FILTER_*`.
    #[must_use]
    pub fn ext_mask(mut self, ext_mask: u32) -> Self {
        self.ext_mask = ext_mask;
        self
    }

    /// Looks in the namespace with this id.
    #[must_use]
    pub fn target_netnsid(mut self, nsid: i32) -> Self {
        self.target_netnsid = Some(nsid);
        self
    }
}

fn write_mask(out: &mut Writer, ext_mask: u32, nsid: Option<i32>) {
    if ext_mask != 0 {
        out.attr::<U32>(IFLA_EXT_MASK, ext_mask);
    }
    if let Some(nsid) = nsid {
        out.attr::<I32>(IFLA_TARGET_NETNSID, nsid);
    }
}

impl Request for GetLink {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_GETLINK
    }

    fn write(&self, out: &mut Writer) {
        out.header(&LinkSettings::default().header(self.link.ifindex()));
        write_mask(out, self.ext_mask, self.target_netnsid);
        self.link.write(out);
    }
}

impl GetRequest for GetLink {
    type Reply = LinkView<'static>;
    const REPLY_TYPE: u16 = RTM_NEWLINK;
}

/// Asks for all links, or those that match. Equivalent to `ip link show`.
///
/// The kernel filters; one before 4.20, or one that does not know the kind, answers with all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetLinks {
    /// `AF_UNSPEC`, or `AF_BRIDGE` for bridge ports and their VLANs.
    pub family: u8,
    /// Only ports of this master.
    pub master: Option<i32>,
    /// Only links of this kind.
    pub kind: Option<String>,
    /// What to add to or leave out of the answers, `RTEXT_FILTER_*`.
    pub ext_mask: u32,
    /// The namespace to look in, by its id.
    pub target_netnsid: Option<i32>,
}

impl GetLinks {
    /// All links.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks another family: 7, `AF_BRIDGE`, tells of bridge ports.
    #[must_use]
    pub fn family(mut self, family: u8) -> Self {
        self.family = family;
        self
    }

    /// Only ports of this master. Equivalent to `ip link show master DEV`.
    #[must_use]
    pub fn master(mut self, ifindex: i32) -> Self {
        self.master = Some(ifindex);
        self
    }

    /// Only links of this kind. Equivalent to `ip link show type KIND`.
    #[must_use]
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = Some(kind.into());
        self
    }

    /// Adds to or leaves out of the answers, `RTEXT_FILTER_*`.
    #[must_use]
    pub fn ext_mask(mut self, ext_mask: u32) -> Self {
        self.ext_mask = ext_mask;
        self
    }

    /// Looks in the namespace with this id.
    #[must_use]
    pub fn target_netnsid(mut self, nsid: i32) -> Self {
        self.target_netnsid = Some(nsid);
        self
    }
}

impl Request for GetLinks {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_GETLINK
    }

    fn write(&self, out: &mut Writer) {
        out.header(&IfInfoMsg {
            family: self.family,
            ..IfInfoMsg::default()
        });
        write_mask(out, self.ext_mask, self.target_netnsid);
        if let Some(master) = self.master {
            out.attr::<I32>(IFLA_MASTER, master);
        }
        if let Some(kind) = &self.kind {
            out.nest(IFLA_LINKINFO, |out| out.attr::<Text>(IFLA_INFO_KIND, kind));
        }
    }
}

impl DumpRequest for GetLinks {
    type Reply = LinkView<'static>;
    const REPLY_TYPE: u16 = RTM_NEWLINK;
}
