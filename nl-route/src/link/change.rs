//! Changes links and deletes them: [`SetLink`], [`SetLinkGroup`], [`DelLink`], [`AddAltName`], [`DelAltName`].

use nl_core::header::{NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL};
use nl_core::kind::{Text, U32};
use nl_core::{EncodeError, Request, Writer};

use super::create::{encode, write_data};
use super::kind::LinkKind;
use super::kind::bridge_port::BridgePortWriter;
use super::settings::settings_methods;
use super::target::{ALTNAME_MAX, write_name};
use super::vf::{IFLA_VF_INFO, VfWriter};
use super::*;
use crate::Route;

/// Changes a link. Equivalent to `ip link set`.
///
/// ```
/// use nl_route::link::SetLink;
///
/// let up = SetLink::new("v0").mtu(1400).up();
/// let port = SetLink::new(7).bridge_port(|port| {
///     port.cost(5).isolated(1);
/// });
/// ```
///
/// # Errors
///
/// When called: `ENODEV` if there is no such link, and what the driver refuses. A link that is
/// named, not numbered, cannot be renamed: the kernel would ignore it, so it is refused here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetLink {
    /// Which link.
    pub link: LinkRef,
    /// What to set.
    pub settings: LinkSettings,
    pub(crate) vfs: Vec<Result<Vec<u8>, EncodeError>>,
    data: Option<(String, Result<Vec<u8>, EncodeError>)>,
    port_data: Option<(String, Result<Vec<u8>, EncodeError>)>,
}

settings_methods!(SetLink);

impl SetLink {
    /// Changes nothing yet.
    #[must_use]
    pub fn new(link: impl Into<LinkRef>) -> Self {
        Self {
            link: link.into(),
            settings: LinkSettings::default(),
            vfs: Vec::new(),
            data: None,
            port_data: None,
        }
    }

    /// The kind and its settings, as far as they are to be changed.
    pub(crate) fn kind_data(&self) -> Option<&(String, Result<Vec<u8>, EncodeError>)> {
        self.data.as_ref()
    }

    /// The master's kind and settings as its port, as far as they are to be changed.
    pub(crate) fn port_data(&self) -> Option<&(String, Result<Vec<u8>, EncodeError>)> {
        self.port_data.as_ref()
    }

    /// Changes settings of the driver `K`, which must be the link's own. Equivalent to `type KIND …`.
    #[must_use]
    pub fn data<K: LinkKind>(mut self, write: impl FnOnce(&mut K::Writer<'_>)) -> Self {
        self.data = Some((K::NAME.to_owned(), encode(|out| write(&mut K::writer(out)))));
        self
    }

    /// Changes settings of a driver by its name, with attributes of your own.
    #[must_use]
    pub fn raw_data(mut self, kind: impl Into<String>, write: impl FnOnce(&mut Writer)) -> Self {
        self.data = Some((kind.into(), encode(write)));
        self
    }

    /// Changes a virtual function, numbered from 0; several calls change several. Equivalent to
    /// `vf NUM …`.
    ///
    /// ```
    /// nl_route::link::SetLink::new("eth0").vf(3, |vf| {
    ///     vf.mac(&[2, 0, 0, 0, 0, 1]).vlan(5, 0).spoofchk(true);
    /// });
    /// ```
    #[must_use]
    pub fn vf(mut self, number: u32, write: impl FnOnce(&mut VfWriter<'_>)) -> Self {
        self.vfs
            .push(encode(|out| write(&mut VfWriter::new(out, number))));
        self
    }

    /// Changes settings as the port of a bridge. Equivalent to `type bridge_slave …`.
    #[must_use]
    pub fn bridge_port(self, write: impl FnOnce(&mut BridgePortWriter<'_>)) -> Self {
        self.raw_port_data("bridge", |out| write(&mut BridgePortWriter::new(out, &())))
    }

    /// Changes settings as the port of a master of this kind, with attributes of your own.
    #[must_use]
    pub fn raw_port_data(
        mut self,
        kind: impl Into<String>,
        write: impl FnOnce(&mut Writer),
    ) -> Self {
        self.port_data = Some((kind.into(), encode(write)));
        self
    }
}

impl Request for SetLink {
    type Protocol = Route;

    // As ip(8): RTM_SETLINK does not take IFLA_LINKINFO of every driver.
    fn message_type(&self) -> u16 {
        RTM_NEWLINK
    }

    fn write(&self, out: &mut Writer) {
        out.header(&self.settings.header(self.link.ifindex()));
        if self.settings.name.is_some() && self.link.ifindex() == 0 {
            out.fail(EncodeError::BadValue {
                attr: "IFLA_IFNAME",
                what: "a new name for a link that is not given by its index",
            });
        }
        self.link.write(out);
        self.settings.write(out);
        if !self.vfs.is_empty() {
            out.nest(IFLA_VFINFO_LIST, |out| {
                for vf in &self.vfs {
                    write_data(out, IFLA_VF_INFO, vf);
                }
            });
        }
        if self.data.is_none() && self.port_data.is_none() {
            return;
        }
        out.nest(IFLA_LINKINFO, |out| {
            if let Some((kind, data)) = &self.data {
                out.attr::<Text>(IFLA_INFO_KIND, kind);
                write_data(out, IFLA_INFO_DATA, data);
            }
            if let Some((kind, data)) = &self.port_data {
                out.attr::<Text>(IFLA_INFO_SLAVE_KIND, kind);
                write_data(out, IFLA_INFO_SLAVE_DATA, data);
            }
        });
    }
}

/// Changes all links of a group. Equivalent to `ip link set group GROUP …`.
///
/// ```
/// use nl_route::link::{Flags, LinkSettings, SetLinkGroup};
///
/// let settings = LinkSettings {
///     flags: Flags::UP,
///     change: Flags::UP,
///     ..LinkSettings::default()
/// };
/// let request = SetLinkGroup { group: 7, settings };
/// ```
///
/// # Errors
///
/// When called: what the first driver refuses; links before it are changed. `EINVAL` for settings
/// that only one link can have, such as a name. A group without links is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetLinkGroup {
    /// Which links.
    pub group: u32,
    /// What to set; its own `group` would be the new one, which the kernel cannot do at once.
    pub settings: LinkSettings,
}

impl Request for SetLinkGroup {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_NEWLINK
    }

    fn write(&self, out: &mut Writer) {
        out.header(&self.settings.header(0));
        self.settings.write(out);
        out.attr::<U32>(IFLA_GROUP, self.group);
    }
}

/// Deletes a link, and with a veth its other end; or a whole group of links, which takes hardly
/// longer than one (20 ms). Equivalent to `ip link delete`.
///
/// # Errors
///
/// When called: `ENODEV` if there is none, `EOPNOTSUPP` for hardware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DelLink {
    /// This link.
    One(LinkRef),
    /// All links of this group.
    Group(u32),
}

