//! [`Plan`]: a topology as requests, by namespace, that need no answers from each other.

use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicU64, Ordering};

use nl_core::{BatchOptions, Connection, EncodeError, Error, KernelError, OnFailure, Request};

use crate::link::{GetLinks, RTEXT_FILTER_SKIP_STATS};
use crate::protocol::Route;

/// Below this no interface index is reserved: the kernel counts up from 1, and whoever makes links
/// meanwhile must not meet ours.
const FIRST_IFINDEX: i32 = 1 << 20;

/// How many places there are from where a namespace's indices may be counted, 4096 apart: so that two plans that are
/// made at the same time do not meet each other either.
const STARTS: u64 = 1 << 18;

/// Requests of any kind for any number of namespaces, to be sent with one batch for each.
///
/// Links get interface indices [reserved](Self::ifindex) in advance, so that masters, addresses and
/// routes can name them without waiting for the kernel's answers. The requests of a namespace are
/// worked off in the order in which they were added; the namespaces in the order in which they were
/// [named](Self::netns). So what makes links into others belongs into the first. Where that does
/// not do, [`then`](Self::then) begins another round.
///
/// ```no_run
/// use nl_route::addr::NewAddr;
/// use nl_route::bulk::Plan;
/// use nl_route::link::{NewLink, SetLink};
/// use nl_route::route::NewRoute;
/// use nl_route::{Prefix, Route};
///
/// let netns = ["blue", "red"].map(|name| std::fs::File::open(format!("/run/netns/{name}")));
/// let netns: Vec<_> = netns.into_iter().collect::<Result<_, _>>()?;
///
/// let mut plan = Plan::new();
/// let here = plan.here();
/// let bridge = plan.ifindex(here)?;
/// plan.add(here, NewLink::bridge("br0").ifindex(bridge).up());
/// plan.add(here, NewAddr::new(bridge, Prefix::new([10, 0, 0, 254].into(), 24)));
/// for (i, netns) in (1u8..).zip(&netns) {
///     let there = plan.netns(netns);
///     let (port, eth0) = (plan.ifindex(here)?, plan.ifindex(there)?);
///     let cable = NewLink::veth(format!("port{i}"), "eth0").peer_netns(netns);
///     let cable = cable.ifindex(port).peer_ifindex(eth0);
///     plan.add(here, cable.master(bridge).up());
///     plan.add(there, SetLink::new(eth0).up());
///     plan.add(there, NewAddr::new(eth0, Prefix::new([10, 0, 0, i].into(), 24)));
///     plan.add(there, NewRoute::new(Prefix::ALL_V4).via([10, 0, 0, 254].into()));
/// }
/// let report = plan.run()?;
/// for failure in &report.failures {
///     eprintln!("request {} in {:?}: {}", failure.index, failure.netns, failure.error);
/// }
/// report.into_result()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct Plan<'n> {
    id: PlanId,
    places: Vec<Place<'n>>,
    /// Requests by round, and in it by place.
    rounds: Vec<Vec<Vec<Entry<'n>>>>,
    /// How many requests there are.
    len: usize,
    /// Whether one is for a namespace of another plan.
    is_misplaced: bool,
}

/// A namespace of a [`Plan`]; another plan refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PlanNetns {
    plan: PlanId,
    at: usize,
}

/// What tells a plan from all others of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct PlanId(u64);

impl Default for PlanId {
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

const MISPLACED: Error = Error::Encode(EncodeError::BadValue {
    attr: "PlanNetns",
    what: "a namespace of another plan",
});

struct Place<'n> {
    /// `None` is the calling thread's.
    netns: Option<BorrowedFd<'n>>,
    /// Device and inode of its file, by which it is known again.
    id: Option<(u64, u64)>,
    connection: Option<Connection<Route>>,
    /// Interface indices in use when the first was asked for.
    used: HashSet<i32>,
    /// The index to reserve next, once there is one.
    next: Option<i32>,
}

struct Entry<'n> {
    /// Position among all requests of the plan.
    index: usize,
    request: Box<dyn Request<Protocol = Route> + 'n>,
}

impl<'n> Plan<'n> {
    /// A plan that does nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The namespace that the thread is in which runs the plan.
    pub fn here(&mut self) -> PlanNetns {
        self.place(None)
    }

