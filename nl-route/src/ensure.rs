//! [`Ensure`]: requests that first look, and send nothing, or no more than they must.

mod gone;
mod neigh;
mod rule;

use nl_core::{Attrs, Connection, Errno, Error};

use crate::Route;
use crate::addr::{AddrFlags, AddrProtocol, AddrView, Broadcast, FOREVER, GetAddrs, NewAddr};
use crate::bulk::fingerprint::{Fingerprint, Fingerprints, is_forwarding};
use crate::link::kind::bridge::IFLA_BR_MULTI_BOOLOPT;
use crate::link::kind::vlan::IFLA_VLAN_FLAGS;
use crate::link::{GetLink, LinkRef, LinkSettings, NewLink, SetLink};
use crate::nexthop::{GetNexthop, GetNexthops, NewNexthop, NexthopView};
use crate::prefix::Prefix;
use crate::route::{
    EncapType, GetRoute, GetRoutes, NewRoute, RouteFlags, RouteProtocol, RouteTable, RouteView,
};
use crate::value::Mode;

/// Whether something had to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ensured {
    /// Something was sent, and the kernel has done it.
    Changed,
    /// Everything was so already.
    Unchanged,
}

impl Ensured {
    /// Whether something was sent.
    #[must_use]
    pub fn is_changed(self) -> bool {
        self == Self::Changed
    }
}

/// A request that can be asked for as a state: "let this be so", not "do this".
///
/// What is there is read first. If nothing differs from what the request says, nothing is sent;
/// otherwise the least message that makes it so. What the request does not say about links, addresses and neighbours is not
/// compared and not changed; routes and nexthops are replaced as a whole, and what is not said is reset: see there. A
/// [`Mode`] in the request does not matter. Deleting is looked up first, too: what is not there is not
/// asked to go, so that a [dry run](nl_core::Connection::set_dry_run) shows nothing.
///
/// ```no_run
/// use nl_route::addr::NewAddr;
/// use nl_route::link::{DelLink, NewLink};
/// use nl_route::route::NewRoute;
/// use nl_route::{Connection, Prefix, Route, RouteExt};
///
/// let mut rt = Connection::<Route>::open()?;
/// if rt.ensure(&NewLink::bridge("br0").mtu(1400).up())?.is_changed() {
///     println!("br0 was not there, had another MTU, or was down");
/// }
/// let br0 = rt.ifindex("br0")?;
/// rt.ensure(&NewAddr::new(br0, Prefix::new([10, 0, 0, 1].into(), 24)))?;
/// rt.ensure(&NewRoute::new(Prefix::ALL_V4).via([10, 0, 0, 254].into()))?;
/// rt.ensure(&DelLink::new("old0"))?;
/// # Ok::<(), nl_route::Error>(())
/// ```
pub trait Ensure {
    /// Makes it so; see [`RouteExt::ensure`](crate::RouteExt::ensure).
    ///
    /// # Errors
    ///
    /// As [`Connection::call`].
    fn ensure(&self, rt: &mut Connection<Route>) -> Result<Ensured, Error>;
}

/// What the kernel says if that is not there which is to be deleted.
const ABSENT: [Errno; 4] = [
    Errno::ENODEV,
    Errno::ENOENT,
    Errno::ESRCH,
    Errno::EADDRNOTAVAIL,
];

/// Deletes what is there; it may be gone by the time the kernel hears of it.
fn gone<R>(rt: &mut Connection<Route>, there: bool, request: &R) -> Result<Ensured, Error>
where
    R: nl_core::Request<Protocol = Route>,
{
    match send_if(rt, there, request) {
        Err(Error::Kernel(error)) if ABSENT.contains(&error.errno) => Ok(Ensured::Unchanged),
        result => result,
    }
}

fn found<T>(result: Result<T, Error>, absent: Errno) -> Result<Option<T>, Error> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(Error::Kernel(error)) if error.errno == absent => Ok(None),
        Err(error) => Err(error),
    }
}

