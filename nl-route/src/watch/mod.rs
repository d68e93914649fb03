//! [`Watch`]: the kernel's objects, and every change of them, as one consistent stream.
//!
//! It subscribes before it lists, so that nothing falls between; it applies what was told to what
//! was listed; where events were lost, or where the kernel changes things without telling, it lists
//! again and hands out the difference, also where that happened while it listed. What the reader has been told is at every
//! [`Event::Synced`] exactly what the kernel had.
//!
//! The kernel is silent about
//!
//! - IPv4 routes that go with their link, address or nexthop: they are listed again after such an event;
//! - nexthops, and all routes by them, that go with their link or its carrier: they are listed again, too;
//! - IPv6 routes that lose their preferred source with the address, or get another MTU with the link: likewise; but not
//!   what a router advertisement sets of the default route that is there already (its hop limit and MTU): that is
//!   seen with the next list;
//! - some states of neighbours (`INCOMPLETE`, `DELAY`, `PROBE`) and multicast neighbours when they are made;
//! - flags of routes that follow from the state of links (`linkdown`, `dead`), of rules that follow
//!   from whether links are there (`detached`), counters and timers: a change of those alone is no event.

mod doubt;
mod kind;
mod state;
#[cfg(test)]
mod tests;
#[cfg(feature = "tokio")]
mod tokio;

use std::collections::BTreeSet;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nl_core::{Connection, DumpRequest, Errno, Error, Notification, Subscription};

use self::kind::{KINDS, Kind};
pub use self::kind::{Object, Objects};
use self::state::{State, Step};
#[cfg(feature = "tokio")]
pub use self::tokio::AsyncWatch;
use crate::addr::GetAddrs;
use crate::link::{GetLink, GetLinks, RTEXT_FILTER_SKIP_STATS};
use crate::neigh::GetNeighs;
use crate::nexthop::GetNexthops;
use crate::protocol as rtm;
use crate::protocol::Route;
use crate::route::GetRoutes;
use crate::rule::GetRules;
use crate::value::Family;

/// What happened.
///
/// `port` is the [port](nl_core::Socket::port) of the socket whose request did it, if the kernel says so: compare it with
/// one's own [connection's](Connection::socket) to tell own changes. It is 0 for the kernel's own doing, and for what
/// was found by listing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// An object is there that was not. At first these are all objects that there are.
    Added {
        /// The object.
        object: Object,
        /// Whose doing it is.
        port: u32,
    },
    /// An object is another now.
    Changed {
        /// As it was told last.
        old: Object,
        /// As it is.
        new: Object,
        /// Whose doing it is.
        port: u32,
    },
    /// An object is gone.
    Removed {
        /// As it was told last.
        object: Object,
        /// Whose doing it is.
        port: u32,
    },
    /// Something happened in another network namespace; see [`Watch::listen_all_namespaces`].
    Elsewhere {
        /// The namespace, by its number here.
        nsid: i32,
        /// The object: as it is, or was.
        object: Object,
        /// Whether it is gone.
        removed: bool,
    },
    /// Events were lost, or could not be read. What follows, up to [`Synced`](Self::Synced), is also the difference that they made.
    Overrun,
    /// All that the kernel had when it was asked has been handed out.
    Synced,
}

/// Follows the kernel's objects; see the [module](self).
///
/// ```no_run
/// use nl_route::watch::{Event, Object, Objects, Watch};
///
/// for event in &mut Watch::open(Objects::LINKS | Objects::ROUTES)? {
///     match event? {
///         Event::Added { object: Object::Link(link), .. } => println!("{:?} is there", link.view().name()),
///         Event::Removed { object: Object::Route(route), .. } => println!("no way to {:?}", route.view().dst()),
///         Event::Synced => println!("up to date"),
///         _ => {}
///     }
/// }
/// # Ok::<(), nl_route::Error>(())
/// ```
#[derive(Debug)]
pub struct Watch {
    events: Subscription<Route>,
    lists: Connection<Route>,
    state: State,
}

