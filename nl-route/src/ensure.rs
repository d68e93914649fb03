//! [`Ensure`]: requests that first look, and send nothing, or no more than they must.

use nl_core::{Attrs, Connection, Errno, Error};

use crate::Route;
use crate::addr::{
    AddrFlags, AddrProtocol, AddrView, Broadcast, DelAddr, FOREVER, GetAddrs, NewAddr,
};
use crate::bulk::fingerprint::Fingerprints;
use crate::link::{DelLink, GetLink, LinkRef, LinkSettings, NewLink, SetLink};
use crate::neigh::DelNeigh;
use crate::nexthop::{DelNexthop, GetNexthop, GetNexthops, NewNexthop, NexthopView};
use crate::prefix::Prefix;
use crate::route::{DelRoute, GetRoute, GetRoutes, NewRoute, RouteFlags, RouteProtocol};
use crate::rule::{DelRule, NewRule};
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
/// otherwise the least message that makes it so. What the request does not say is not compared and
/// not changed. A [`Mode`] in the request does not matter.
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

/// Something is deleted if it is there; `absent` is what the kernel says if it is not.
fn unless(result: Result<(), Error>, absent: &[Errno]) -> Result<Ensured, Error> {
    match result {
        Ok(()) => Ok(Ensured::Changed),
        Err(Error::Kernel(error)) if absent.contains(&error.errno) => Ok(Ensured::Unchanged),
        Err(error) => Err(error),
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
/// it only. One of the kind's own settings is the same if its bytes are.
///
/// # Errors
///
/// `EEXIST` if the name belongs to a link of another kind, of another index, or on another lower device.
impl Ensure for NewLink {
    fn ensure(&self, rt: &mut Connection<Route>) -> Result<Ensured, Error> {
        let link = match &self.settings.name {
            Some(name) => LinkRef::Name(name.clone()),
            None => LinkRef::Index(self.ifindex),
        };
        let Some(there) = found(rt.get(&GetLink::new(link)), Errno::ENODEV)? else {
            return send_if(rt, true, self);
        };
        let view = there.view();
        let mut settings = self.settings.differing(&view);
        let other_index = self.ifindex != 0 && self.ifindex != view.ifindex();
        if view.kind() != Some(&self.kind) || other_index || settings.link.is_some() {
            // The kernel has the words for it.
            return send_if(rt, true, self);
        }
        // Found by an alternative name it is not to be renamed.
        settings.name = None;
        let there = view.link_info().and_then(|info| info.data());
        let data = match self.kind_data() {
            Some(Ok(data)) => differing(data, there),
            Some(Err(error)) => return Err((*error).into()),
            None => Vec::new(),
        };
        let differs = settings != LinkSettings::default() || !data.is_empty();
        let mut change = SetLink::new(view.ifindex());
        change.settings = settings;
        if !data.is_empty() {
            change = change.raw_data(&*self.kind, |out| out.bytes_mut().extend(&data));
        }
        send_if(rt, differs, &change)
    }
}

/// Changes what differs. A namespace to go to always differs.
///
/// # Errors
///
/// `ENODEV` if there is no such link.
impl Ensure for SetLink {
    fn ensure(&self, rt: &mut Connection<Route>) -> Result<Ensured, Error> {
        let there = rt.get(&GetLink::new(&self.link))?;
        let view = there.view();
        let info = view.link_info();
        let mut settings = self.settings.differing(&view);
        settings.netns = self.settings.netns;
        let mut change = Self::new(view.ifindex());
        let mut differs = settings != LinkSettings::default();
        change.settings = settings;
        if let Some((kind, data)) = self.kind_data() {
            let data = data.as_ref().map_err(|error| *error)?;
            let data = differing(data, info.and_then(|info| info.data()));
            if !data.is_empty() {
                differs = true;
                change = change.raw_data(&**kind, |out| out.bytes_mut().extend(&data));
            }
        }
        if let Some((kind, data)) = self.port_data() {
            let data = data.as_ref().map_err(|error| *error)?;
            let data = differing(data, info.and_then(|info| info.slave_data()));
            if !data.is_empty() {
                differs = true;
                change = change.raw_port_data(&**kind, |out| out.bytes_mut().extend(&data));
            }
        }
        send_if(rt, differs, &change)
    }
}

/// Of the attributes `wanted` those that are not among `there`.
fn differing(wanted: &[u8], there: Option<&[u8]>) -> Vec<u8> {
    let mut all = Attrs::new(wanted);
    let mut differing = Vec::new();
    loop {
        let start = all.offset();
        let Some(Ok(attr)) = all.next() else {
            return differing;
        };
        let mut there = Attrs::new(there.unwrap_or(&[])).flatten();
        let is = there.find(|is| is.number() == attr.number());
        if is.is_none_or(|is| is.payload != attr.payload) {
            differing.extend_from_slice(wanted.get(start..all.offset()).unwrap_or(&[]));
        }
    }
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

/// Makes the route, or takes the place of the one with the same destination and metric. How long
/// an IPv6 route still lives is not compared.
///
/// A table is listed only if the route is there and packets do not take it.
impl Ensure for NewRoute {
    fn ensure(&self, rt: &mut Connection<Route>) -> Result<Ensured, Error> {
        let mut prints = Fingerprints::default();
        let wanted = prints.of_request(self)?;
        let lookup = GetRoute::new(self.dst.addr).tos(self.tos).fib_match();
        match rt.get(&lookup) {
            Ok(route) if wanted.is_met_by(&prints.of_view(&route.view())) => {
                return Ok(Ensured::Unchanged);
            }
            // Another one, or none that packets take.
            Ok(_) | Err(Error::Kernel(_)) => {}
            Err(error) => return Err(error),
        }
        match rt.call(&self.clone().mode(Mode::Add)) {
            Ok(()) => return Ok(Ensured::Changed),
            Err(Error::Kernel(error)) if error.errno == Errno::EEXIST => {}
            Err(error) => return Err(error),
        }
        let list = GetRoutes::new(self.dst.family()).table(self.table_or_default());
        let mut same = false;
        let mut dump = rt.start_dump(&list)?;
        while let Some(route) = dump.next()? {
            same |= wanted.is_met_by(&prints.of_view(&route));
        }
        send_if(rt, !same, &self.clone().mode(Mode::Replace))
    }
}

/// Makes the nexthop object, or replaces the one with the same id. Without an id any that says the
/// same will do.
impl Ensure for NewNexthop {
    fn ensure(&self, rt: &mut Connection<Route>) -> Result<Ensured, Error> {
        if let Some(id) = self.id.filter(|&id| id != 0) {
            let there = found(rt.get(&GetNexthop { id }), Errno::ENOENT)?;
            let same = there.is_some_and(|there| self.is_met_by(&there.view()));
            return send_if(rt, !same, &self.clone().mode(Mode::Replace));
        }
        let all = rt.collect(&GetNexthops::default())?;
        let same = all.iter().any(|there| self.is_met_by(&there.view()));
        send_if(rt, !same, &self.clone().mode(Mode::Add))
    }
}

impl NewNexthop {
    fn is_met_by(&self, view: &NexthopView<'_>) -> bool {
        let encap = self.encap.as_ref();
        let onlink = |flags: RouteFlags| flags.contains(RouteFlags::ONLINK);
        let group = view.group().unwrap_or(&[]);
        let timers = view.res_group();
        let group_type = self.group_type.map(|kind| kind.0);
        view.gateway() == self.gateway
            && (!other(self.oif, view.oif()))
            && view.blackhole().is_some() == self.blackhole
            && view.fdb().is_some() == self.fdb
            && group == self.group
            && !other(group_type, view.group_type())
            && view.encap_type() == encap.map(|encap| encap.encap_type.0)
            && view.encap() == encap.map(|encap| &*encap.attrs)
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

/// Makes the rule unless there is one that says exactly the same, which the kernel looks up.
impl Ensure for NewRule {
    fn ensure(&self, rt: &mut Connection<Route>) -> Result<Ensured, Error> {
        unless(rt.call(&self.clone().mode(Mode::Add)), &[Errno::EEXIST])
    }
}

/// Deletes what is there; one message either way.
macro_rules! ensure_gone {
    ($($Request:ty, $absent:ident;)*) => {
        $(
            /// Deletes it if it is there.
            impl Ensure for $Request {
                fn ensure(&self, rt: &mut Connection<Route>) -> Result<Ensured, Error> {
                    unless(rt.call(self), &[Errno::$absent])
                }
            }
        )*
    };
}

ensure_gone! {
    DelLink, ENODEV;
    DelAddr, EADDRNOTAVAIL;
    DelRoute, ESRCH;
    DelNexthop, ENOENT;
    DelNeigh, ENOENT;
    DelRule, ENOENT;
}
