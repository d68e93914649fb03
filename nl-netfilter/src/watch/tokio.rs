//! [`AsyncWatch`]: the same over tokio.

use std::os::fd::BorrowedFd;
use std::time::Instant;

use ::tokio::time::timeout_at;
use nl_core::tokio::{AsyncConnection, AsyncSubscription};
use nl_core::{DumpRequest, Error, Subscription};

use super::state::{Barrier, Listing, State, Step};
use super::{Event, Object, Objects, RECEIVE_BUFFER, is_gone, is_taken, list};
use crate::batch::GetGeneration;
use crate::event::NFNLGRP_NFTABLES;
use crate::flowtable::GetFlowtables;
use crate::nfgen::{Family, Netfilter};
use crate::{GetChains, GetElements, GetObjects, GetRules, GetSets, GetTables};

/// A [`Watch`](super::Watch) that is awaited.
#[derive(Debug)]
pub struct AsyncWatch {
    events: AsyncSubscription<Netfilter>,
    lists: AsyncConnection<Netfilter>,
    state: State,
    /// When nothing was queued.
    since: Instant,
}

impl AsyncWatch {
    /// As [`Watch::open`](super::Watch::open).
    ///
    /// # Panics
    ///
    /// Outside a runtime with its I/O and time drivers.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn open(objects: Objects) -> Result<Self, Error> {
        let events = Subscription::open(&[NFNLGRP_NFTABLES])?;
        Self::over(events, AsyncConnection::open()?, objects)
    }

    /// As [`Watch::open_in`](super::Watch::open_in).
    ///
    /// # Panics
    ///
    /// As [`open`](Self::open).
    ///
    /// # Errors
    ///
    /// The same.
    pub fn open_in(netns: BorrowedFd<'_>, objects: Objects) -> Result<Self, Error> {
        let events = Subscription::open_in(netns, &[NFNLGRP_NFTABLES])?;
        Self::over(events, AsyncConnection::open_in(netns)?, objects)
    }

    fn over(
        events: Subscription<Netfilter>,
        lists: AsyncConnection<Netfilter>,
        objects: Objects,
    ) -> Result<Self, Error> {
        let _ = events.set_receive_buffer(RECEIVE_BUFFER);
        Ok(Self {
            events: AsyncSubscription::new(events)?,
            lists,
            state: State::new(objects),
            since: Instant::now(),
        })
    }

    /// The subscription, for its options.
    #[must_use]
    pub fn subscription(&self) -> &Subscription<Netfilter> {
        self.events.get_ref()
    }

    /// As [`Watch::objects`](super::Watch::objects).
    pub fn objects(&self) -> impl Iterator<Item = Object> + '_ {
        self.state.objects()
    }

    /// As [`Watch::generation`](super::Watch::generation).
    #[must_use]
    pub fn generation(&self) -> Option<u32> {
        self.state.generation()
    }

    /// As [`Watch::read_again`](super::Watch::read_again).
    pub fn read_again(&mut self) {
        self.state.read_again();
    }

    /// The next event. Dropping the future loses none.
    ///
    /// # Errors
    ///
    /// As [`Watch::next`](super::Watch::next).
    #[allow(clippy::should_implement_trait, reason = "it never ends")]
    pub async fn next(&mut self) -> Result<Event, Error> {
        loop {
            match self.state.step(Instant::now())? {
                Step::Deliver(event) => return Ok(event),
                Step::Drain => {
                    while self.state.takes_more() {
                        if !self.take_queued()? {
                            self.state.drained();
                            break;
                        }
                    }
                }
                Step::Wait(until) => {
                    if self.take_queued()? {
                        continue;
                    }
                    let waited = match until {
                        Some(until) => timeout_at(until.into(), self.events.next()).await,
                        None => Ok(self.events.next().await),
                    };
                    let now = Instant::now();
                    self.since = now;
                    match waited {
                        Ok(Ok(told)) => self.state.notified(&told, now, now),
                        Ok(Err(Error::Decode(_))) => self.state.lost(),
                        Ok(Err(error)) => return Err(error),
                        Err(_) => {}
                    }
                }
                step => self.read(step).await?,
            }
        }
    }

    /// Takes one notification if there is one; whether there was.
    fn take_queued(&mut self) -> Result<bool, Error> {
        let queued = self.events.try_next();
        let now = Instant::now();
        match queued {
            Ok(Some(told)) => self.state.notified(&told, self.since, now),
            Err(Error::Decode(_)) => self.state.lost(),
            Err(error) => return Err(error),
            Ok(None) => {
                self.since = now;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Asks the kernel. One that is dropped meanwhile is asked again: what was listed twice is found out.
    async fn read(&mut self, step: Step) -> Result<(), Error> {
        let done = self.ask(step).await;
        done.inspect_err(|_| self.state.failed())
    }

    async fn ask(&mut self, step: Step) -> Result<(), Error> {
        match step {
            Step::AskGeneration => {
                let generation = self.lists.get(&GetGeneration).await?;
                let generation = generation.view().id().ok_or(Error::NoAnswer)?;
                self.state.generation_is(generation);
            }
            Step::Barrier(generation) => {
                let batch = [Barrier::Begin(generation), Barrier::End];
                let report = self.lists.datagram(batch.iter(), |_| {}).await?;
                self.state.barrier(is_taken(&report)?);
            }
            Step::List(listing) => {
                let interrupted = list!(listing, request => self.list(&request).await)?;
                self.state.list_done(interrupted);
            }
            Step::Deliver(_) | Step::Drain | Step::Wait(_) => {}
        }
        Ok(())
    }

    async fn list<R>(&mut self, request: &R) -> Result<bool, Error>
    where
        R: DumpRequest<Protocol = Netfilter>,
    {
        let mut dump = self.lists.start_dump(request).await?;
        loop {
            match dump.next_message().await {
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