/// The request that lists a kind, for the statement behind it.
macro_rules! list {
    ($kind:expr, $request:ident => $list:expr) => {
        match $kind {
            Kind::Link => {
                let $request = GetLinks::new().ext_mask(RTEXT_FILTER_SKIP_STATS);
                $list
            }
            Kind::Nexthop => {
                let $request = GetNexthops::default();
                $list
            }
            Kind::Addr => {
                let $request = GetAddrs::all();
                $list
            }
            Kind::Ipv4Route => {
                let $request = GetRoutes::ipv4();
                $list
            }
            Kind::Ipv6Route => {
                let $request = GetRoutes::ipv6();
                $list
            }
            Kind::Neigh => {
                let $request = GetNeighs::all();
                $list
            }
            Kind::Ipv4Rule => {
                let $request = GetRules::new(Family::INET);
                $list
            }
            Kind::Ipv6Rule => {
                let $request = GetRules::new(Family::INET6);
                $list
            }
        }
    };
}
#[cfg(feature = "tokio")]
use list;

impl Watch {
    /// Follows objects of these kinds in the calling thread's network namespace. The first
    /// [`next`](Self::next_within) lists them.
    ///
    /// # Errors
    ///
    /// As [`Subscription::open`] and [`Connection::open`].
    pub fn open(objects: Objects) -> Result<Self, Error> {
        let events = Subscription::open(&groups(objects))?;
        Ok(Self::over(events, Connection::open()?, objects))
    }

    /// Follows objects in the network namespace that `netns` refers to.
    ///
    /// # Errors
    ///
    /// As [`Subscription::open_in`] and [`Connection::open_in`].
    pub fn open_in(netns: BorrowedFd<'_>, objects: Objects) -> Result<Self, Error> {
        let events = Subscription::open_in(netns, &groups(objects))?;
        Ok(Self::over(events, Connection::open_in(netns)?, objects))
    }

    fn over(events: Subscription<Route>, lists: Connection<Route>, objects: Objects) -> Self {
        // As far as the system allows; what does not fit is listed.
        let _ = events.set_receive_buffer(RECEIVE_BUFFER);
        Self {
            events,
            lists,
            state: State::new(objects),
        }
    }

    /// Also hands out what happens in all network namespaces that have a number (nsid) here, as
    /// [`Event::Elsewhere`]. Their objects are not listed, neither at first nor after an overrun: to follow one
    /// of them from the start, open a watch [in](Self::open_in) it.
    ///
    /// # Errors
    ///
    /// As [`Subscription::listen_all_namespaces`].
    pub fn listen_all_namespaces(&self) -> Result<(), Error> {
        self.events.listen_all_namespaces()
    }

    /// The subscription, for its options.
    #[must_use]
    pub fn subscription(&self) -> &Subscription<Route> {
        &self.events
    }

    /// What is there, as far as it was handed out: by kind, then by index, address or destination.
    pub fn objects(&self) -> impl Iterator<Item = Object> + '_ {
        KINDS.into_iter().flat_map(|kind| {
            let payloads = self.state.iter(kind);
            payloads.filter_map(move |payload| kind.object(payload).ok())
        })
    }

    /// The next event; waits for it for ever.
    ///
    /// # Errors
    ///
    /// What listing or the socket failed with; the next call tries again. An event that cannot be read is none: it is
    /// an [overrun](Event::Overrun).
    #[allow(clippy::should_implement_trait, reason = "it never ends")]
    pub fn next(&mut self) -> Result<Event, Error> {
        loop {
            if let Some(event) = self.advance(None)? {
                return Ok(event);
            }
        }
    }

    /// The next event, or `None` if there is none within `timeout`; zero does not wait, except for lists: of a kind that
    /// others make doubtful while it is listed, another follows.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    pub fn next_within(&mut self, timeout: Duration) -> Result<Option<Event>, Error> {
        self.advance(Some(timeout))
    }

    fn advance(&mut self, timeout: Option<Duration>) -> Result<Option<Event>, Error> {
        let start = Instant::now();
        loop {
            match self.state.step()? {
                Step::Deliver(event) => return Ok(Some(event)),
                Step::Wait => {
                    let left = timeout.map(|timeout| timeout.saturating_sub(start.elapsed()));
                    if !self.take(left)? {
                        return Ok(None);
                    }
                }
                step => self.act(step)?,
            }
        }
    }

    /// Does what neither hands anything out nor waits.
    fn act(&mut self, step: Step) -> Result<(), Error> {
        match step {
            Step::Drain => {
                while self.state.takes_more() {
                    if !self.take(Some(Duration::ZERO))? {
                        self.state.drained();
                        break;
                    }
                }
            }
            Step::Settle => {
                settled(self.lists.get(&lock()).map(drop))?;
                self.state.settled();
            }
            Step::List(kind) => {
                let listed = list!(kind, request => self.list(&request));
                match listed {
                    Ok(interrupted) => self.state.list_done(interrupted),
                    Err(error) => {
                        self.state.list_failed();
                        return Err(error);
                    }
                }
            }
            Step::Deliver(_) | Step::Wait => {}
        }
        Ok(())
    }

    /// Takes one notification; whether there was one within `timeout`.
    fn take(&mut self, timeout: Option<Duration>) -> Result<bool, Error> {
        let told = match timeout {
            None => self.events.next().map(Some),
            Some(timeout) => self.events.next_within(timeout),
        };
        match told {
            Ok(Some(told)) => self.state.notified(&told),
            Ok(None) => return Ok(false),
            Err(Error::Decode(_)) => self.state.lost(),
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// Lists a kind; whether it changed meanwhile.
    fn list<R: DumpRequest<Protocol = Route>>(&mut self, request: &R) -> Result<bool, Error> {
        let mut dump = self.lists.start_dump(request)?;
        loop {
            match dump.next_message() {
                Ok(Some(object)) => self.state.listed(object.payload)?,
                Ok(None) => return Ok(dump.interrupted()),
                // A family or a kind that this kernel does not have.
                Err(Error::Kernel(error)) if is_absent(error.errno) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
    }
}

/// Without end, though not without errors.
impl Iterator for &mut Watch {
    type Item = Result<Event, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(Watch::next(self))
    }
}

/// Readable when there is something to be read; whether that makes an event only
/// [`next_within`](Watch::next_within) tells. Call it until it gives `None` before waiting.
impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.events.as_fd()
    }
}

