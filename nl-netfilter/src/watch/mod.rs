//! [`Watch`]: the ruleset, and every change of it, as one consistent stream.
//!
//! ```no_run
//! use nl_netfilter::watch::{Event, Object, Objects, Watch};
//!
//! for event in &mut Watch::open(Objects::RULESET | Objects::ELEMENTS)? {
//!     match event? {
//!         Event::Added { object: Object::Rule(rule), .. } => println!("a rule in {:?}", rule.view().chain()),
//!         Event::Removed { object: Object::Element(old), .. } => println!("{} has lost one", old.set),
//!         Event::Committed { generation, process_name, .. } => println!("{generation} by {process_name}"),
//!         Event::Synced { generation } => println!("this was generation {generation}"),
//!         _ => {}
//!     }
//! }
//! # Ok::<(), nl_core::Error>(())
//! ```
//!
//! It subscribes before it lists, lists within one generation, and then applies commit by commit, each as a whole
//! and only if it is the next. Where events were lost, or do not tell all of what happened, it lists again and hands out
//! the difference. What the reader has been told is at every [`Event::Synced`] and [`Event::Committed`] exactly what the
//! kernel had in that generation.
//!
//! nftables is silent about
//!
//! - counters, what quotas have consumed, when something was used last, how many rules use a chain: a change of
//!   those alone is no event; that a quota is used up is, at once and outside of any commit;
//! - elements whose time is over: they are [removed](Event::Removed) here when it is, within some 10 ms;
//! - the ends of intervals whose time is over: the kernel lists an end still when the start has gone, and lets it go with
//!   a later change of the set, even one that is only checked, refused, or adds what is there already. The set is listed
//!   when the first of them has lost its start, and after each commit that tells of its elements while there are any;
//! - elements that packets add to a set or keep in it (`flags dynamic`): the set is listed at first, after a loss, and when
//!   one of its elements should have ended, at most ten times a second;
//! - tables that go with the socket of their owner (`flags owner`), chains of devices that go away (before
//!   Linux 6.16): [`Watch::read_again`] finds out, as it does where such a change let ends of intervals go.

mod apply;
mod difference;
mod object;
mod order;
mod ruleset;
mod state;
#[cfg(test)]
mod tests;
#[cfg(feature = "tokio")]
mod tokio;

use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nl_core::{Connection, DatagramReport, DumpRequest, Errno, Error, Subscription};

pub use self::object::{FlowtableInfo, Object, Objects, SetElement};
use self::state::{Barrier, Listing, State, Step};
#[cfg(feature = "tokio")]
pub use self::tokio::AsyncWatch;
use crate::batch::NetfilterExt;
use crate::event::NFNLGRP_NFTABLES;
use crate::flowtable::GetFlowtables;
use crate::nfgen::{Family, Netfilter};
use crate::{GetChains, GetElements, GetObjects, GetRules, GetSets, GetTables};

/// What happened.
///
/// `port` is the [port](nl_core::Socket::port) of the socket whose transaction did it: compare it with one's own
/// [connection's](Connection::socket) to tell own changes. It is 0 for what nobody did by a transaction, and for what was
/// found by listing.
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
    /// What was told since the last of these, or since [`Synced`](Self::Synced), was one transaction, and all of it.
    Committed {
        /// The number of the ruleset as it is now. Behind 2³² − 1 comes 1.
        generation: u32,
        /// The thread that did it.
        process: u32,
        /// Its name.
        process_name: String,
        /// Its socket's port.
        port: u32,
    },
    /// Events were lost. What follows, up to [`Synced`](Self::Synced), is also the difference that they made.
    Overrun,
    /// All that the kernel had in this generation has been handed out.
    Synced {
        /// The number of the ruleset.
        generation: u32,
    },
}

/// Follows nftables' ruleset; see the [module](self).
#[derive(Debug)]
pub struct Watch {
    events: Subscription<Netfilter>,
    lists: Connection<Netfilter>,
    state: State,
    /// When nothing was queued.
    since: Instant,
}