/// Sends the request if something differs.
fn send_if<R>(rt: &mut Connection<Route>, differs: bool, request: &R) -> Result<Ensured, Error>
where
    R: nl_core::Request<Protocol = Route>,
{
    if !differs {
        return Ok(Ensured::Unchanged);
    }
    rt.call(request)?;
    Ok(Ensured::Changed)
}

/// Makes the link, or changes what differs. Queues and a veth's other end are settings for making
/// it only. One of the kind's own settings is the same if its bytes are; one that the kernel does not tell always differs.
///
/// # Errors
///
/// `EEXIST` if the name belongs to a link of another kind, of another index, or on another lower device, or to one in
/// the namespace of a `target_netnsid` that differs: it cannot be changed from here. So too if it is there already for
/// one that is to be made in the namespace of a file, which is not looked into: open a connection there.
impl Ensure for NewLink {
    fn ensure(&self, rt: &mut Connection<Route>) -> Result<Ensured, Error> {
        if self.settings.netns.is_some() {
            // What has the name here is not meant.
            return send_if(rt, true, &self.clone().or_fail());
        }
        let link = match &self.settings.name {
            Some(name) => LinkRef::Name(name.clone()),
            None => LinkRef::Index(self.ifindex),
        };
        let get = GetLink {
            target_netnsid: self.settings.target_netnsid,
            ..GetLink::new(link)
        };
        let Some(there) = found(rt.get(&get), Errno::ENODEV)? else {
            return send_if(rt, true, self);
        };
        let view = there.view();
        let mut settings = self.settings.differing(&view);
        let other_index = self.ifindex != 0 && self.ifindex != view.ifindex();
        if view.kind() != Some(&self.kind) || other_index || settings.link.is_some() {
            // The kernel has the words for it.
            return send_if(rt, true, &self.clone().or_fail());
        }
        // Found by an alternative name it is not to be renamed.
        settings.name = None;
        // Made there; a change would look for it here.
        let is_elsewhere = settings.target_netnsid.take().is_some();
        let there = view.link_info().and_then(|info| info.data());
        let data = match self.kind_data() {
            Some(Ok(data)) => differing(&self.kind, data, there),
            Some(Err(error)) => return Err((*error).into()),
            None => Vec::new(),
        };
        let differs = settings != LinkSettings::default() || !data.is_empty();
        if differs && is_elsewhere {
            return send_if(rt, true, &self.clone().or_fail());
        }
        let mut change = SetLink::new(view.ifindex());
        change.settings = settings;
        if !data.is_empty() {
            change = change.raw_data(&*self.kind, |out| out.bytes_mut().extend(&data));
        }
        send_if(rt, differs, &change)
    }
}

/// Changes what differs. A namespace to go to always differs, and so do virtual functions.
///
/// # Errors
///
/// `ENODEV` if there is no such link; `EOPNOTSUPP` for settings of another kind than it is, or than its master is.
impl Ensure for SetLink {
    fn ensure(&self, rt: &mut Connection<Route>) -> Result<Ensured, Error> {
        let there = rt.get(&GetLink::new(&self.link))?;
        let view = there.view();
        let info = view.link_info();
        let mut settings = self.settings.differing(&view);
        settings.netns = self.settings.netns;
        let mut change = Self::new(view.ifindex());
        let mut differs = settings != LinkSettings::default() || !self.vfs.is_empty();
        change.settings = settings;
        change.vfs.clone_from(&self.vfs);
        if let Some((kind, data)) = self.kind_data() {
            let data = data.as_ref().map_err(|error| *error)?;
            let there = info.filter(|info| info.kind() == Some(kind));
            let data = differing(kind, data, there.and_then(|info| info.data()));
            if !data.is_empty() {
                differs = true;
                change = change.raw_data(&**kind, |out| out.bytes_mut().extend(&data));
            }
        }
        if let Some((kind, data)) = self.port_data() {
            let data = data.as_ref().map_err(|error| *error)?;
            let there = info.filter(|info| info.slave_kind() == Some(kind));
            let data = differing(kind, data, there.and_then(|info| info.slave_data()));
            if !data.is_empty() {
                differs = true;
                change = change.raw_port_data(&**kind, |out| out.bytes_mut().extend(&data));
            }
        }
        send_if(rt, differs, &change)
    }
}

