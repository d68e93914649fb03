//! [`RouteSync`]: makes a table equal to a list of routes by sending only what differs.

use std::iter::Fuse;

use nl_core::{BatchReport, Connection, EncodeError, Errno, Error, KernelError, Request, Writer};

use super::fingerprint::{Fingerprint, Fingerprints};
use super::snapshot::{Claim, Snapshot};
use super::{RouteDeleteReport, RouteFailure, listed};
use crate::protocol::{RTM_NEWROUTE, Route};
use crate::route::{GetRoutes, NewRoute, RouteProtocol, RouteTable, RouteView};
use crate::value::{Family, Mode};

/// How many requests go into one batch: its report says what became of which.
const CHUNK: usize = 16 * 1024;

/// Which routes a [`RouteSync`] is about: all of a family in a table, or those of one protocol there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncScope {
    /// IPv4 or IPv6.
    pub family: Family,
    /// The table.
    pub table: RouteTable,
    /// Only routes made by this protocol; others are left alone.
    pub protocol: Option<RouteProtocol>,
}

impl SyncScope {
    /// All IPv4 routes in a table.
    #[must_use]
    pub const fn ipv4(table: RouteTable) -> Self {
        Self {
            family: Family::INET,
            table,
            protocol: None,
        }
    }

    /// All IPv6 routes in a table.
    #[must_use]
    pub const fn ipv6(table: RouteTable) -> Self {
        Self {
            family: Family::INET6,
            table,
            protocol: None,
        }
    }

    /// Only routes made by this protocol.
    #[must_use]
    pub const fn protocol(mut self, protocol: RouteProtocol) -> Self {
        self.protocol = Some(protocol);
        self
    }

    pub(super) fn list(&self) -> GetRoutes {
        let list = GetRoutes::new(self.family).table(self.table);
        match self.protocol {
            Some(protocol) => list.protocol(protocol),
            None => list,
        }
    }

    /// Whether a listed route is one to keep or delete. What the kernel makes by itself, for an
    /// address or a router's advertisement, comes and goes with that.
    #[must_use]
    pub fn owns(&self, route: &RouteView<'_>) -> bool {
        let made_by = match self.protocol {
            Some(protocol) => route.protocol() == protocol,
            None => !matches!(
                route.protocol(),
                RouteProtocol::KERNEL | RouteProtocol::REDIRECT | RouteProtocol::RA
            ),
        };
        made_by && route.family() == self.family && route.table() == self.table
    }

    /// Refuses what the scope does not cover: it would be made anew each time and never deleted.
    fn check(
        &self,
        family: Family,
        table: RouteTable,
        protocol: RouteProtocol,
    ) -> Result<(), EncodeError> {
        let bad = |attr, what| Err(EncodeError::BadValue { attr, what });
        if family != self.family {
            return bad("rtm_family", "not that of the routes to be made equal");
        }
        if table != self.table {
            return bad("RTA_TABLE", "not the table that is to be made equal");
        }
        if self.protocol.is_some_and(|wanted| wanted != protocol) {
            return bad("rtm_protocol", "not that of the routes to be made equal");
        }
        Ok(())
    }
}

/// What became of a table that was to be made equal to a list.
#[derive(Debug, Default)]
pub struct SyncReport {
    /// How many wanted routes were not there and were added.
    pub added: usize,
    /// How many were there with another nexthop or other properties, and were replaced.
    pub replaced: usize,
    /// How many were there already: nothing was sent.
    pub unchanged: usize,
    /// How many were there, not wanted, and were deleted.
    pub deleted: usize,
    /// Wanted routes that the kernel refused. What was there in their place is still there.
    pub failures: Vec<SyncFailure>,
    /// Unwanted routes that the kernel did not delete.
    pub undeleted: Vec<RouteFailure>,
    /// Positions of wanted routes of which nobody knows, because answers were lost.
    pub unknown: Vec<usize>,
    /// What ended the deleting early.
    pub error: Option<Error>,
}

impl SyncReport {
    /// Whether the table is equal to the list now.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.failures.is_empty()
            && self.undeleted.is_empty()
            && self.unknown.is_empty()
            && self.error.is_none()
    }

    /// Whether it was equal already.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        self.is_success() && self.added + self.replaced + self.deleted == 0
    }
}

