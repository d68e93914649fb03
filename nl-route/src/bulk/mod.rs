//! Bulk work: many routes and links at the kernel's own pace.
//!
//! Any requests can go through [`Connection::batch`](nl_core::Connection::batch). Here is what knows more:
//!
//! | for | there is |
//! |---|---|
//! | routes by list | [`Bulk::add_routes`], [`replace_routes`](Bulk::replace_routes), [`delete_routes`](Bulk::delete_routes) |
//! | routes by filter | [`Bulk::delete_routes_where`] |
//! | a table equal to a list | [`Bulk::sync_routes`], [`RouteSync`] |
//! | many prefixes behind one gateway | [`RouteSet`] |
//! | many veth pairs | [`Bulk::create_veths`] |
//! | many links deleted | [`Bulk::delete_links`] |
//! | links, addresses, routes of a topology, by namespace | [`Plan`] |
//!
//! Lists are streamed: an iterator of millions costs no memory beyond a datagram.
//!
//! The kernel does all this while it is sent, so that nothing would be awaited: in a task, hand a [`Connection`] to
//! tokio's `spawn_blocking`, or send a list with `AsyncConnection::batch`, which lets others run between datagrams.

mod delete_links;
pub(crate) mod fingerprint;
mod listed;
mod plan;
mod routes;
mod set;
mod snapshot;
mod sync;
mod veth;

use nl_core::{BatchReport, Connection, Error};

use crate::link::LinkRef;
use crate::protocol::Route;
use crate::route::{DelRoute, NewRoute};
use crate::value::Mode;

pub use delete_links::{LinkDeleteReport, LinkFailure, LinkFailureReason};
pub use plan::{Plan, PlanFailure, PlanNetns, PlanReport};
pub use routes::{RouteDeleteReport, RouteFailure, RouteFilter};
pub use set::RouteSet;
pub use sync::{RouteSync, SyncFailure, SyncReport, SyncScope};
pub use veth::{VethFailure, VethPair, VethReport};

/// Many things asked of a connection at once.
///
/// ```no_run
/// use nl_route::bulk::Bulk;
/// use nl_route::route::{GetRoutes, NewRoute, RouteTable};
/// use nl_route::{Connection, Prefix, Route};
///
/// let mut rt = Connection::<Route>::open()?;
/// let routes = (0..1_000_000u32).map(|i| {
///     let network = (20 << 24) + (i << 8);
///     NewRoute::new(Prefix::new(std::net::Ipv4Addr::from(network).into(), 24))
///         .via([10, 0, 0, 2].into())
///         .table(RouteTable(100))
/// });
/// let report = rt.add_routes(routes)?;
/// println!("{} of {} refused", report.failures.len(), report.sent);
///
/// let table = GetRoutes::ipv4().table(RouteTable(100));
/// println!("{} deleted", rt.delete_routes_where(table)?.deleted);
/// # Ok::<(), nl_route::Error>(())
/// ```
pub trait Bulk {
    /// Adds routes; one that is there is refused with `EEXIST`. Their [`mode`](NewRoute::mode) does not matter.
    ///
    /// # Errors
    ///
    /// As [`Connection::batch`]; what the kernel refuses stands in the report, by position.
    fn add_routes(
        &mut self,
        routes: impl IntoIterator<Item = NewRoute>,
    ) -> Result<BatchReport, Error>;

    /// Adds routes, taking the places of those that are there with the same destination and metric.
    ///
    /// # Errors
    ///
    /// As [`add_routes`](Self::add_routes).
    fn replace_routes(
        &mut self,
        routes: impl IntoIterator<Item = NewRoute>,
    ) -> Result<BatchReport, Error>;

    /// Deletes routes; one that is not there is refused with `ESRCH`.
    ///
    /// # Errors
    ///
    /// As [`add_routes`](Self::add_routes).
    fn delete_routes(
        &mut self,
        routes: impl IntoIterator<Item = DelRoute>,
    ) -> Result<BatchReport, Error>;

