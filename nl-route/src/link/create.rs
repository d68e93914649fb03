//! [`NewLink`]: makes a link.

use nl_core::header::{NLM_F_CREATE, NLM_F_EXCL};
use nl_core::{EncodeError, Request, Writer};

use super::kind::veth::VETH_INFO_PEER;
use super::kind::{Bridge, LinkKind, Vlan};
use super::settings::settings_methods;
use super::*;
use crate::Route;

/// Makes a link. Equivalent to `ip link add`.
///
/// ```
/// use nl_route::link::{NewLink, kind};
///
/// let pair = NewLink::veth("v0", "v1").mtu(1400).up();
/// let bridge = NewLink::bridge("br0").data::<kind::Bridge>(|bridge| {
///     bridge.stp_state(1).ageing_time(1000);
/// });
/// let other = NewLink::of_kind("dummy", "d0");
/// ```
///
/// # Errors
///
/// When called: `EEXIST` if the name or the index is taken, `EOPNOTSUPP` if the kernel has no such
/// kind, and what the driver refuses. Names over 15 bytes are refused before anything is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLink {
    /// Interface index; 0 lets the kernel choose.
    pub ifindex: i32,
    /// `IFLA_INFO_KIND`.
    pub kind: String,
    /// Attributes of the link.
    pub settings: LinkSettings,
    /// The other end of a veth or another pair, and its interface index.
    pub peer: Option<Box<(i32, LinkSettings)>>,
    data: Option<Result<Vec<u8>, EncodeError>>,
    flags: u16,
}

settings_methods!(NewLink);

impl NewLink {
    /// A link of any kind by its name, without settings.
    #[must_use]
    pub fn of_kind(kind: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            ifindex: 0,
            kind: kind.into(),
            settings: LinkSettings {
                name: Some(name.into()),
                ..LinkSettings::default()
            },
            peer: None,
            data: None,
            flags: NLM_F_CREATE | NLM_F_EXCL,
        }
    }

    /// A veth pair: a cable with two ends, by default in the same namespace.
    ///
    /// Both ends get one transmit and one receive queue, which makes creation twice as fast: left
    /// to itself the kernel makes one per possible CPU and then uses one. A driver or XDP program
    /// that wants more says so with [`kernel_queues`](Self::kernel_queues) or
    /// [`num_tx_queues`](Self::num_tx_queues).
    #[must_use]
    pub fn veth(name: impl Into<String>, peer: impl Into<String>) -> Self {
        let settings = LinkSettings {
            name: Some(peer.into()),
            num_tx_queues: Some(1),
            num_rx_queues: Some(1),
            ..LinkSettings::default()
        };
        Self {
            peer: Some(Box::new((0, settings))),
            ..Self::of_kind("veth", name)
        }
        .num_tx_queues(1)
        .num_rx_queues(1)
    }

    /// A pair of another kind: "netkit", "vxcan".
    #[must_use]
    pub fn pair(kind: impl Into<String>, name: impl Into<String>, peer: impl Into<String>) -> Self {
        Self::of_kind(kind, name).peer(|settings| settings.name = Some(peer.into()))
    }

    /// A bridge.
    #[must_use]
    pub fn bridge(name: impl Into<String>) -> Self {
        Self::of_kind(Bridge::NAME, name)
    }

    /// VLAN `id` of the device with interface index `link`.
    #[must_use]
    pub fn vlan(name: impl Into<String>, link: i32, id: u16) -> Self {
        Self::of_kind(Vlan::NAME, name)
            .link(link)
            .data::<Vlan>(|vlan| {
                vlan.id(id);
            })
    }

    /// Chooses the interface index, so that later requests can name the link without asking.
    #[must_use]
    pub fn ifindex(mut self, ifindex: i32) -> Self {
        self.ifindex = ifindex;
        self
    }

    /// Leaves the number of queues of both ends to the kernel.
    #[must_use]
    pub fn kernel_queues(mut self) -> Self {
        let peer = self.peer.as_mut().map(|peer| &mut peer.1);
        for settings in [Some(&mut self.settings), peer].into_iter().flatten() {
            settings.num_tx_queues = None;
            settings.num_rx_queues = None;
        }
        self
    }

    /// Sets attributes of a veth's other end: address, MTU, namespace… But not up: the kernel
    /// refuses that (`ENOTCONN`) until the pair exists.
    ///
    /// ```
    /// # use nl_route::link::NewLink;
    /// NewLink::veth("v0", "v1").peer(|peer| peer.mtu = Some(1400));
    /// ```
    #[must_use]
    pub fn peer(mut self, set: impl FnOnce(&mut LinkSettings)) -> Self {
        set(&mut self.peer.get_or_insert_default().1);
        self
    }

    /// Makes a veth's other end in the namespace of an open file, which must stay open until the
    /// request is sent. It costs nothing; moving it there later takes the kernel 24 ms.
    #[must_use]
    pub fn peer_netns(self, netns: &impl std::os::fd::AsFd) -> Self {
        self.peer(|peer| peer.netns = Some(Netns::of(netns)))
    }

    /// Chooses the interface index of a veth's other end. The kernel hears it only if this end's
    /// [`ifindex`](Self::ifindex) is chosen, too.
    #[must_use]
    pub fn peer_ifindex(mut self, ifindex: i32) -> Self {
        self.peer.get_or_insert_default().0 = ifindex;
        self
    }

    /// Sets the kind to `K`, and its settings.
    #[must_use]
    pub fn data<K: LinkKind>(mut self, write: impl FnOnce(&mut K::Writer<'_>)) -> Self {
        K::NAME.clone_into(&mut self.kind);
        self.raw_data(|out| write(&mut K::writer(out)))
    }

    /// Sets the kind's settings to attributes of your own.
    #[must_use]
    pub fn raw_data(mut self, write: impl FnOnce(&mut Writer)) -> Self {
        self.data = Some(encode(write));
        self
    }

    /// What it says beside its settings: the kind's own, without a veth's other end.
    pub(crate) fn kind_data(&self) -> Option<&Result<Vec<u8>, EncodeError>> {
        self.data.as_ref()
    }

    /// Fails if the link exists, whatever was said before.
    pub(crate) fn or_fail(mut self) -> Self {
        self.flags = NLM_F_CREATE | NLM_F_EXCL;
        self
    }

    /// Changes the link if it exists already, instead of failing.
    #[must_use]
    pub fn or_change(mut self) -> Self {
        self.flags = NLM_F_CREATE;
        self
    }
}