    /// The namespace of an open file; all files of one namespace are the same.
    pub fn netns(&mut self, netns: &'n impl AsFd) -> PlanNetns {
        self.place(Some(netns.as_fd()))
    }

    fn place(&mut self, netns: Option<BorrowedFd<'n>>) -> PlanNetns {
        // What is no namespace is found out when it is to be entered.
        let id = identity(netns).ok();
        let known = self
            .places
            .iter()
            .position(|place| id.is_some() && place.id == id);
        if let Some(known) = known {
            return self.named(known);
        }
        self.places.push(Place {
            netns,
            id,
            connection: None,
            used: HashSet::new(),
            next: None,
        });
        self.named(self.places.len() - 1)
    }

    fn named(&self, at: usize) -> PlanNetns {
        PlanNetns { plan: self.id, at }
    }

    /// An interface index that no link in the namespace has, and that is not given again.
    ///
    /// The links of a namespace are listed when its first index is asked for. Numbers begin at random above 2^20, so
    /// that neither the kernel nor another plan takes one meanwhile; who does makes the request `EEXIST`.
    ///
    /// # Errors
    ///
    /// As [`Connection::open_in`] and [`Connection::collect`]; [`Error::Encode`] for a namespace of another plan.
    pub fn ifindex(&mut self, netns: PlanNetns) -> Result<i32, Error> {
        let own = (netns.plan == self.id).then_some(netns.at);
        let place = own.and_then(|at| self.places.get_mut(at));
        let place = place.ok_or(MISPLACED)?;
        let mut next = match place.next {
            Some(next) => next,
            None => {
                let list = GetLinks::new().ext_mask(RTEXT_FILTER_SKIP_STATS);
                let links = place.connect()?.collect(&list)?;
                place.used = links.iter().map(|link| link.view().ifindex()).collect();
                start()
            }
        };
        while place.used.contains(&next) {
            next = next.checked_add(1).unwrap_or(FIRST_IFINDEX);
        }
        place.next = Some(next.checked_add(1).unwrap_or(FIRST_IFINDEX));
        place.used.insert(next);
        Ok(next)
    }

    /// Adds a request, and says its position. With one for a namespace of another plan, [`run`](Self::run) sends nothing.
    pub fn add(&mut self, netns: PlanNetns, request: impl Request<Protocol = Route> + 'n) -> usize {
        let index = self.len;
        self.len += 1;
        if netns.plan != self.id {
            self.is_misplaced = true;
            return index;
        }
        if self.rounds.is_empty() {
            self.rounds.push(Vec::new());
        }
        if let Some(round) = self.rounds.last_mut() {
            if round.len() <= netns.at {
                round.resize_with(netns.at + 1, Vec::new);
            }
            if let Some(entries) = round.get_mut(netns.at) {
                let request = Box::new(request);
                entries.push(Entry { index, request });
            }
        }
        index
    }

    /// Begins another round: what is added from now on is sent after all that was added before, in
    /// whatever namespaces.
    pub fn then(&mut self) -> &mut Self {
        self.rounds.push(Vec::new());
        self
    }

    /// How many requests there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Sends everything. After the batch of a namespace in which something was refused, nothing
    /// more is sent.
    ///
    /// # Errors
    ///
    /// If nothing was sent because a namespace cannot be entered or is of another plan, or a request cannot be written or
    /// sent; later this stands in the report, as refusals do.
    pub fn run(self) -> Result<PlanReport, Error> {
        self.run_with(OnFailure::StopAfterDatagram)
    }

    /// Sends everything, whatever is refused.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub fn run_all(self) -> Result<PlanReport, Error> {
        self.run_with(OnFailure::Continue)
    }

    fn run_with(mut self, on_failure: OnFailure) -> Result<PlanReport, Error> {
        if self.is_misplaced {
            return Err(MISPLACED);
        }
        let id = self.id;
        let mut report = PlanReport {
            planned: self.len,
            ..PlanReport::default()
        };
        for round in &self.rounds {
            for (at, (place, entries)) in self.places.iter_mut().zip(round).enumerate() {
                if entries.is_empty() {
                    continue;
                }
                let netns = PlanNetns { plan: id, at };
                match place.run(netns, entries, on_failure, &mut report) {
                    Err(error) if report.sent == 0 => return Err(error),
                    Err(error) => report.error = Some(error),
                    Ok(()) => {}
                }
                let clean = report.failures.is_empty() && report.unknown.is_empty();
                if report.error.is_some() || (!clean && on_failure != OnFailure::Continue) {
                    return Ok(report);
                }
            }
        }
        Ok(report)
    }
}