/// The request of a [`Listing`], for the statement behind it.
macro_rules! list {
    ($listing:expr, $request:ident => $list:expr) => {
        match $listing {
            Listing::Tables => {
                let $request = GetTables {
                    family: Family::UNSPEC,
                };
                $list
            }
            Listing::Chains => {
                let $request = GetChains {
                    family: Family::UNSPEC,
                };
                $list
            }
            Listing::Rules => {
                let $request = GetRules::all(Family::UNSPEC);
                $list
            }
            Listing::Sets => {
                let $request = GetSets::default();
                $list
            }
            Listing::Elements(name) => {
                let $request = GetElements::new(Family(name.family), &name.table, &name.set);
                $list
            }
            Listing::Stateful => {
                let $request = GetObjects::default();
                $list
            }
            Listing::Flowtables => {
                let $request = GetFlowtables {
                    family: Family::UNSPEC,
                    table: None,
                };
                $list
            }
        }
    };
}
#[cfg(feature = "tokio")]
use list;

impl Watch {
    /// Follows objects of these kinds in the calling thread's network namespace. The first
    /// [`next`](Self::next) lists them.
    ///
    /// # Errors
    ///
    /// As [`Subscription::open`] and [`Connection::open`].
    pub fn open(objects: Objects) -> Result<Self, Error> {
        let events = Subscription::open(&[NFNLGRP_NFTABLES])?;
        Ok(Self::over(events, Connection::open()?, objects))
    }

    /// Follows objects in the network namespace that `netns` refers to.
    ///
    /// # Errors
    ///
    /// As [`Subscription::open_in`] and [`Connection::open_in`].
    pub fn open_in(netns: BorrowedFd<'_>, objects: Objects) -> Result<Self, Error> {
        let events = Subscription::open_in(netns, &[NFNLGRP_NFTABLES])?;
        Ok(Self::over(events, Connection::open_in(netns)?, objects))
    }

    fn over(
        events: Subscription<Netfilter>,
        lists: Connection<Netfilter>,
        objects: Objects,
    ) -> Self {
        // As far as the system allows; what does not fit is listed.
        let _ = events.set_receive_buffer(RECEIVE_BUFFER);
        Self {
            events,
            lists,
            state: State::new(objects),
            since: Instant::now(),
        }
    }

    /// The subscription, for its options.
    #[must_use]
    pub fn subscription(&self) -> &Subscription<Netfilter> {
        &self.events
    }