/// Attributes, kept until the request is written.
pub(super) fn encode(write: impl FnOnce(&mut Writer)) -> Result<Vec<u8>, EncodeError> {
    let mut out = Writer::new();
    write(&mut out);
    out.into_bytes()
}

/// Appends what [`encode`] kept.
pub(super) fn write_data(out: &mut Writer, number: u16, data: &Result<Vec<u8>, EncodeError>) {
    match data {
        Ok(bytes) => out.nest(number, |out| out.bytes_mut().extend_from_slice(bytes)),
        Err(error) => out.fail(*error),
    }
}

impl Request for NewLink {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_NEWLINK
    }

    fn flags(&self) -> u16 {
        self.flags
    }

    fn write(&self, out: &mut Writer) {
        out.header(&self.settings.header(self.ifindex));
        self.settings.write(out);
        out.nest(IFLA_LINKINFO, |out| {
            out.attr::<nl_core::kind::Text>(IFLA_INFO_KIND, &self.kind);
            if let Some(peer) = &self.peer {
                let (ifindex, settings) = &**peer;
                out.nest(IFLA_INFO_DATA, |out| {
                    match &self.data {
                        Some(Ok(bytes)) => out.bytes_mut().extend_from_slice(bytes),
                        Some(Err(error)) => out.fail(*error),
                        None => {}
                    }
                    // The same number for netkit and vxcan.
                    out.attr_with(VETH_INFO_PEER, |out| {
                        out.header(&settings.header(*ifindex));
                        settings.write(out);
                    });
                });
            } else if let Some(data) = &self.data {
                write_data(out, IFLA_INFO_DATA, data);
            }
        });
    }
}