impl Kind {
    /// The type of a message that tells of it.
    fn message_type(self) -> u16 {
        match self {
            Self::Link => rtm::RTM_NEWLINK,
            Self::Nexthop => rtm::RTM_NEWNEXTHOP,
            Self::Addr => rtm::RTM_NEWADDR,
            Self::Ipv4Route | Self::Ipv6Route => rtm::RTM_NEWROUTE,
            Self::Neigh => rtm::RTM_NEWNEIGH,
            Self::Ipv4Rule | Self::Ipv6Rule => rtm::RTM_NEWRULE,
        }
    }
}

/// For the fuzz targets: that an object is there, there again, and gone.
pub(crate) fn feed(message_type: u16, payload: &[u8]) {
    let mut state = State::new(Objects::all());
    for message_type in [message_type & !1, message_type & !1, message_type | 1] {
        let header = nl_core::Header {
            message_type: message_type.into(),
            ..Default::default()
        };
        let message = nl_core::Message {
            header: &header,
            payload,
        };
        state.notified(&Notification::Event {
            message,
            nsid: None,
        });
    }
    assert_eq!(
        KINDS.into_iter().flat_map(|kind| state.iter(kind)).count(),
        0
    );
}

/// For the fuzz targets: messages are told, or listed where a list is asked for, up to one of type `NLMSG_NOOP`.
/// An `NLMSG_OVERRUN` says that events were lost.
///
/// # Panics
///
/// If the events do not add up to what is known at every [`Event::Synced`] and at the end.
pub(crate) fn follow(data: &[u8]) {
    const NOOP: u16 = 1;
    const OVERRUN: u16 = 4;
    const DUMP_INTR: u16 = 0x10;
    let mut messages = nl_core::Messages::new(data).flatten().peekable();
    let mut state = State::new(Objects::all());
    let mut told = Tally::default();
    let mut is_over = false;
    // Each message makes at most a few lists of all kinds necessary.
    for _ in 0..(data.len() / 16 + 2) * 8 * KINDS.len() * 16 {
        match state.step().expect("what was taken is well-formed") {
            Step::Deliver(event) => {
                let synced = event == Event::Synced;
                told.take(&event);
                if synced {
                    told.check(&state);
                }
            }
            step @ (Step::Drain | Step::List(_)) => {
                let mut interrupted = false;
                while let Some(message) = messages.next_if(|m| m.message_type() != NOOP) {
                    match (&step, message.message_type()) {
                        // What cannot be read ends the list.
                        (Step::List(_), _) => interrupted |= state.listed(message.payload).is_err(),
                        (_, OVERRUN) => state.notified(&Notification::Overrun),
                        _ => state.notified(&Notification::Event {
                            message,
                            nsid: None,
                        }),
                    }
                }
                if let Some(end) = messages.next() {
                    interrupted |= end.flags() & DUMP_INTR != 0;
                }
                match step {
                    Step::List(_) => state.list_done(interrupted),
                    _ => state.drained(),
                }
            }
            Step::Settle => state.settled(),
            Step::Wait if is_over => {
                told.check(&state);
                return;
            }
            Step::Wait => match messages.next() {
                Some(message) => state.notified(&Notification::Event {
                    message,
                    nsid: None,
                }),
                None => is_over = true,
            },
        }
    }
    panic!("it never comes to rest");
}

