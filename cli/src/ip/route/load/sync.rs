//! `--sync`: a table is made equal to what was read.

use std::mem;

use nl_core::{Connection, Error};
use nl_route::Route;
use nl_route::bulk::{RouteSync, SyncReport, SyncScope};
use nl_route::route::{NewHop, NewRoute, RouteTable, RouteView};

use super::line::Line;
use super::send::{UNTRIED, is_its_own, is_unreached};
use super::{CHUNK, Load, NAMES_NO_TABLE, PASSES, SPELLED_OUT};
use crate::failure::Failure;
use crate::ip::session::{Ip, explained, refused};

/// How much may wait for the ways to its gateways, in bytes; while it is tried again it may be there twice.
const MOST_LATER: usize = 64 << 20;

/// A wanted route, as it was read.
pub(super) trait Wanted: Clone {
    fn want(sync: &mut RouteSync<'_>, routes: &[(u32, Self)]) -> Result<(), Error>;
    /// How much memory it takes beside its own size, in bytes.
    fn len(&self) -> usize;
}

impl Wanted for NewRoute {
    fn want(sync: &mut RouteSync<'_>, routes: &[(u32, Self)]) -> Result<(), Error> {
        sync.want(routes.iter().map(|(_, route)| route.clone()))
    }

    fn len(&self) -> usize {
        let options = self.options.as_ref();
        options.map_or(0, |options| {
            size_of_val(&**options) + options.hops.len() * size_of::<NewHop>()
        })
    }
}

impl Wanted for RouteView<'_> {
    fn want(sync: &mut RouteSync<'_>, routes: &[(u32, Self)]) -> Result<(), Error> {
        sync.want_listed(routes.iter().map(|(_, route)| *route))
    }

    fn len(&self) -> usize {
        0
    }
}

/// Routes whose gateways could not be reached, and their numbers.
pub(super) struct Later<W> {
    routes: Vec<(u32, W)>,
    /// Why, of the first of them: of more it is not told.
    failures: Vec<Failure>,
    len: usize,
}

impl<W> Default for Later<W> {
    fn default() -> Self {
        Self {
            routes: Vec::new(),
            failures: Vec::new(),
            len: 0,
        }
    }
}

impl<W: Wanted> Later<W> {
    /// Keeps a route, if there is room for it.
    fn push(&mut self, number: u32, route: &W, failure: &Failure) -> bool {
        let len = self.len + size_of::<(u32, W)>() + route.len();
        if len > MOST_LATER {
            return false;
        }
        self.len = len;
        self.routes.push((number, route.clone()));
        if self.failures.len() < SPELLED_OUT {
            self.failures.push(failure.clone());
        }
        true
    }
}

