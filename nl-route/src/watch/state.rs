//! [`State`]: what is known, and what is to be done next; nothing here waits or reads a socket.
//!
//! A driver does what [`State::step`] says: hands out, takes what is queued, lists a kind, waits.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::ops::Bound;

use nl_core::{DecodeError, Message, Notification};

use super::Event;
use super::doubt::{LinkState, Ties};
use super::kind::{KINDS, Kind, Object, Objects};
use crate::Family;
use crate::addr::AddrView;
use crate::link::LinkView;
use crate::nexthop::NexthopView;
use crate::route::RouteView;

/// `NLM_F_REPLACE` and `NLM_F_APPEND` of a notification: where among its like a route went.
const NLM_F_REPLACE: u16 = 0x100;
const NLM_F_APPEND: u16 = 0x800;

/// How often a list that may have been read wrong is read again at once.
const ATTEMPTS: u64 = 8;

/// How many events are taken before those that they make are handed out: someone who changes things
/// all the time must not keep us from that. Tests reach it with few.
const DRAIN: usize = if cfg!(test) { 64 } else { 1 << 16 };

/// What the driver does next.
#[derive(Debug)]
pub(super) enum Step {
    /// Hand this out.
    Deliver(Event),
    /// Feed what is queued to [`State::notified`] without waiting, as long as [`State::takes_more`];
    /// call [`State::drained`] if nothing is queued any more.
    Drain,
    /// Ask the kernel something that it answers only when nobody changes anything, then call [`State::settled`]. It
    /// tells of an address first and then takes away what goes with it, while lists need no lock.
    Settle,
    /// Feed the objects of a list to [`State::listed`], then call [`State::list_done`].
    List(Kind),
    /// Wait for a notification.
    Wait,
}

/// Where a reading of the kernel's state is.
#[derive(Debug)]
enum Phase {
    /// Following events.
    Idle,
    /// Events are taken first: what they make doubtful is read once for all of them.
    Gathering,
    /// A kind is listed.
    Listing(Attempt),
    /// What was told while it was listed is applied.
    CatchingUp {
        attempt: Attempt,
        interrupted: bool,
        told: bool,
    },
    /// What differs is handed out, object by object.
    Sweeping {
        after: Option<Box<[u8]>>,
        /// What no list since this one had is gone.
        since: u64,
    },
}

/// Which of several readings of a kind, one right behind the other, it is.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    number: u64,
    /// The generation of the first of them.
    first: u64,
}

/// One object, and whether the reader of the stream knows of it.
#[derive(Debug)]
struct Entry {
    payload: Box<[u8]>,
    /// The number of the list in which it was seen last, or that was next when it was told.
    seen: u64,
    announced: bool,
}

type Known = BTreeMap<Box<[u8]>, Vec<Entry>>;

#[derive(Debug)]
pub(super) struct State {
    objects: Objects,
    known: [Known; KINDS.len()],
    /// Of links that were told of: all that those need who do not watch links.
    links: BTreeMap<i32, LinkState>,
    ties: Ties,
    /// What must be read (again), except for what is being read: what becomes doubtful behind the beginning of
    /// its list is here again.
    stale: Objects,
    /// Whether what made something doubtful, or was not heard of, may be going on.
    unsettled: bool,
    /// Whether [`Event::Synced`] is due when nothing is stale any more.
    announce: bool,
    phase: Phase,
    current: Kind,
    generation: u64,
    taken: usize,
    pending: VecDeque<Event>,
    key: Vec<u8>,
    content: [Vec<u8>; 2],
}

impl State {
    pub(super) fn new(objects: Objects) -> Self {
        Self {
            objects,
            known: Default::default(),
            links: BTreeMap::new(),
            ties: Ties::default(),
            stale: objects,
            unsettled: true,
            announce: true,
            phase: Phase::Idle,
            current: Kind::Link,
            generation: 0,
            taken: 0,
            pending: VecDeque::new(),
            key: Vec::new(),
            content: Default::default(),
        }
    }

    #[cfg(test)]
    pub(super) fn watches(&self, kind: Kind) -> bool {
        self.objects.contains(kind.objects())
    }

    /// The objects of a kind that were handed out and are there, by key.
    pub(super) fn iter(&self, kind: Kind) -> impl Iterator<Item = &[u8]> {
        let buckets = self.known.get(kind as usize).into_iter().flatten();
        buckets
            .flat_map(|(_, bucket)| bucket)
            .filter(|entry| entry.announced)
            .map(|entry| &*entry.payload)
    }