/// Settings that hold flags and a mask of those that are meant, 32 bits each; the kernel tells all.
const MASKED: &[(&str, u16)] = &[("bridge", IFLA_BR_MULTI_BOOLOPT), ("vlan", IFLA_VLAN_FLAGS)];

/// Of a kind's attributes `wanted` those that are not among `there`.
fn differing(kind: &str, wanted: &[u8], there: Option<&[u8]>) -> Vec<u8> {
    let mut all = Attrs::new(wanted);
    let mut differing = Vec::new();
    loop {
        let start = all.offset();
        let Some(Ok(attr)) = all.next() else {
            return differing;
        };
        let number = attr.number();
        let mut there = Attrs::new(there.unwrap_or(&[])).flatten();
        let there = there.find(|is| is.number() == number);
        let same = there.is_some_and(|is| match MASKED.contains(&(kind, number)) {
            true => is_masked_same(attr.payload, is.payload),
            false => is.payload == attr.payload,
        });
        if !same {
            differing.extend_from_slice(wanted.get(start..all.offset()).unwrap_or(&[]));
        }
    }
}

/// Whether those flags that are meant are as they are meant to be.
fn is_masked_same(wanted: &[u8], there: &[u8]) -> bool {
    let (Some((flags, mask)), Some(there)) = (wanted.split_at_checked(4), there.get(..4)) else {
        return false;
    };
    let mut all = flags.iter().zip(mask).zip(there);
    all.all(|((flag, mask), is)| (flag ^ is) & mask == 0)
}

/// Gives the link the address, or changes what differs. A lifetime with an end always differs.
///
/// # Errors
///
/// `EEXIST` if the link has it in a way that cannot be changed in place: with another label,
/// broadcast address, scope or flags (IPv4), with another prefix length (IPv6).
impl Ensure for NewAddr {
    fn ensure(&self, rt: &mut Connection<Route>) -> Result<Ensured, Error> {
        let list = GetAddrs {
            family: self.local.family(),
            ifindex: Some(self.ifindex),
            target_netnsid: self.target_netnsid,
        };
        let all = rt.collect(&list)?;
        let there = all.iter().find(|addr| self.is_of(&addr.view()));
        match there.map(|addr| addr.view()) {
            // The kernel has the words for the second.
            None => send_if(rt, true, &self.clone().mode(Mode::Add)),
            Some(view) if self.is_fixed_differently(&view) => {
                send_if(rt, true, &self.clone().mode(Mode::Add))
            }
            Some(view) => send_if(rt, self.differs(&view), &self.over(&view)),
        }
    }
}

fn other<T: PartialEq>(wanted: Option<T>, is: Option<T>) -> bool {
    wanted.is_some() && wanted != is
}

impl NewAddr {
    fn peer_or_local(&self) -> Prefix {
        self.peer.unwrap_or(self.local)
    }

    /// What makes the address so and keeps what is not said, which a replacement would reset.
    fn over(&self, view: &AddrView<'_>) -> Self {
        const KEPT: AddrFlags = AddrFlags::NODAD
            .union(AddrFlags::HOMEADDRESS)
            .union(AddrFlags::MANAGETEMPADDR)
            .union(AddrFlags::NOPREFIXROUTE);
        let cacheinfo = view.cacheinfo();
        let peer = || Some(Prefix::new(view.peer()?, view.prefix_len()));
        Self {
            mode: Mode::Replace,
            flags: self.flags | (view.flags() & KEPT),
            metric: self.metric.or(view.rt_priority()),
            protocol: self.protocol.or(view.protocol()),
            valid: self.valid.or(cacheinfo.map(|info| info.valid.get())),
            preferred: self
                .preferred
                .or(cacheinfo.map(|info| info.preferred.get())),
            peer: self.peer.or_else(peer),
            ..self.clone()
        }
    }