/// A wanted route that the kernel refused.
#[derive(Debug)]
pub struct SyncFailure {
    /// Its position among all wanted routes, from 0.
    pub index: usize,
    /// What the kernel said.
    pub error: KernelError,
}

/// Makes a table equal to a list of routes: begins by reading the table, takes the wanted routes,
/// and in the end deletes what was not among them.
///
/// New routes are made and changed ones replaced before unwanted ones are deleted, so that traffic
/// finds its way all the time. Routes are compared by table, destination, source, type of service
/// and metric (who is it?), and by all the rest that a request can say; of the end of an IPv6 route only whether there is
/// one. A link that the request leaves to the gateway may be any; of several ways all or none must leave it, or the
/// route is sent each time. It keeps 24 bytes for each route in the table (hashes with a secret key), 8 for each outside
/// the scope, none for the wanted ones. An IPv4 route that is wanted twice is made once.
///
/// Routes outside the scope stay, whatever they share with wanted ones. Beside an IPv4 route of somebody else with the
/// same destination and metric a wanted one is appended; of IPv6 it is refused with `EEXIST`. What is there in the place
/// of a route that is refused stays, too, so that the destination can be reached.
///
/// Who changes the table at the same time may win or lose.
///
/// ```no_run
/// use nl_route::bulk::{RouteSync, SyncScope};
/// use nl_route::route::{NewRoute, RouteTable};
/// use nl_route::{Connection, Route};
///
/// let mut rt = Connection::<Route>::open()?;
/// let mut sync = RouteSync::begin(&mut rt, SyncScope::ipv4(RouteTable(100)))?;
/// sync.want((0..=255).map(|i| {
///     NewRoute::new(nl_route::Prefix::new([10, 1, i, 0].into(), 24)).via([10, 0, 0, 2].into())
/// }))?;
/// let report = sync.finish()?;
/// println!("{} added, {} deleted", report.added, report.deleted);
/// # Ok::<(), nl_route::Error>(())
/// ```
///
/// If it is dropped before [`finish`](Self::finish), nothing is deleted.
#[derive(Debug)]
pub struct RouteSync<'c> {
    rt: &'c mut Connection<Route>,
    scope: SyncScope,
    prints: Fingerprints,
    there: Snapshot,
    report: SyncReport,
    /// How many wanted routes were taken.
    taken: usize,
}

impl<'c> RouteSync<'c> {
    /// Reads the table.
    ///
    /// # Errors
    ///
    /// As [`Connection::dump`]. A table that does not exist is an empty one.
    pub fn begin(rt: &'c mut Connection<Route>, scope: SyncScope) -> Result<Self, Error> {
        let prints = Fingerprints::default();
        let there = Snapshot::take(rt, &scope, &prints)?;
        Ok(Self {
            rt,
            scope,
            prints,
            there,
            report: SyncReport::default(),
            taken: 0,
        })
    }

    /// How many routes are in the table, before anything was changed.
    #[must_use]
    pub fn found(&self) -> usize {
        self.there.len()
    }