    pub(super) fn step(&mut self) -> Result<Step, DecodeError> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Ok(Step::Deliver(event));
            }
            match &self.phase {
                Phase::Idle if self.stale.is_empty() => {
                    if std::mem::take(&mut self.announce) {
                        return Ok(Step::Deliver(Event::Synced));
                    }
                    return Ok(Step::Wait);
                }
                Phase::Idle => {
                    self.taken = 0;
                    self.phase = Phase::Gathering;
                    return Ok(Step::Drain);
                }
                // Whoever changes things all the time does not keep us from reading them.
                Phase::Gathering if !self.takes_more() => self.drained(),
                Phase::Gathering => return Ok(Step::Drain),
                Phase::CatchingUp { .. } => {
                    self.taken = 0;
                    return Ok(Step::Drain);
                }
                Phase::Listing(_) if self.unsettled => return Ok(Step::Settle),
                Phase::Listing(attempt) => {
                    self.generation += 1;
                    if self.current == Kind::Ipv6Route && self.generation == attempt.first {
                        self.ties = Ties::default();
                    }
                    self.stale.remove(self.current.objects());
                    return Ok(Step::List(self.current));
                }
                Phase::Sweeping { .. } => self.sweep()?,
            }
        }
    }

    /// Whether a drain goes on now; otherwise it does when the events that were taken are handed out. Behind a
    /// list it ends only with the queue: what is in there is older than the list.
    pub(super) fn takes_more(&self) -> bool {
        self.taken < DRAIN
    }

    /// Nothing is queued any more.
    pub(super) fn drained(&mut self) {
        self.phase = match self.phase {
            Phase::Gathering => match self.next_stale() {
                Some(kind) => {
                    self.current = kind;
                    Phase::Listing(Attempt {
                        number: 1,
                        first: self.generation + 1,
                    })
                }
                None => Phase::Idle,
            },
            Phase::CatchingUp {
                attempt,
                interrupted,
                told,
            } => {
                let current = self.current.objects();
                // A kind that does not tell of an interruption may have been if it changed.
                let is_doubtful = interrupted
                    || self.stale.contains(current)
                    || told && !self.current.tells_interruption();
                if is_doubtful && attempt.number < ATTEMPTS {
                    Phase::Listing(Attempt {
                        number: attempt.number + 1,
                        ..attempt
                    })
                } else {
                    if interrupted {
                        self.stale |= current;
                    }
                    // One list may lack what is there; all of them together do not.
                    let since = if is_doubtful {
                        attempt.first
                    } else {
                        self.generation
                    };
                    Phase::Sweeping { after: None, since }
                }
            }
            _ => return,
        };
    }

    fn next_stale(&self) -> Option<Kind> {
        KINDS
            .into_iter()
            .find(|kind| self.stale.contains(kind.objects()))
    }

    /// What was told of is done.
    pub(super) fn settled(&mut self) {
        self.unsettled = false;
    }

    /// An object of the list that is read.
    pub(super) fn listed(&mut self, payload: &[u8]) -> Result<(), DecodeError> {
        let kind = self.current;
        // A family that the kernel lacks is answered with another's list.
        let Some((found, _)) = Kind::of(kind.message_type(), payload)? else {
            return Ok(());
        };
        if found != kind {
            return Ok(());
        }
        kind.key(payload, &mut self.key)?;
        if kind == Kind::Ipv6Route {
            self.ties.add(payload)?;
        }
        let generation = self.generation;
        let bucket = bucket(&mut self.known, kind, &self.key);
        if !kind.is_crowded() {
            // A list that is read while it changes may have an object twice: the last time counts.
            bucket.retain(|entry| entry.announced);
            bucket.iter_mut().for_each(|entry| entry.seen = 0);
        }
        // Rules can truly be there twice; a route is, if the tree was turned over while it was read.
        let place = find(kind, bucket, payload, &mut self.content, |entry| {
            !kind.is_rule() || entry.seen != generation
        });
        let announced = match place {
            Some(place) => bucket.remove(place).announced,
            None => false,
        };
        // Those of the list are in its order: the first is the one to be replaced.
        bucket.push(Entry {
            payload: payload.into(),
            seen: generation,
            announced,
        });
        Ok(())
    }

    /// The list is at its end.
    pub(super) fn list_done(&mut self, interrupted: bool) {
        if let Phase::Listing(attempt) = self.phase {
            self.phase = Phase::CatchingUp {
                attempt,
                interrupted,
                told: false,
            };
        }
    }

    /// The list could not be read; it is asked for again with the next step.
    pub(super) fn list_failed(&mut self) {
        self.stale |= self.current.objects();
        self.phase = Phase::Idle;
    }

    /// Takes what the subscription received.
    pub(super) fn notified(&mut self, notification: &Notification<'_>) {
        self.taken += 1;
        let taken = match notification {
            Notification::Event {
                message,
                nsid: None,
            } => self.told(message),
            Notification::Event {
                message,
                nsid: Some(nsid),
            } => self.told_elsewhere(message, *nsid),
            _ => return self.lost(),
        };
        if taken.is_err() {
            // It happened nevertheless.
            self.lost();
        }
    }

    /// Events are lost, or cannot be read; everything must be read again.
    pub(super) fn lost(&mut self) {
        self.stale = self.objects;
        self.unsettled = true;
        // What became of them is not known.
        self.links.clear();
        self.announce = true;
        self.pending.push_back(Event::Overrun);
        if let Phase::CatchingUp { interrupted, .. } = &mut self.phase {
            *interrupted = true;
        }
    }

    fn told_elsewhere(&mut self, message: &Message<'_>, nsid: i32) -> Result<(), DecodeError> {
        if let Some((kind, removed)) = Kind::of(message.message_type(), message.payload)?
            && self.objects.contains(kind.objects())
        {
            let object = kind.object(message.payload)?;
            self.pending.push_back(Event::Elsewhere {
                nsid,
                object,
                removed,
            });
        }
        Ok(())
    }

    fn told(&mut self, message: &Message<'_>) -> Result<(), DecodeError> {
        let Some((kind, gone)) = Kind::of(message.message_type(), message.payload)? else {
            return Ok(());
        };
        self.doubt(kind, gone, message)?;
        if !self.objects.contains(kind.objects()) {
            return Ok(());
        }
        if let Phase::CatchingUp { told, .. } = &mut self.phase {
            *told |= kind == self.current;
        }
        let (payload, port) = (message.payload, message.header.port.get());
        kind.key(payload, &mut self.key)?;
        if gone {
            self.gone(kind, payload, port)
        } else {
            self.there(kind, payload, port, message.header.flags.get())
        }
    }

    /// Marks what the kernel changes along with this without telling: IPv4 routes go with their link,
    /// their source address and their nexthop, IPv6 ones with the link if a sysctl says so
    /// (`skip_notify_on_dev_down`), and others lose their source address; a nexthop goes with its link.
    fn doubt(&mut self, kind: Kind, gone: bool, message: &Message<'_>) -> Result<(), DecodeError> {
        let payload = message.payload;
        let routes = Objects::ROUTES;
        let doubtful = match (kind, gone) {
            (Kind::Link, true) => {
                self.links.remove(&LinkView::parse(payload)?.ifindex());
                routes | Objects::NEXTHOPS
            }
            (Kind::Link, false) => self.doubt_by_link(&LinkView::parse(payload)?),
            (Kind::Addr, true) if payload.first() == Some(&Family::INET.0) => Objects::IPV4_ROUTES,
            (Kind::Addr, true) if self.ties.has_prefsrc(removed(payload)?) => Objects::IPV6_ROUTES,
            (Kind::Nexthop, true) => routes | Objects::NEXTHOPS,
            (Kind::Nexthop, false) if message.flags() & NLM_F_REPLACE != 0 => routes,
            _ => Objects::empty(),
        };
        let doubtful = doubtful & self.objects;
        self.unsettled |= !doubtful.is_empty();
        self.stale |= doubtful;
        Ok(())
    }

    /// What may be another now that a link is like this.
    fn doubt_by_link(&mut self, link: &LinkView<'_>) -> Objects {
        let all = Objects::ROUTES | Objects::NEXTHOPS;
        let now = LinkState::of(link);
        let was = if self.objects.contains(Objects::LINKS) {
            let links = self.known.get(Kind::Link as usize);
            links
                .and_then(|links| links.get(link.ifindex().to_be_bytes().as_slice()))
                .and_then(|bucket| LinkView::parse(&bucket.last()?.payload).ok())
                .map(|link| LinkState::of(&link))
        } else {
            self.links.insert(link.ifindex(), now)
        };
        let Some(was) = was else {
            // All flags have changed: the link is new.
            let is_new = link.header().change.get() == u32::MAX;
            return if is_new { Objects::empty() } else { all };
        };
        if was.is_left_by(now) || was.loses_carrier(now) && self.may_have_nexthop(link.ifindex()) {
            return all;
        }
        if was.has_other_mtu(now) && self.ties.has_mtu(link.ifindex()) {
            return Objects::IPV6_ROUTES;
        }
        Objects::empty()
    }

    /// Whether a nexthop object goes by a link, or may.
    fn may_have_nexthop(&self, ifindex: i32) -> bool {
        if !self.objects.contains(Objects::NEXTHOPS) || self.stale.contains(Objects::NEXTHOPS) {
            return true;
        }
        let nexthops = self.known.get(Kind::Nexthop as usize).into_iter().flatten();
        nexthops.flat_map(|(_, bucket)| bucket).any(|entry| {
            NexthopView::parse(&entry.payload).is_ok_and(|nexthop| nexthop.oif() == Some(ifindex))
        })
    }

    /// Applies that an object is there, or is now like this.
    fn there(
        &mut self,
        kind: Kind,
        payload: &[u8],
        port: u32,
        flags: u16,
    ) -> Result<(), DecodeError> {
        if kind == Kind::Ipv6Route {
            self.ties.add(payload)?;
        }
        let seen = self.generation;
        let bucket = bucket(&mut self.known, kind, &self.key);
        if !kind.is_crowded() {
            // It is newer than what a list that is read has of it.
            let old = bucket.drain(..).rfind(|entry| entry.announced);
            bucket.push(Entry {
                payload: payload.into(),
                seen,
                announced: true,
            });
            let was = old.as_slice();
            if find(kind, was, payload, &mut self.content, |_| true).is_some() {
                return Ok(());
            }
            let object = kind.object(payload)?;
            return self.replaced(kind, old, object, port);
        }
        let place = find(kind, bucket, payload, &mut self.content, |_| true);
        // Of one that is known already, others may be an older state.
        let is_doubtful = match place {
            // The kernel lets rules be made twice.
            Some(place) if kind.is_rule() => bucket.get(place).is_some_and(|entry| entry.announced),
            Some(_) => bucket.len() > 1 && needs_list(kind, payload, bucket, flags),
            None => needs_list(kind, payload, bucket, flags),
        };
        if is_doubtful {
            self.stale |= kind.objects();
        }
        if let Some(entry) = place.and_then(|place| bucket.get_mut(place)) {
            entry.payload = payload.into();
            entry.seen = seen;
            if !std::mem::replace(&mut entry.announced, true) {
                let object = kind.object(payload)?;
                self.pending.push_back(Event::Added { object, port });
            }
            return Ok(());
        }
        if is_doubtful && kind == Kind::Ipv6Route {
            return Ok(());
        }
        let entry = Entry {
            payload: payload.into(),
            seen,
            announced: true,
        };
        let object = kind.object(payload)?;
        if flags & NLM_F_REPLACE != 0 && !bucket.is_empty() {
            let first = bucket.remove(0);
            bucket.insert(0, entry);
            let old = Some(first).filter(|first| first.announced);
            return self.replaced(kind, old, object, port);
        } else if kind == Kind::Ipv4Route && flags & NLM_F_APPEND == 0 {
            bucket.insert(0, entry);
            return self.replaced(kind, None, object, port);
        }
        bucket.push(entry);
        self.replaced(kind, None, object, port)
    }

    fn replaced(
        &mut self,
        kind: Kind,
        old: Option<Entry>,
        object: Object,
        port: u32,
    ) -> Result<(), DecodeError> {
        let event = match old {
            Some(old) => Event::Changed {
                old: kind.object(&old.payload)?,
                new: object,
                port,
            },
            None => Event::Added { object, port },
        };
        self.pending.push_back(event);
        Ok(())
    }

    /// Applies that an object is gone.
    fn gone(&mut self, kind: Kind, payload: &[u8], port: u32) -> Result<(), DecodeError> {
        let known = self.known.get_mut(kind as usize);
        let Some((known, mut bucket)) = known.and_then(|known| {
            let bucket = known.remove(self.key.as_slice())?;
            Some((known, bucket))
        }) else {
            return Ok(());
        };
        let removed = if kind.is_crowded() {
            let place = find(kind, &bucket, payload, &mut self.content, |_| true);
            if place.is_none() {
                // One of several ways, or another than we thought.
                self.stale |= kind.objects();
            }
            place.map(|place| bucket.remove(place))
        } else {
            bucket.drain(..).rfind(|entry| entry.announced)
        };
        if !bucket.is_empty() {
            known.insert(self.key.as_slice().into(), bucket);
        }
        if let Some(removed) = removed.filter(|removed| removed.announced) {
            let object = kind.object(&removed.payload)?;
            self.pending.push_back(Event::Removed { object, port });
        }
        Ok(())
    }

    /// Compares the next objects with the list that was read, until one of them is news.
    fn sweep(&mut self) -> Result<(), DecodeError> {
        let kind = self.current;
        let Phase::Sweeping { after, since } = &mut self.phase else {
            return Ok(());
        };
        let since = *since;
        let Some(known) = self.known.get_mut(kind as usize) else {
            return Ok(());
        };
        while self.pending.is_empty() {
            let from = match after.take() {
                Some(key) => Bound::Excluded(key),
                None => Bound::Unbounded,
            };
            let Some((key, bucket)) = known.range_mut((from, Bound::Unbounded)).next() else {
                self.phase = Phase::Idle;
                return Ok(());
            };
            let key = key.clone();
            let mut gone = VecDeque::new();
            let mut place = 0;
            while let Some(entry) = bucket.get(place) {
                if entry.seen >= since {
                    place += 1;
                    continue;
                }
                let entry = bucket.remove(place);
                if entry.announced {
                    gone.push_back(entry);
                }
            }
            for entry in bucket.iter_mut().filter(|entry| !entry.announced) {
                entry.announced = true;
                let object = kind.object(&entry.payload)?;
                let event = match gone.pop_front() {
                    Some(old) => Event::Changed {
                        old: kind.object(&old.payload)?,
                        new: object,
                        port: 0,
                    },
                    None => Event::Added { object, port: 0 },
                };
                self.pending.push_back(event);
            }
            for old in gone {
                let object = kind.object(&old.payload)?;
                self.pending.push_back(Event::Removed { object, port: 0 });
            }
            if bucket.is_empty() {
                known.remove(&key);
            }
            *after = Some(key);
        }
        Ok(())
    }
}