/// Device and inode of a namespace's file; of the calling thread's for `None`.
fn identity(netns: Option<BorrowedFd<'_>>) -> io::Result<(u64, u64)> {
    let file = match netns {
        Some(netns) => File::from(netns.try_clone_to_owned()?),
        None => File::open("/proc/thread-self/ns/net")?,
    };
    let metadata = file.metadata()?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Where to begin to count.
fn start() -> i32 {
    let random = RandomState::new().hash_one(()) % STARTS;
    i32::try_from(random).map_or(FIRST_IFINDEX, |random| FIRST_IFINDEX + random * 4096)
}

impl Place<'_> {
    fn connect(&mut self) -> Result<&mut Connection<Route>, Error> {
        let connection = match (self.connection.take(), self.netns) {
            (Some(connection), _) => connection,
            (None, Some(netns)) => Connection::open_in(netns)?,
            (None, None) => Connection::open()?,
        };
        Ok(self.connection.insert(connection))
    }

    fn run(
        &mut self,
        netns: PlanNetns,
        entries: &[Entry<'_>],
        on_failure: OnFailure,
        report: &mut PlanReport,
    ) -> Result<(), Error> {
        let mut options = BatchOptions::new().on_failure(on_failure);
        let requests = entries.iter().map(|entry| &entry.request);
        let batch = self.connect()?.batch_with(requests, &mut options)?;
        let planned = |index: usize| entries.get(index).map_or(index, |entry| entry.index);
        report.sent += batch.sent;
        for failure in batch.failures {
            report.failures.push(PlanFailure {
                index: planned(failure.index),
                netns,
                error: failure.error,
            });
        }
        report
            .unknown
            .extend(batch.unknown.into_iter().flatten().map(planned));
        batch.error.map_or(Ok(()), Err)
    }
}

impl fmt::Debug for Plan<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("namespaces", &self.places.len())
            .field("rounds", &self.rounds.len())
            .field("requests", &self.len)
            .finish()
    }
}

/// What became of a plan.
#[derive(Debug, Default)]
pub struct PlanReport {
    /// How many requests there were.
    pub planned: usize,
    /// How many of them were sent; the kernel has tried them all.
    pub sent: usize,
    /// Those that were refused, in the order in which they were tried.
    pub failures: Vec<PlanFailure>,
    /// Positions of requests of which nobody knows, because answers were lost.
    pub unknown: Vec<usize>,
    /// What ended the work early, other than a refusal.
    pub error: Option<Error>,
}

impl PlanReport {
    /// Whether everything was done.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.sent == self.planned
            && self.failures.is_empty()
            && self.unknown.is_empty()
            && self.error.is_none()
    }

    /// The first failure as an error, for callers to whom the plan is one thing.
    ///
    /// # Errors
    ///
    /// [`Error::Kernel`] for a refusal, what ended the work, [`Error::Overrun`] if answers were lost; [`Error::Io`] if not
    /// all was sent for whatever other reason.
    pub fn into_result(self) -> Result<(), Error> {
        if let Some(failure) = self.failures.into_iter().next() {
            return Err(Error::Kernel(Box::new(failure.error)));
        }
        match self.error {
            Some(error) => Err(error),
            None if !self.unknown.is_empty() => Err(Error::Overrun),
            None if self.sent < self.planned => Err(Error::io("send all of a plan")(
                io::Error::other("some of it was not sent"),
            )),
            None => Ok(()),
        }
    }
}

/// A request of a plan that was refused.
#[derive(Debug)]
pub struct PlanFailure {
    /// Its position among all requests of the plan; [`Plan::add`] has said it.
    pub index: usize,
    /// The namespace that it was for, as [`Plan::here`] and [`Plan::netns`] have named it.
    pub netns: PlanNetns,
    /// What the kernel said.
    pub error: KernelError,
}