    /// Whether this address is meant: the kernel has each once.
    fn is_of(&self, view: &AddrView<'_>) -> bool {
        let local = view.prefix().map(|prefix| prefix.addr);
        let same = view.ifindex() == self.ifindex && local == Some(self.local.addr);
        let peer = self.peer_or_local();
        let network = || view.address() == Some(peer.addr) && view.prefix_len() == peer.len;
        same && (self.local.addr.is_ipv6() || network())
    }

    /// Whether something differs that cannot be changed in place.
    fn is_fixed_differently(&self, view: &AddrView<'_>) -> bool {
        if self.local.addr.is_ipv6() {
            return view.prefix_len() != self.peer_or_local().len;
        }
        let peer = self.peer_or_local();
        let broadcast = self.broadcast.and_then(|broadcast| match broadcast {
            Broadcast::Addr(addr) => Some(addr),
            Broadcast::Last => (peer.len <= 30).then(|| peer.last()),
            Broadcast::First => (peer.len <= 30).then(|| peer.network().addr),
        });
        other(broadcast, view.broadcast())
            || other(self.label.as_deref(), view.label())
            || other(self.scope, Some(view.scope()))
            || !view.flags().contains(self.flags)
    }

    /// Whether something differs that can.
    fn differs(&self, view: &AddrView<'_>) -> bool {
        let lasts = |wanted: Option<u32>, is: Option<u32>| {
            other(wanted, is) || wanted.is_some_and(|seconds| seconds != FOREVER)
        };
        let valid = view.cacheinfo().map(|info| info.valid.get());
        let preferred = view.cacheinfo().map(|info| info.preferred.get());
        // 0 is what is not told.
        let protocol = view.protocol().unwrap_or(AddrProtocol::UNSPEC);
        !view.flags().contains(self.flags)
            || other(self.metric, Some(view.rt_priority().unwrap_or(0)))
            || other(self.protocol, Some(protocol))
            || lasts(self.valid, valid)
            || lasts(self.preferred, preferred)
            || (self.peer.is_some() && view.address() != Some(self.peer_or_local().addr))
    }
}

/// Makes the route, or takes the place of the first with the same destination and metric, whoever made that: all of it
/// is replaced. So all is compared, what is not said as if it were said as it is sent: a route without a
/// [protocol](NewRoute::protocol) is one of `boot`, one without a source address has none.
///
/// Of the end of an IPv6 route it is only compared whether there is one. A link that is left to the gateway may be any; of
/// several ways all or none must leave it, or the route is sent each time.
///
/// The table is listed only if looking a packet up there does not tell: because packets do not take the route
/// (another table, a worse metric, one that drops them), or take another one to the same destination.
impl Ensure for NewRoute {
    fn ensure(&self, rt: &mut Connection<Route>) -> Result<Ensured, Error> {
        let mut prints = Fingerprints::default();
        let wanted = prints.of_request(self)?;
        let lookup = GetRoute::new(self.dst.addr).tos(self.tos).fib_match();
        let table = self.table_or_default();
        let is_missing = match rt.get(&lookup) {
            Ok(route) if wanted.is_met_by(&prints.of_view(&route.view())) => {
                return Ok(Ensured::Unchanged);
            }
            // Packets would take the longer prefix, if it were there.
            Ok(route) => {
                let route = route.view();
                let len = route.dst().map_or(0, |dst| dst.len);
                route.table() == table && len < self.dst.len
            }
            Err(Error::Kernel(error)) => {
                error.errno == Errno::ENETUNREACH && table == RouteTable::MAIN
            }
            Err(error) => return Err(error),
        };
        let is_plain = self.src.is_none() && self.route_type.is_none_or(is_forwarding);
        if is_missing && is_plain {
            match rt.call(&self.clone().mode(Mode::Add)) {
                Ok(()) => return Ok(Ensured::Changed),
                // One that no packet can take now.
                Err(Error::Kernel(error)) if error.errno == Errno::EEXIST => {}
                Err(error) => return Err(error),
            }
        }
        match self.ensure_listed(rt, &prints, &wanted) {
            // Somebody was faster, or the list was disturbed and lacked it.
            Err(Error::Kernel(error)) if error.errno == Errno::EEXIST => {
                self.ensure_listed(rt, &prints, &wanted)
            }
            result => result,
        }
    }
}