impl Load<'_> {
    /// Makes the table equal to the lines of the file.
    pub(super) fn sync(
        &mut self,
        ip: &mut Ip<'_>,
        mut rt: Connection<Route>,
    ) -> Result<(), Failure> {
        self.tally.sync = Some([0; 4]);
        let chunk = self.chunk(ip);
        let first = chunk.iter().find_map(|(_, line)| match line {
            Line::New(route) | Line::OneMore(route) => Some(route),
            _ => None,
        });
        let is_empty = chunk.is_empty() && self.tally.unreadable == 0;
        if is_empty && self.common.table().is_none() {
            return Err(Failure::new(255, NAMES_NO_TABLE));
        }
        // Of an empty table an empty file says only what was said beside it.
        let scope = SyncScope {
            family: first.map_or(self.common.family_or_v4(), |route| route.dst.family()),
            table: first
                .map_or(self.common.table(), |route| route.table)
                .unwrap_or(RouteTable::MAIN),
            protocol: self.common.protocol(),
        };
        let mut sync = RouteSync::begin(&mut rt, scope).map_err(|error| refused(&error))?;
        let mut later = Later::default();
        let wanted = self.want_lines(ip, &mut sync, chunk, &mut later);
        self.want_later(&mut sync, later, wanted)?;
        self.finish_table(sync, 0)
    }

    fn want_lines(
        &mut self,
        ip: &mut Ip<'_>,
        sync: &mut RouteSync<'_>,
        mut chunk: Vec<(u32, Line)>,
        later: &mut Later<NewRoute>,
    ) -> Result<(), Failure> {
        while !chunk.is_empty() {
            let mut routes = Vec::with_capacity(chunk.len());
            for (number, line) in chunk {
                match line {
                    Line::New(mut route) | Line::OneMore(mut route) => {
                        route.table.get_or_insert(RouteTable::MAIN);
                        routes.push((number, route));
                    }
                    Line::Delete(_) | Line::Saved(..) => {
                        let text = "Error: a table is not made equal to what is to be deleted.";
                        self.skip(number, &Failure::new(255, text));
                    }
                }
            }
            self.want(sync, &routes, later)?;
            chunk = self.chunk(ip);
        }
        Ok(())
    }

    /// Makes routes that are wanted; tells of those that are refused, unless they may be made `later`.
    pub(super) fn want<W: Wanted>(
        &mut self,
        sync: &mut RouteSync<'_>,
        routes: &[(u32, W)],
        later: &mut Later<W>,
    ) -> Result<(), Failure> {
        let mut rest = routes;
        loop {
            let base = sync.taken();
            let SyncReport {
                failures, unknown, ..
            } = sync.so_far();
            let (refusals, losses) = (failures.len(), unknown.len());
            let result = W::want(sync, rest);
            let report = sync.so_far();
            for refusal in report.failures.get(refusals..).unwrap_or_default() {
                let failure = explained(&refusal.error);
                let Some((number, route)) = rest.get(refusal.index.saturating_sub(base)) else {
                    continue;
                };
                let waits = is_unreached(refusal.error.errno);
                if !waits || !later.push(*number, route, &failure) {
                    self.complain(*number, &failure);
                }
            }
            let number = |index: usize| rest.get(index).map_or(0, |(number, _)| *number);
            for index in report.unknown.get(losses..).unwrap_or_default() {
                let lost = Failure::new(2, "the kernel's answer was lost");
                self.complain(number(index.saturating_sub(base)), &lost);
            }
            self.progress
                .show(self.tally.sent + sync.taken(), self.input.read());
            let Err(error) = result else {
                return Ok(());
            };
            let bad = sync.taken().saturating_sub(base);
            if !is_its_own(&error) {
                self.complain(number(bad), &refused(&error));
                self.tally.add(sync.so_far());
                return Err(Failure::silent(2));
            }
            // Of another table, say, or too long: as bad as a line that cannot be read, and the others are none the worse.
            self.skip(number(bad), &Failure::new(2, error.to_string()));
            rest = rest.get(bad + 1..).unwrap_or_default();
        }
    }

    /// Tries again what may have been listed before the way to its gateway, if all else is `wanted`; tells of what is
    /// left.
    pub(super) fn want_later<W: Wanted>(
        &mut self,
        sync: &mut RouteSync<'_>,
        mut later: Later<W>,
        wanted: Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut result = wanted;
        for _ in 0..PASSES {
            if result.is_err() || later.routes.is_empty() {
                break;
            }
            let again = mem::take(&mut later).routes;
            for routes in again.chunks(CHUNK) {
                if result.is_ok() {
                    result = self.want(sync, routes, &mut later);
                } else {
                    let untried = Failure::new(2, UNTRIED);
                    for (number, _) in routes {
                        self.complain(*number, &untried);
                    }
                }
            }
            if later.routes.len() == again.len() {
                break;
            }
        }
        // There is a failure of each that is spelled out.
        let rest = std::iter::repeat_with(|| Failure::silent(2));
        let failures = later.failures.into_iter().chain(rest);
        for ((number, _), failure) in later.routes.into_iter().zip(failures) {
            self.complain(number, &failure);
        }
        result
    }

    /// Deletes what was not wanted, unless more than that may be wanted: `failed` were so many before this table.
    pub(super) fn finish_table(
        &mut self,
        sync: RouteSync<'_>,
        failed: usize,
    ) -> Result<(), Failure> {
        self.tally.add(sync.so_far());
        let why = match (self.tally.unreadable, self.tally.failed - failed) {
            (0, 0) => {
                let report = sync.finish().map_err(|error| refused(&error))?;
                return self.settle(report);
            }
            (0, _) => "not all routes could be made",
            _ => "not all of the file could be read",
        };
        self.say(format_args!("Nothing was deleted, because {why}."));
        Ok(())
    }

    /// Counts what was deleted from a table, and tells what could not be.
    fn settle(&mut self, report: SyncReport) -> Result<(), Failure> {
        self.tally.add_deleted(report.deleted);
        self.tally.failed += report.undeleted.len();
        for failure in report.undeleted.iter().take(SPELLED_OUT) {
            let dst = failure.route.view().dst();
            let dst = dst.map_or(String::new(), |dst| dst.to_string());
            self.say(format_args!("{dst}: {}", explained(&failure.error).text()));
        }
        report.error.map_or(Ok(()), |error| Err(refused(&error)))
    }
}