    /// How many wanted routes were taken so far; after an error the position of the one that was wrong.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.taken
    }

    /// What became of the wanted routes so far.
    #[must_use]
    pub fn so_far(&self) -> &SyncReport {
        &self.report
    }

    /// Takes wanted routes: adds those that are not there, replaces those that differ. It may be
    /// called many times. Of a route's [`mode`](NewRoute::mode) only [`Mode::Replace`] matters: it is wanted in the place
    /// of those that were wanted before it, of the same destination and metric, not beside them. Table and protocol
    /// that it leaves open are the scope's.
    ///
    /// # Errors
    ///
    /// [`Error::Encode`] for a route outside the scope or one that no message can hold, or what the
    /// socket failed with. What the kernel refuses stands in the report.
    pub fn want(&mut self, routes: impl IntoIterator<Item = NewRoute>) -> Result<(), Error> {
        self.take(routes)
    }

    /// [`want`](Self::want) for routes as a list had them: attributes that are not known here stay.
    /// They are sent as [`RouteView::write_request`] writes them. What the scope does not
    /// [own](SyncScope::owns), above all what the kernel makes by itself, is for the caller to leave out.
    ///
    /// # Errors
    ///
    /// As [`want`](Self::want).
    pub fn want_listed<'a>(
        &mut self,
        routes: impl IntoIterator<Item = RouteView<'a>>,
    ) -> Result<(), Error> {
        let listed = |route| Listed {
            route,
            mode: Mode::Add,
        };
        self.take(routes.into_iter().map(listed))
    }

    fn take<W: Wanted>(&mut self, routes: impl IntoIterator<Item = W>) -> Result<(), Error> {
        let mut feed = Feed {
            routes: routes.into_iter().fuse(),
            held: None,
            scope: self.scope,
            prints: &mut self.prints,
            there: &mut self.there,
            report: &mut self.report,
            taken: &mut self.taken,
            sent: Vec::new(),
            error: None,
        };
        loop {
            feed.sent.clear();
            let batch = self.rt.batch(feed.by_ref());
            let Feed {
                sent,
                report,
                there,
                ..
            } = &mut feed;
            settle(sent, batch, report, there)?;
            if let Some(error) = feed.error {
                return Err(error);
            }
            if feed.held.is_some() {
                feed.there.find_shared(self.rt, &self.scope, feed.prints)?;
            } else if feed.sent.is_empty() {
                return Ok(());
            }
        }
    }

    /// Deletes what is there and was not wanted.
    ///
    /// # Errors
    ///
    /// If nothing could be deleted because listing or the socket failed; refusals stand in the report.
    pub fn finish(self) -> Result<SyncReport, Error> {
        let Self {
            rt,
            scope,
            prints,
            there,
            mut report,
            ..
        } = self;
        if there.dooms_any() {
            let unwanted =
                |route: &RouteView<'_>| scope.owns(route) && there.dooms(&prints.of_view(route));
            let RouteDeleteReport {
                deleted,
                failures,
                error,
            } = listed::delete(rt, &scope.list(), unwanted)?;
            report.deleted = deleted;
            report.undeleted = failures;
            report.error = error;
        }
        Ok(report)
    }
}

/// A wanted route, however it was said.
trait Wanted: Request<Protocol = Route> {
    /// Fills in what it leaves open, and refuses what the scope does not cover.
    fn place(&mut self, scope: &SyncScope) -> Result<(), EncodeError>;
    fn fingerprint(&self, prints: &mut Fingerprints) -> Result<Fingerprint, Error>;
    fn set_mode(&mut self, mode: Mode);
    /// Whether it is wanted in the place of those that were wanted before.
    fn supersedes(&self) -> bool;
}

impl Wanted for NewRoute {
    fn place(&mut self, scope: &SyncScope) -> Result<(), EncodeError> {
        let table = *self.table.get_or_insert(scope.table);
        let protocol = scope.protocol.unwrap_or(RouteProtocol::BOOT);
        let protocol = *self.protocol.get_or_insert(protocol);
        scope.check(self.dst.family(), table, protocol)
    }

    fn fingerprint(&self, prints: &mut Fingerprints) -> Result<Fingerprint, Error> {
        prints.of_request(self)
    }

    fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
    }

    fn supersedes(&self) -> bool {
        self.mode == Mode::Replace
    }
}

/// A route from a list, to be made again.
struct Listed<'a> {
    route: RouteView<'a>,
    mode: Mode,
}

impl Request for Listed<'_> {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_NEWROUTE
    }

    fn flags(&self) -> u16 {
        self.mode.flags()
    }

    fn write(&self, out: &mut Writer) {
        self.route.write_request(out);
    }
}

impl Wanted for Listed<'_> {
    fn place(&mut self, scope: &SyncScope) -> Result<(), EncodeError> {
        let route = &self.route;
        scope.check(route.family(), route.table(), route.protocol())
    }

    fn fingerprint(&self, prints: &mut Fingerprints) -> Result<Fingerprint, Error> {
        Ok(prints.of_view(&self.route))
    }

    fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
    }

    fn supersedes(&self) -> bool {
        false
    }
}

/// A wanted route that was sent.
#[derive(Clone, Copy)]
struct Sent {
    /// Position among the wanted routes.
    index: usize,
    identity: u64,
    /// Whether it replaces one that was in the table.
    replaces: bool,
    /// Whether the very same, if it is there, is refused by `EEXIST`, and nothing else is.
    is_appended: bool,
}