/// What a reader of events knows: of each kind, key and content how many there are.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally(std::collections::BTreeMap<(Kind, Vec<u8>, Vec<u8>), usize>);

impl Tally {
    fn add(&mut self, kind: Kind, payload: &[u8]) {
        *self.0.entry(Self::name(kind, payload)).or_default() += 1;
    }

    fn name(kind: Kind, payload: &[u8]) -> (Kind, Vec<u8>, Vec<u8>) {
        let (mut key, mut content) = (Vec::new(), Vec::new());
        kind.key(payload, &mut key).expect("it was read before");
        kind.content(payload, &mut content);
        (kind, key, content)
    }

    fn take(&mut self, event: &Event) {
        let (old, new) = match event {
            Event::Added { object, .. } => (None, Some(object)),
            Event::Changed { old, new, .. } => (Some(old), Some(new)),
            Event::Removed { object, .. } => (Some(object), None),
            _ => return,
        };
        if let Some(old) = old {
            let name = Self::name(Kind::of_object(old), old.payload());
            let count = self.0.get_mut(&name).expect("what goes was there");
            *count -= 1;
            if *count == 0 {
                self.0.remove(&name);
            }
        }
        if let Some(new) = new {
            let kind = Kind::of_object(new);
            let (_, key, _) = Self::name(kind, new.payload());
            let mut same = self
                .0
                .keys()
                .filter(|(k, other, _)| (*k, other) == (kind, &key));
            assert!(
                kind.is_crowded() || same.next().is_none(),
                "there is one of a key"
            );
            self.add(kind, new.payload());
        }
    }

    fn check(&self, state: &State) {
        let mut known = Self::default();
        for kind in KINDS {
            for payload in state.iter(kind) {
                known.add(kind, payload);
            }
        }
        assert_eq!(*self, known, "the events add up to what is known");
    }
}

impl Kind {
    fn of_object(object: &Object) -> Self {
        let message_type = match object {
            Object::Link(_) => rtm::RTM_NEWLINK,
            Object::Nexthop(_) => rtm::RTM_NEWNEXTHOP,
            Object::Addr(_) => rtm::RTM_NEWADDR,
            Object::Route(_) => rtm::RTM_NEWROUTE,
            Object::Neigh(_) => rtm::RTM_NEWNEIGH,
            Object::Rule(_) => rtm::RTM_NEWRULE,
        };
        let kind = Self::of(message_type, object.payload()).expect("it was read before");
        kind.expect("it was told of").0
    }
}

/// What is asked for as a receive buffer: some 5000 events.
const RECEIVE_BUFFER: usize = 4 << 20;

fn groups(objects: Objects) -> Vec<u32> {
    let wanted = KINDS
        .into_iter()
        .filter(|kind| objects.contains(kind.objects()));
    let groups: BTreeSet<u32> = wanted.flat_map(Kind::groups).copied().collect();
    groups.into_iter().collect()
}

/// A request that waits for the lock that all changes are made with: for `lo`, which is always there.
fn lock() -> GetLink {
    GetLink::new(1).ext_mask(RTEXT_FILTER_SKIP_STATS)
}

/// A refusal comes as late as an answer.
fn settled(answer: Result<(), Error>) -> Result<(), Error> {
    match answer {
        Err(Error::Kernel(_)) => Ok(()),
        answer => answer,
    }
}

fn is_absent(errno: Errno) -> bool {
    /// `EOPNOTSUPP`, `EAFNOSUPPORT`.
    const ABSENT: [Errno; 2] = [Errno(95), Errno(97)];
    ABSENT.contains(&errno)
}