    /// Deletes all routes that fit, whatever else they have. They are listed on a second connection while they are
    /// deleted, so that memory does not grow with them. What answers were lost for is looked at again.
    ///
    /// **What is not said is not compared**: where `ip route flush` means the table `main` if it is not told another,
    /// [`GetRoutes::ipv4`](crate::route::GetRoutes::ipv4) alone means all tables, with the one `local`, through which this
    /// host hears its own addresses. Say the [table](crate::route::GetRoutes::table), and beside it the
    /// [protocol](crate::route::GetRoutes::protocol) if what the kernel made for addresses shall stay.
    ///
    /// # Errors
    ///
    /// If nothing was deleted because listing or the socket failed, or with `EPERM`; refusals stand
    /// in the report.
    fn delete_routes_where(
        &mut self,
        filter: impl Into<RouteFilter>,
    ) -> Result<RouteDeleteReport, Error>;

    /// Makes the routes of a scope equal to a list, sending only what differs; see [`RouteSync`],
    /// which also takes the list in parts.
    ///
    /// # Errors
    ///
    /// As [`RouteSync::want`]; then nothing was deleted.
    fn sync_routes(
        &mut self,
        scope: SyncScope,
        routes: impl IntoIterator<Item = NewRoute>,
    ) -> Result<SyncReport, Error>;

    /// Makes veth pairs, each with its other end directly in its namespace, and sets them up: 0.3 ms
    /// a pair, where moving an end afterwards costs 24 ms.
    ///
    /// # Errors
    ///
    /// As [`Connection::batch`]; what the kernel refuses stands in the report, by position.
    fn create_veths<'n>(
        &mut self,
        pairs: impl IntoIterator<Item = VethPair<'n>>,
    ) -> Result<VethReport, Error>;

    /// Deletes links, all together: some 0.5 ms a link, where one by one each costs 20 ms.
    ///
    /// They are put into a group with a random number that nobody is in, and the group is deleted
    /// after looking that they and no others are in it. If it is not, they are put back where they
    /// were. Links are those of the connection's namespace; the other ends of veths go with them,
    /// wherever they are.
    ///
    /// # Errors
    ///
    /// If nothing was deleted because listing or the socket failed, or the kernel refused to
    /// regroup (`EPERM`); what could not be deleted stands in the report, by position.
    fn delete_links<L: Into<LinkRef>>(
        &mut self,
        links: impl IntoIterator<Item = L>,
    ) -> Result<LinkDeleteReport, Error>;
}

impl Bulk for Connection<Route> {
    fn add_routes(
        &mut self,
        routes: impl IntoIterator<Item = NewRoute>,
    ) -> Result<BatchReport, Error> {
        self.batch(routes.into_iter().map(|route| route.mode(Mode::Add)))
    }

    fn replace_routes(
        &mut self,
        routes: impl IntoIterator<Item = NewRoute>,
    ) -> Result<BatchReport, Error> {
        self.batch(routes.into_iter().map(|route| route.mode(Mode::Replace)))
    }

    fn delete_routes(
        &mut self,
        routes: impl IntoIterator<Item = DelRoute>,
    ) -> Result<BatchReport, Error> {
        self.batch(routes)
    }

    fn delete_routes_where(
        &mut self,
        filter: impl Into<RouteFilter>,
    ) -> Result<RouteDeleteReport, Error> {
        routes::delete_where(self, &filter.into())
    }

    fn sync_routes(
        &mut self,
        scope: SyncScope,
        routes: impl IntoIterator<Item = NewRoute>,
    ) -> Result<SyncReport, Error> {
        let mut sync = RouteSync::begin(self, scope)?;
        sync.want(routes)?;
        sync.finish()
    }

    fn create_veths<'n>(
        &mut self,
        pairs: impl IntoIterator<Item = VethPair<'n>>,
    ) -> Result<VethReport, Error> {
        veth::create(self, pairs)
    }

    fn delete_links<L: Into<LinkRef>>(
        &mut self,
        links: impl IntoIterator<Item = L>,
    ) -> Result<LinkDeleteReport, Error> {
        delete_links::delete(self, links.into_iter().map(Into::into))
    }
}
