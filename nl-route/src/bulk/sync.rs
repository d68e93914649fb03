//! [`RouteSync`]: makes a table equal to a list of routes by sending only what differs.

use std::iter::Fuse;

use nl_core::{Connection, EncodeError, Error, KernelError};

use super::fingerprint::{Fingerprint, Fingerprints};
use super::{RouteDeleteReport, RouteFailure, listed};
use crate::protocol::Route;
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

    fn list(&self) -> GetRoutes {
        let list = GetRoutes::new(self.family).table(self.table);
        match self.protocol {
            Some(protocol) => list.protocol(protocol),
            None => list,
        }
    }

    /// Whether a listed route is ours to keep or delete. What the kernel makes by itself, for an
    /// address or a router's advertisement, comes and goes with that.
    fn owns(&self, route: &RouteView<'_>) -> bool {
        let made_by = match self.protocol {
            Some(protocol) => route.protocol() == protocol,
            None => !matches!(
                route.protocol(),
                RouteProtocol::KERNEL | RouteProtocol::REDIRECT | RouteProtocol::RA
            ),
        };
        made_by && route.family() == self.family && route.table() == self.table
    }

    /// Fills in what a wanted route leaves open, and refuses what the scope does not cover: it
    /// would be made anew each time and never deleted.
    fn place(&self, route: &mut NewRoute) -> Result<(), EncodeError> {
        let bad = |attr, what| Err(EncodeError::BadValue { attr, what });
        let table = *route.table.get_or_insert(self.table);
        let protocol = self.protocol.unwrap_or(RouteProtocol::BOOT);
        let protocol = *route.protocol.get_or_insert(protocol);
        if route.dst.family() != self.family {
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
    /// Wanted routes that the kernel refused.
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
/// route is sent each time. It keeps 32 bytes for each route in the table (hashes with a secret key), none for the wanted
/// ones.
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
        self.there.known.len()
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
    /// called many times. A route's [`mode`](NewRoute::mode) does not matter; table and protocol
    /// that it leaves open are the scope's.
    ///
    /// # Errors
    ///
    /// [`Error::Encode`] for a route outside the scope or one that no message can hold, or what the
    /// socket failed with. What the kernel refuses stands in the report.
    pub fn want(&mut self, routes: impl IntoIterator<Item = NewRoute>) -> Result<(), Error> {
        let mut feed = Feed {
            routes: routes.into_iter().fuse(),
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
            let batch = self.rt.batch(feed.by_ref())?;
            let Feed { sent, report, .. } = &mut feed;
            settle(sent, batch, report)?;
            if let Some(error) = feed.error {
                return Err(error);
            }
            if feed.sent.is_empty() {
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
        if there.known.iter().any(|route| route.fate == Fate::Unwanted) {
            let unwanted = |route: &RouteView<'_>| {
                scope.owns(route) && there.is_unwanted(&prints.of_view(route))
            };
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

/// Counts what a batch did.
fn settle(
    sent: &[(usize, bool)],
    batch: nl_core::BatchReport,
    report: &mut SyncReport,
) -> Result<(), Error> {
    fn counter(report: &mut SyncReport, replaced: bool) -> &mut usize {
        if replaced {
            &mut report.replaced
        } else {
            &mut report.added
        }
    }
    for &(_, replaced) in sent.iter().take(batch.sent) {
        *counter(report, replaced) += 1;
    }
    for index in batch.unknown.into_iter().flatten() {
        if let Some(&(wanted, replaced)) = sent.get(index) {
            *counter(report, replaced) -= 1;
            report.unknown.push(wanted);
        }
    }
    for failure in batch.failures {
        if let Some(&(index, replaced)) = sent.get(failure.index) {
            *counter(report, replaced) -= 1;
            let error = failure.error;
            report.failures.push(SyncFailure { index, error });
        }
    }
    batch.error.map_or(Ok(()), Err)
}

/// Of the wanted routes, those that must be sent; ends after [`CHUNK`] of them, and may be asked again.
struct Feed<'a, I: Iterator> {
    routes: Fuse<I>,
    scope: SyncScope,
    prints: &'a mut Fingerprints,
    there: &'a mut Snapshot,
    report: &'a mut SyncReport,
    taken: &'a mut usize,
    /// Position among the wanted routes, and whether it replaces one.
    sent: Vec<(usize, bool)>,
    error: Option<Error>,
}

impl<I: Iterator<Item = NewRoute>> Feed<'_, I> {
    /// Says how a wanted route is to be sent, if at all.
    fn decide(&mut self, route: &mut NewRoute) -> Result<Option<Mode>, Error> {
        self.scope.place(route)?;
        let print = self.prints.of_request(route)?;
        Ok(match self.there.claim(&print) {
            Claim::Same => None,
            Claim::Other => Some(Mode::Replace),
            // IPv4 keeps several routes that only their nexthops tell apart.
            Claim::Absent if self.scope.family == Family::INET => Some(Mode::Append),
            Claim::Absent => Some(Mode::Add),
        })
    }
}

impl<I: Iterator<Item = NewRoute>> Iterator for Feed<'_, I> {
    type Item = NewRoute;

    fn next(&mut self) -> Option<NewRoute> {
        if self.sent.len() >= CHUNK || self.error.is_some() {
            return None;
        }
        loop {
            let mut route = self.routes.next()?;
            let index = *self.taken;
            match self.decide(&mut route) {
                Ok(None) => self.report.unchanged += 1,
                Ok(Some(mode)) => {
                    self.sent.push((index, mode == Mode::Replace));
                    *self.taken += 1;
                    route.mode = mode;
                    return Some(route);
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

/// What was in the table, ordered by identity.
#[derive(Debug, Default)]
struct Snapshot {
    known: Vec<Known>,
    /// Where in `known` the identities with each value of their upper bits begin.
    starts: Vec<u32>,
    shift: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    print: Fingerprint,
    fate: Fate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Not wanted so far.
    Unwanted,
    /// Wanted as it is.
    Kept,
    /// A wanted route takes its place.
    Replaced,
}

/// What is there in the place of a wanted route.
enum Claim {
    Same,
    Other,
    Absent,
}

/// Moves routes to their buckets, in place. Identities are hashes: the buckets are of about the same size.
fn gather(known: &mut [Known], starts: &[u32], bucket: impl Fn(&Known) -> usize) {
    // Where the next route of each bucket goes; all before that are in their place.
    let mut next: Vec<u32> = starts.to_vec();
    for (this, &end) in starts.iter().skip(1).enumerate() {
        while let Some(&at) = next.get(this)
            && at < end
            && let Some(route) = known.get(at as usize)
        {
            let Some(place) = next.get_mut(bucket(route)) else {
                return;
            };
            let target = *place as usize;
            *place += 1;
            if target != at as usize {
                known.swap(at as usize, target);
            }
        }
    }
}

impl Snapshot {
    fn take(
        rt: &mut Connection<Route>,
        scope: &SyncScope,
        prints: &Fingerprints,
    ) -> Result<Self, Error> {
        let mut known = Vec::new();
        let mut dump = rt.start_dump(&scope.list())?;
        loop {
            match dump.next() {
                Ok(Some(route)) if scope.owns(&route) => known.push(Known {
                    print: prints.of_view(&route),
                    fate: Fate::Unwanted,
                }),
                Ok(Some(_)) => {}
                Ok(None) => break,
                // No such table.
                Err(Error::Kernel(error)) if error.errno == nl_core::Errno::ENOENT => break,
                Err(error) => return Err(error),
            }
        }
        Ok(Self::new(known))
    }

    fn new(mut known: Vec<Known>) -> Self {
        // Some four routes for each value of the upper bits.
        let bits = (known.len() / 4).max(1).ilog2();
        let shift = 63 - bits;
        let bucket = |route: &Known| usize::try_from(route.print.identity >> shift).unwrap_or(0);
        let mut starts = vec![0u32; (2 << bits) + 1];
        for route in &known {
            if let Some(count) = starts.get_mut(bucket(route) + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        gather(&mut known, &starts, bucket);
        for bounds in starts.windows(2) {
            if let &[from, to] = bounds
                && let Some(among) = known.get_mut(from as usize..to as usize)
                && among.len() > 1
            {
                among.sort_unstable_by_key(|route| route.print.identity);
            }
        }
        Self {
            known,
            starts,
            shift,
        }
    }

    /// Where the routes with an identity stand.
    fn range(&self, identity: u64) -> std::ops::Range<usize> {
        let bucket = usize::try_from(identity >> self.shift).unwrap_or(usize::MAX);
        let place = |bucket: usize| {
            let start = self.starts.get(bucket).copied();
            start.map_or(self.known.len(), |start| start as usize)
        };
        let (from, to) = (place(bucket), place(bucket.saturating_add(1)));
        let among = self.known.get(from..to).unwrap_or(&[]);
        let first = among.partition_point(|route| route.print.identity < identity);
        let count = among
            .iter()
            .skip(first)
            .take_while(|route| route.print.identity == identity)
            .count();
        from + first..from + first + count
    }

    fn claim(&mut self, wanted: &Fingerprint) -> Claim {
        let range = self.range(wanted.identity);
        let among = self.known.get_mut(range).unwrap_or(&mut []);
        let same = among
            .iter_mut()
            .find(|route| route.fate == Fate::Unwanted && wanted.is_met_by(&route.print));
        if let Some(route) = same {
            route.fate = Fate::Kept;
            return Claim::Same;
        }
        // Of several the kernel would replace any; they are deleted in the end.
        if let [route] = among
            && route.fate == Fate::Unwanted
        {
            route.fate = Fate::Replaced;
            return Claim::Other;
        }
        Claim::Absent
    }

    fn is_unwanted(&self, print: &Fingerprint) -> bool {
        let among = self.known.get(self.range(print.identity)).unwrap_or(&[]);
        among
            .iter()
            .any(|route| route.fate == Fate::Unwanted && route.print == *print)
    }
}