impl NewRoute {
    /// Makes the route so by what its table lists.
    fn ensure_listed(
        &self,
        rt: &mut Connection<Route>,
        prints: &Fingerprints,
        wanted: &Fingerprint,
    ) -> Result<Ensured, Error> {
        let list = GetRoutes::new(self.dst.family()).table(self.table_or_default());
        let (mut same, mut other) = (false, false);
        each_route(rt, &list, |route| {
            let there = prints.of_view(route);
            same |= wanted.is_met_by(&there);
            other |= wanted.identity == there.identity;
        })?;
        let mode = if other { Mode::Replace } else { Mode::Add };
        send_if(rt, !same, &self.clone().mode(mode))
    }
}

/// Calls `each` with the routes of a list; a table that is not there is empty.
pub(crate) fn each_route(
    rt: &mut Connection<Route>,
    list: &GetRoutes,
    mut each: impl FnMut(&RouteView<'_>),
) -> Result<(), Error> {
    let mut dump = rt.start_dump(list)?;
    loop {
        match dump.next() {
            Ok(Some(route)) => each(&route),
            Ok(None) => return Ok(()),
            Err(Error::Kernel(error)) if error.errno == Errno::ENOENT => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// Makes the nexthop object, or replaces the one with the same id. Without an id any that says the
/// same will do.
///
/// It is replaced as a whole, and what is not said is reset; so a gateway, a tunnel, a flag that is there and not said
/// differs. Its protocol, its link, the type of a group and the numbers of a resilient one are not compared unless they
/// are said.
impl Ensure for NewNexthop {
    fn ensure(&self, rt: &mut Connection<Route>) -> Result<Ensured, Error> {
        let prints = Fingerprints::default();
        if let Some(id) = self.id.filter(|&id| id != 0) {
            let there = found(rt.get(&GetNexthop { id }), Errno::ENOENT)?;
            let same = there.is_some_and(|there| self.is_met_by(&there.view(), &prints));
            return send_if(rt, !same, &self.clone().mode(Mode::Replace));
        }
        let all = rt.collect(&GetNexthops::default())?;
        let same = all
            .iter()
            .any(|there| self.is_met_by(&there.view(), &prints));
        send_if(rt, !same, &self.clone().mode(Mode::Add))
    }
}

impl NewNexthop {
    fn is_met_by(&self, view: &NexthopView<'_>, prints: &Fingerprints) -> bool {
        let wanted_encap = self.encap.as_ref().map(|encap| {
            let attrs = prints.encap(encap.encap_type, &encap.attrs);
            (encap.encap_type, attrs)
        });
        let encap = view.encap_type().map(|encap_type| {
            let encap_type = EncapType(encap_type);
            let attrs = prints.encap(encap_type, view.encap().unwrap_or(&[]));
            (encap_type, attrs)
        });
        let onlink = |flags: RouteFlags| flags.contains(RouteFlags::ONLINK);
        let group = view.group().unwrap_or(&[]);
        let timers = view.res_group();
        let group_type = self.group_type.map(|kind| kind.0);
        // A group has none.
        let is_family = !self.group.is_empty() || view.family() == self.family;
        is_family
            && view.gateway() == self.gateway
            && (!other(self.oif, view.oif()))
            && view.blackhole().is_some() == self.blackhole
            && view.fdb().is_some() == self.fdb
            && group == self.group
            && !other(group_type, view.group_type())
            && encap == wanted_encap
            && onlink(view.flags()) == onlink(self.flags)
            && (self.protocol == RouteProtocol::UNSPEC || self.protocol == view.protocol())
            && !other(self.buckets, timers.and_then(|timers| timers.buckets()))
            && !other(
                self.idle_timer,
                timers.and_then(|timers| timers.idle_timer()),
            )
            && !other(
                self.unbalanced_timer,
                timers.and_then(|timers| timers.unbalanced_timer()),
            )
    }
}