    /// What is there, as far as it was handed out or is about to be: by table, and in it what is referred to before
    /// what refers to it, rules in the order in which packets see them.
    pub fn objects(&self) -> impl Iterator<Item = Object> + '_ {
        self.state.objects()
    }

    /// The generation that [`objects`](Self::objects) are of; `None` before they were listed.
    #[must_use]
    pub fn generation(&self) -> Option<u32> {
        self.state.generation()
    }

    /// Has everything be listed again, for what nftables is silent about; the difference follows, and
    /// [`Event::Synced`]: the next one is of a list that was begun after this call.
    pub fn read_again(&mut self) {
        self.state.read_again();
    }

    /// The next event; waits for it for ever.
    ///
    /// # Errors
    ///
    /// What listing or the socket failed with; the next call tries again. [`Error::Interrupted`] if others change the
    /// ruleset so often that it could not be listed within one generation.
    #[allow(clippy::should_implement_trait, reason = "it never ends")]
    pub fn next(&mut self) -> Result<Event, Error> {
        loop {
            if let Some(event) = self.advance(None)? {
                return Ok(event);
            }
        }
    }

    /// The next event, or `None` if there is none within `timeout`; zero does not wait, except for lists.
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
            match self.state.step(Instant::now())? {
                Step::Deliver(event) => return Ok(Some(event)),
                Step::Drain => {
                    while self.state.takes_more() {
                        if !self.take(Duration::ZERO)? {
                            self.state.drained();
                            break;
                        }
                    }
                }
                Step::Wait(until) => {
                    // What has been lying there tells less exactly when it was sent.
                    if self.take(Duration::ZERO)? {
                        continue;
                    }
                    let now = Instant::now();
                    let left = timeout.map(|timeout| timeout.saturating_sub(start.elapsed()));
                    let until = until.map(|until| until.saturating_duration_since(now));
                    let wait = left.into_iter().chain(until).min();
                    if !self.take(wait.unwrap_or(FOREVER))?
                        && left.is_some_and(|left| left.is_zero())
                    {
                        return Ok(None);
                    }
                }
                step => {
                    let done = self.ask(step);
                    done.inspect_err(|_| self.state.failed())?;
                }
            }
        }
    }

    /// Takes one notification; whether there was one within `timeout`.
    fn take(&mut self, timeout: Duration) -> Result<bool, Error> {
        let told = self.events.next_within(timeout);
        let now = Instant::now();
        if !timeout.is_zero() {
            self.since = now;
        }
        match told {
            Ok(Some(told)) => {
                self.state.notified(&told, self.since, now);
                Ok(true)
            }
            Ok(None) => {
                self.since = now;
                Ok(false)
            }
            Err(Error::Decode(_)) => {
                self.state.lost();
                Ok(true)
            }
            Err(error) => Err(error),
        }
    }

    /// Asks the kernel.
    fn ask(&mut self, step: Step) -> Result<(), Error> {
        match step {
            Step::AskGeneration => {
                let generation = self.lists.generation()?;
                self.state.generation_is(generation);
            }
            Step::Barrier(generation) => {
                let batch = [Barrier::Begin(generation), Barrier::End];
                let report = self.lists.datagram(batch.iter(), |_| {})?;
                self.state.barrier(is_taken(&report)?);
            }
            Step::List(listing) => {
                let interrupted = list!(listing, request => self.list(&request))?;
                self.state.list_done(interrupted);
            }
            Step::Deliver(_) | Step::Drain | Step::Wait(_) => {}
        }
        Ok(())
    }

    /// Lists; whether what was listed changed meanwhile.
    fn list<R: DumpRequest<Protocol = Netfilter>>(&mut self, request: &R) -> Result<bool, Error> {
        let mut dump = self.lists.start_dump(request)?;
        loop {
            match dump.next_message() {
                Ok(Some(object)) => {
                    let number = object.message_type();
                    self.state.listed(number, object.payload, Instant::now());
                }
                Ok(None) => return Ok(dump.interrupted()),
                Err(error) => return is_gone(error),
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
/// [`next_within`](Watch::next_within) tells. Call it until it gives `None` before waiting. Elements that end make
/// nothing readable.
impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.events.as_fd()
    }
}

/// What is asked for as a receive buffer: some 5000 datagrams.
const RECEIVE_BUFFER: usize = 4 << 20;
/// Longer than anybody waits.
const FOREVER: Duration = Duration::from_secs(60 * 60);

/// Whether the kernel took an empty batch; it says `ERESTART` if the generation is another. Before Linux 6.10 success is
/// silent, so without an answer it was taken, unless answers were lost.
fn is_taken(report: &DatagramReport) -> Result<bool, Error> {
    const ERESTART: Errno = Errno(85);

    match report.failures.first() {
        None => Ok(report.acknowledged || !report.overrun),
        Some(failure) if failure.error.errno == ERESTART => Ok(false),
        Some(failure) => Err(Error::Kernel(Box::new(failure.error.clone()))),
    }
}

/// What was to be listed may be gone by now (`ENOENT`); kernels may lack a kind of objects (`EOPNOTSUPP`).
fn is_gone(error: Error) -> Result<bool, Error> {
    match error.errno() {
        Some(Errno(2)) => Ok(true),
        Some(Errno(95)) => Ok(false),
        _ => Err(error),
    }
}

/// For the fuzz targets: that something is there, there again, and gone, in one commit.
pub(crate) fn feed(message_type: u16, payload: &[u8]) {
    let mut state = State::new(Objects::all());
    let gone = message_type.wrapping_add(2);
    state.feed(&[message_type, message_type, gone], payload);
    for _ in state.objects() {}
}
