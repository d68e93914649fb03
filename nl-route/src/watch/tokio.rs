//! [`AsyncWatch`]: the same over tokio.

use std::os::fd::BorrowedFd;

use nl_core::tokio::{AsyncConnection, AsyncSubscription};
use nl_core::{DumpRequest, Error, Subscription};

use super::kind::{KINDS, Kind};
use super::state::{State, Step};
use super::{Event, Object, Objects, RECEIVE_BUFFER, groups, is_absent, list, lock, settled};
use crate::addr::GetAddrs;
use crate::link::{GetLinks, RTEXT_FILTER_SKIP_STATS};
use crate::neigh::GetNeighs;
use crate::nexthop::GetNexthops;
use crate::protocol::Route;
use crate::route::GetRoutes;
use crate::rule::GetRules;
use crate::value::Family;

/// A [`Watch`](super::Watch) that is awaited.
#[derive(Debug)]
pub struct AsyncWatch {
    events: AsyncSubscription<Route>,
    lists: AsyncConnection<Route>,
    state: State,
}

impl AsyncWatch {
    /// As [`Watch::open`](super::Watch::open).
    ///
    /// # Panics
    ///
    /// Outside a runtime with its I/O driver.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn open(objects: Objects) -> Result<Self, Error> {
        let events = Subscription::open(&groups(objects))?;
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
        let events = Subscription::open_in(netns, &groups(objects))?;
        Self::over(events, AsyncConnection::open_in(netns)?, objects)
    }

    fn over(
        events: Subscription<Route>,
        lists: AsyncConnection<Route>,
        objects: Objects,
    ) -> Result<Self, Error> {
        let _ = events.set_receive_buffer(RECEIVE_BUFFER);
        Ok(Self {
            events: AsyncSubscription::new(events)?,
            lists,
            state: State::new(objects),
        })
    }

    /// The subscription, for its options:
    /// [`listen_all_namespaces`](Subscription::listen_all_namespaces).
    #[must_use]
    pub fn subscription(&self) -> &Subscription<Route> {
        self.events.get_ref()
    }

    /// As [`Watch::objects`](super::Watch::objects).
    pub fn objects(&self) -> impl Iterator<Item = Object> + '_ {
        KINDS.into_iter().flat_map(|kind| {
            let payloads = self.state.iter(kind);
            payloads.filter_map(move |payload| kind.object(payload).ok())
        })
    }

    /// The next event. Dropping the future loses none.
    ///
    /// # Errors
    ///
    /// As [`Watch::next`](super::Watch::next).
    #[allow(clippy::should_implement_trait, reason = "it never ends")]
    pub async fn next(&mut self) -> Result<Event, Error> {
        loop {
            match self.state.step()? {
                Step::Deliver(event) => return Ok(event),
                Step::Drain => {
                    while self.state.takes_more() {
                        match self.events.try_next() {
                            Ok(Some(told)) => self.state.notified(&told),
                            Ok(None) => {
                                self.state.drained();
                                break;
                            }
                            Err(Error::Decode(_)) => self.state.lost(),
                            Err(error) => return Err(error),
                        }
                    }
                }
                Step::Settle => {
                    settled(self.lists.get(&lock()).await.map(drop))?;
                    self.state.settled();
                }
                Step::List(kind) => {
                    let listed = list!(kind, request => self.list(&request).await);
                    match listed {
                        Ok(interrupted) => self.state.list_done(interrupted),
                        Err(error) => {
                            self.state.list_failed();
                            return Err(error);
                        }
                    }
                }
                Step::Wait => match self.events.next().await {
                    Ok(told) => self.state.notified(&told),
                    Err(Error::Decode(_)) => self.state.lost(),
                    Err(error) => return Err(error),
                },
            }
        }
    }

    async fn list<R: DumpRequest<Protocol = Route>>(&mut self, request: &R) -> Result<bool, Error> {
        let mut dump = self.lists.start_dump(request).await?;
        loop {
            match dump.next_message().await {
                Ok(Some(object)) => self.state.listed(object.payload)?,
                Ok(None) => return Ok(dump.interrupted()),
                Err(Error::Kernel(error)) if is_absent(error.errno) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
    }
}