impl DelLink {
    /// Deletes this link.
    #[must_use]
    pub fn new(link: impl Into<LinkRef>) -> Self {
        Self::One(link.into())
    }

    /// Deletes all links of a group. Equivalent to `ip link delete group GROUP`.
    #[must_use]
    pub fn group(group: u32) -> Self {
        Self::Group(group)
    }
}

impl Request for DelLink {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_DELLINK
    }

    fn write(&self, out: &mut Writer) {
        match self {
            Self::One(link) => {
                out.header(&LinkSettings::default().header(link.ifindex()));
                link.write(out);
            }
            Self::Group(group) => {
                out.header(&IfInfoMsg::default());
                out.attr::<U32>(IFLA_GROUP, *group);
            }
        }
    }
}

/// Gives a link one more name, up to 127 bytes. Equivalent to `ip link property add dev DEV altname NAME`.
///
/// # Errors
///
/// When called: `EEXIST` if any link has the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddAltName {
    /// Which link.
    pub link: LinkRef,
    /// The name.
    pub altname: String,
}

impl AddAltName {
    /// Adds `altname` to `link`.
    #[must_use]
    pub fn new(link: impl Into<LinkRef>, altname: impl Into<String>) -> Self {
        Self {
            link: link.into(),
            altname: altname.into(),
        }
    }
}

/// Takes an alternative name from a link. Equivalent to `ip link property del dev DEV altname NAME`.
///
/// # Errors
///
/// When called: `ENOENT` or `EINVAL` if the link has no such name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelAltName {
    /// Which link.
    pub link: LinkRef,
    /// The name.
    pub altname: String,
}

impl DelAltName {
    /// Removes `altname` from `link`.
    #[must_use]
    pub fn new(link: impl Into<LinkRef>, altname: impl Into<String>) -> Self {
        Self {
            link: link.into(),
            altname: altname.into(),
        }
    }
}

fn write_altname(out: &mut Writer, link: &LinkRef, altname: &str) {
    out.header(&LinkSettings::default().header(link.ifindex()));
    link.write(out);
    out.nest(IFLA_PROP_LIST, |out| {
        write_name(
            out,
            IFLA_ALT_IFNAME,
            "IFLA_ALT_IFNAME",
            altname,
            ALTNAME_MAX,
        );
    });
}

impl Request for AddAltName {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_NEWLINKPROP
    }

    fn flags(&self) -> u16 {
        NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND
    }

    fn write(&self, out: &mut Writer) {
        write_altname(out, &self.link, &self.altname);
    }
}

impl Request for DelAltName {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_DELLINKPROP
    }

    fn write(&self, out: &mut Writer) {
        write_altname(out, &self.link, &self.altname);
    }
}