/// Counts what a batch did. What a route was to take the place of stays if it is not known to have done so.
fn settle(
    sent: &[Sent],
    batch: Result<BatchReport, Error>,
    report: &mut SyncReport,
    there: &mut Snapshot,
) -> Result<(), Error> {
    fn counter<'a>(report: &'a mut SyncReport, route: &Sent) -> &'a mut usize {
        if route.replaces {
            &mut report.replaced
        } else {
            &mut report.added
        }
    }
    let count = batch.as_ref().map_or(0, |batch| batch.sent);
    let (tried, untried) = sent.split_at_checked(count).unwrap_or((sent, &[]));
    for route in tried {
        *counter(report, route) += 1;
    }
    for route in untried {
        give_up(there, route);
    }
    let batch = batch?;
    for index in batch.unknown.into_iter().flatten() {
        if let Some(route) = tried.get(index) {
            *counter(report, route) -= 1;
            there.spare(route.identity);
            report.unknown.push(route.index);
        }
    }
    for failure in batch.failures {
        if let Some(route) = tried.get(failure.index) {
            *counter(report, route) -= 1;
            let (index, error) = (route.index, failure.error);
            if route.is_appended && error.errno == Errno::EEXIST {
                if there.is_settled(route.identity) {
                    // It was wanted before.
                    report.unchanged += 1;
                    continue;
                }
            } else {
                give_up(there, route);
            }
            report.failures.push(SyncFailure { index, error });
        }
    }
    batch.error.map_or(Ok(()), Err)
}

/// Keeps what is there in the place of a route that was not made.
fn give_up(there: &mut Snapshot, route: &Sent) {
    match route.replaces {
        true => there.restore(route.identity),
        false => there.spare(route.identity),
    }
}

/// Of the wanted routes, those that must be sent; ends after [`CHUNK`] of them, and may be asked again.
struct Feed<'a, I: Iterator> {
    routes: Fuse<I>,
    /// The next, of which it must be found out whether it may replace one.
    held: Option<I::Item>,
    scope: SyncScope,
    prints: &'a mut Fingerprints,
    there: &'a mut Snapshot,
    report: &'a mut SyncReport,
    taken: &'a mut usize,
    sent: Vec<Sent>,
    error: Option<Error>,
}

/// How a wanted route is to be sent, if at all.
enum Way {
    Not,
    By(Mode, Claim, u64),
    /// Somebody else's route may be in the same place.
    Held,
}

impl<I: Iterator<Item: Wanted>> Feed<'_, I> {
    fn decide(&mut self, route: &mut I::Item) -> Result<Way, Error> {
        route.place(&self.scope)?;
        let print = route.fingerprint(self.prints)?;
        if route.supersedes() {
            self.there.recall(print.identity);
        }
        let claim = match self.there.claim(&print, self.scope.family) {
            Claim::Absent if route.supersedes() => self.there.claim_again(print.identity),
            claim => claim,
        };
        let mode = match claim {
            Claim::Same => return Ok(Way::Not),
            Claim::Doubtful => return Ok(Way::Held),
            Claim::Other | Claim::Made => Mode::Replace,
            // IPv4 keeps several routes that only their nexthops tell apart.
            Claim::Absent if self.scope.family == Family::INET => Mode::Append,
            Claim::Absent => Mode::Add,
        };
        Ok(Way::By(mode, claim, print.identity))
    }
}

impl<I: Iterator<Item: Wanted>> Iterator for Feed<'_, I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        if self.sent.len() >= CHUNK || self.error.is_some() {
            return None;
        }
        loop {
            let mut route = match self.held.take() {
                Some(route) => route,
                None => self.routes.next()?,
            };
            let index = *self.taken;
            match self.decide(&mut route) {
                Ok(Way::Not) => self.report.unchanged += 1,
                Ok(Way::By(mode, claim, identity)) => {
                    self.sent.push(Sent {
                        index,
                        identity,
                        replaces: claim == Claim::Other,
                        is_appended: mode == Mode::Append,
                    });
                    *self.taken += 1;
                    route.set_mode(mode);
                    return Some(route);
                }
                Ok(Way::Held) => {
                    self.held = Some(route);
                    return None;
                }
                Err(error) => {
                    self.error = Some(error);
                    return None;
                }
            }
            *self.taken += 1;
        }
    }
}
