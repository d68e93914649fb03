//! `route load --sync` of a saved list: the tables that it names are made equal to it.

use std::collections::BTreeMap;

use nl_core::Connection;
use nl_route::bulk::{RouteSync, SyncScope};
use nl_route::route::{RouteFlags, RouteTable, RouteView};
use nl_route::{Family, Route};

use super::super::save::pass_of;
use super::input::Source;
use super::sync::Later;
use super::{CHUNK, Load, NAMES_NO_TABLE};
use crate::failure::Failure;
use crate::ip::session::refused;

/// How many bytes of routes are kept: more than any routing table has.
const MOST: usize = 1 << 30;

/// Tables in the order in which they are made equal: gateways are looked up in the main one too, so that is first.
type Tables = BTreeMap<(u8, bool, u32), Wanted>;

/// What a list has of one table, without the kernel's own routes.
#[derive(Default)]
struct Wanted {
    /// The payloads of requests, one behind the other.
    bytes: Vec<u8>,
    routes: Vec<Place>,
}

/// Where a route stands.
struct Place {
    /// Routes onto links are made before those through gateways, which need them.
    pass: u8,
    /// In the file, from 1.
    number: u32,
    start: usize,
    end: usize,
}

impl Wanted {
    fn route(&self, place: &Place) -> Option<RouteView<'_>> {
        let payload = self.bytes.get(place.start..place.end)?;
        RouteView::parse(payload).ok()
    }
}

fn key(family: Family, table: RouteTable) -> (u8, bool, u32) {
    (family.0, table != RouteTable::MAIN, table.0)
}

/// For the fuzz target: each route that is kept can be read again, and is of its table.
pub(super) fn check(mut load: Load<'_>) {
    for ((family, _, table), wanted) in load.read_tables().unwrap_or_default() {
        for place in &wanted.routes {
            let route = wanted.route(place).expect("it was read before");
            assert_eq!((route.family().0, route.table().0), (family, table));
        }
    }
}

impl Load<'_> {
    /// Makes the tables of a saved list equal to it, all of which is read before anything is sent.
    pub(super) fn sync_saved(&mut self, mut rt: Connection<Route>) -> Result<(), Failure> {
        self.tally.sync = Some([0; 4]);
        let tables = match self.read_tables() {
            Ok(tables) => tables,
            Err(failure) => {
                self.say("Nothing was changed, because not all of the file could be read.");
                return Err(failure);
            }
        };
        if tables.is_empty() {
            return Err(Failure::new(255, NAMES_NO_TABLE));
        }
        for ((family, _, table), mut wanted) in tables {
            wanted
                .routes
                .sort_by_key(|place| (place.pass, place.number));
            let scope = SyncScope {
                family: Family(family),
                table: RouteTable(table),
                protocol: self.common.protocol(),
            };
            self.sync_table(&mut rt, scope, &wanted)?;
        }
        Ok(())
    }

    /// Reads all of the list, or of it what the words beside it name.
    fn read_tables(&mut self) -> Result<Tables, Failure> {
        let mut tables = Tables::new();
        let (mut is_empty, mut len) = (true, 0usize);
        let Source::Saved { saved, .. } = &mut self.input.source else {
            return Ok(tables);
        };
        while saved.next()?.is_some() {
            let payload = saved.payload();
            is_empty = false;
            let number = saved.number;
            let damaged = |what| Failure::new(1, format!("route {number} {what}"));
            let route = RouteView::parse(payload).map_err(|_| damaged("cannot be read"))?;
            let (family, table) = (route.family(), route.table());
            if !matches!(family, Family::INET | Family::INET6) {
                return Err(damaged("is neither of IPv4 nor of IPv6"));
            }
            if table == RouteTable(0) {
                return Err(damaged("is of no table"));
            }
            if self.common.table().is_some_and(|said| said != table) {
                continue;
            }
            let scope = SyncScope {
                family,
                table,
                protocol: self.common.protocol(),
            };
            // A table that has only routes of the kernel is named all the same.
            let wanted = tables.entry(key(family, table)).or_default();
            // What the kernel has learned of the way to one host is not in a table.
            if !scope.owns(&route) || route.flags().contains(RouteFlags::CLONED) {
                continue;
            }
            len += payload.len();
            if len > MOST {
                return Err(Failure::new(1, "the list is too long"));
            }
            let start = wanted.bytes.len();
            wanted.bytes.extend_from_slice(payload);
            wanted.routes.push(Place {
                pass: pass_of(&route),
                number,
                start,
                end: wanted.bytes.len(),
            });
        }
        match self.common.table() {
            // A table of which the list does not speak is not emptied by mistake.
            Some(table) if tables.is_empty() && !is_empty => {
                let text = format!("no route is of table {}", table.0);
                Err(Failure::new(1, text))
            }
            Some(table) if is_empty => {
                let family = self.common.family_or_v4();
                tables.entry(key(family, table)).or_default();
                Ok(tables)
            }
            _ => Ok(tables),
        }
    }

    fn sync_table(
        &mut self,
        rt: &mut Connection<Route>,
        scope: SyncScope,
        wanted: &Wanted,
    ) -> Result<(), Failure> {
        let mut sync = RouteSync::begin(rt, scope).map_err(|error| refused(&error))?;
        let failed = self.tally.failed;
        let mut later = Later::default();
        let mut made = Ok(());
        for places in wanted.routes.chunks(CHUNK) {
            let listed = |place: &Place| Some((place.number, wanted.route(place)?));
            let routes: Vec<_> = places.iter().filter_map(listed).collect();
            made = self.want(&mut sync, &routes, &mut later);
            if made.is_err() {
                break;
            }
        }
        self.want_later(&mut sync, later, made)?;
        self.finish_table(sync, failed)
    }
}