/// The address that a message is about.
fn removed(payload: &[u8]) -> Result<Option<IpAddr>, DecodeError> {
    let addr = AddrView::parse(payload)?;
    Ok(addr.local().or_else(|| addr.address()))
}

/// The objects with a key.
fn bucket<'k>(known: &'k mut [Known; KINDS.len()], kind: Kind, key: &[u8]) -> &'k mut Vec<Entry> {
    #[allow(clippy::indexing_slicing, reason = "as many as there are kinds")]
    let known = &mut known[kind as usize];
    if !known.contains_key(key) {
        // One is the rule, and `push` would make room for four.
        known.insert(key.into(), Vec::with_capacity(1));
    }
    known.entry(key.into()).or_default()
}

/// Where the entry with the same content is.
fn find(
    kind: Kind,
    bucket: &[Entry],
    payload: &[u8],
    [wanted, found]: &mut [Vec<u8>; 2],
    fits: impl Fn(&Entry) -> bool,
) -> Option<usize> {
    if bucket.is_empty() {
        return None;
    }
    kind.content(payload, wanted);
    bucket.iter().position(|entry| {
        kind.content(&entry.payload, found);
        wanted == found && fits(entry)
    })
}

/// Whether only a list tells for sure what becomes of the routes to a destination: of several, one or all are
/// replaced, some of which may be in a list that is newer; ways join an IPv6 route and leave it.
fn needs_list(kind: Kind, payload: &[u8], bucket: &[Entry], flags: u16) -> bool {
    let is_multipath = || RouteView::parse(payload).is_ok_and(|route| route.multipath().is_some());
    match kind {
        Kind::Ipv4Route => flags & NLM_F_REPLACE != 0 && bucket.len() > 1,
        Kind::Ipv6Route if bucket.is_empty() => false,
        Kind::Ipv6Route => flags & NLM_F_REPLACE != 0 && bucket.len() > 1 || is_multipath(),
        _ => false,
    }
}
