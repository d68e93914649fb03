//! [`RouteSet`]: many prefixes behind one nexthop object.

use nl_core::header::NLM_F_ECHO;
use nl_core::{BatchReport, Connection, DecodeError, Error, Request, What, Writer};

use crate::nexthop::{DelNexthop, GetNexthop, NewNexthop, NexthopView};
use crate::prefix::Prefix;
use crate::protocol::Route;
use crate::route::{DelRoute, NewRoute, RouteProtocol, RouteTable};
use crate::value::Mode;

/// Many prefixes that share a nexthop object.
///
/// Adding them costs the kernel two thirds of what routes with a gateway each cost, moving all of
/// them to another gateway is one request, and so is removing all of them.
///
/// The set is the nexthop object; which prefixes are in it only the kernel knows. This value is its
/// id and what all its routes have in common, so it may be made anew with [`open`](Self::open) in
/// another process. Needs Linux 5.3.
///
/// ```no_run
/// use nl_route::bulk::RouteSet;
/// use nl_route::nexthop::NewNexthop;
/// use nl_route::{Connection, Prefix, Route, RouteExt};
///
/// let mut rt = Connection::<Route>::open()?;
/// let eth0 = rt.ifindex("eth0")?;
/// let set = RouteSet::create(&mut rt, NewNexthop::via([10, 0, 0, 2].into(), eth0))?;
/// let prefixes = (0..=255).map(|i| Prefix::new([10, 1, i, 0].into(), 24));
/// assert!(set.add(&mut rt, prefixes)?.is_success());
///
/// // The gateway died.
/// set.repoint(&mut rt, NewNexthop::via([10, 0, 0, 3].into(), eth0))?;
///
/// set.remove(&mut rt)?;
/// # Ok::<(), nl_route::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RouteSet {
    id: u32,
    table: RouteTable,
    protocol: RouteProtocol,
    metric: Option<u32>,
}

impl RouteSet {
    /// Makes the nexthop object, with the id that it says or one that the kernel chooses. The set's
    /// routes are in table `main`, of protocol `boot`, unless said otherwise.
    ///
    /// # Errors
    ///
    /// [`Error::Kernel`] as for [`NewNexthop`]: `EEXIST` if the id is taken.
    pub fn create(rt: &mut Connection<Route>, nexthop: NewNexthop) -> Result<Self, Error> {
        let mut id = nexthop.id.filter(|&id| id != 0);
        if id.is_some() {
            rt.call(&nexthop.mode(Mode::Add))?;
        } else {
            rt.call_with(&Echo(nexthop.mode(Mode::Add)), |message| {
                let made = NexthopView::parse(message.payload).ok();
                id = id.or(made.and_then(|made| made.id()));
            })?;
        }
        // The kernel always says what it made.
        let id = id.ok_or(DecodeError::new(0, What::UnexpectedType).within("NHA_ID"))?;
        Ok(Self::with_id(id))
    }

    /// The set behind a nexthop object that is there.
    ///
    /// # Errors
    ///
    /// [`Error::Kernel`] with `ENOENT` if there is none.
    pub fn open(rt: &mut Connection<Route>, id: u32) -> Result<Self, Error> {
        rt.get(&GetNexthop { id })?;
        Ok(Self::with_id(id))
    }

    fn with_id(id: u32) -> Self {
        Self {
            id,
            table: RouteTable::MAIN,
            protocol: RouteProtocol::BOOT,
            metric: None,
        }
    }

    /// The table of its routes.
    #[must_use]
    pub fn table(mut self, table: RouteTable) -> Self {
        self.table = table;
        self
    }

    /// Who makes its routes.
    #[must_use]
    pub fn protocol(mut self, protocol: RouteProtocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// The metric of its routes.
    #[must_use]
    pub fn metric(mut self, metric: u32) -> Self {
        self.metric = Some(metric);
        self
    }

    /// Id of the nexthop object.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The route that puts a prefix into the set.
    #[must_use]
    pub fn route(&self, prefix: Prefix) -> NewRoute {
        let route = NewRoute::new(prefix)
            .table(self.table)
            .protocol(self.protocol)
            .nh_id(self.id);
        NewRoute {
            metric: self.metric,
            ..route
        }
    }

    /// Adds prefixes. IPv4 prefixes may be behind a nexthop object of IPv6, not the other way round.
    ///
    /// # Errors
    ///
    /// As [`Connection::batch`]; what the kernel refuses stands in the report, by position.
    pub fn add(
        &self,
        rt: &mut Connection<Route>,
        prefixes: impl IntoIterator<Item = Prefix>,
    ) -> Result<BatchReport, Error> {
        rt.batch(prefixes.into_iter().map(|prefix| self.route(prefix)))
    }

    /// Adds prefixes, taking the places of routes that are there.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub fn replace(
        &self,
        rt: &mut Connection<Route>,
        prefixes: impl IntoIterator<Item = Prefix>,
    ) -> Result<BatchReport, Error> {
        let routes = prefixes.into_iter().map(|prefix| self.route(prefix));
        rt.batch(routes.map(|route| route.mode(Mode::Replace)))
    }

    /// Deletes prefixes.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add); `ESRCH` for a prefix that is not in the set.
    pub fn delete(
        &self,
        rt: &mut Connection<Route>,
        prefixes: impl IntoIterator<Item = Prefix>,
    ) -> Result<BatchReport, Error> {
        rt.batch(
            prefixes
                .into_iter()
                .map(|prefix| DelRoute(self.route(prefix))),
        )
    }

    /// Sends all its prefixes another way, by one request that succeeds or fails as a whole.
    ///
    /// # Errors
    ///
    /// [`Error::Kernel`] as for [`NewNexthop`]; nothing has changed then. `ENOENT` if the nexthop object is gone, and its
    /// routes with it, `EINVAL` for a group in place of a single
    /// nexthop or the other way round, and for a nexthop of IPv6 while IPv4 prefixes are behind one of IPv4.
    pub fn repoint(&self, rt: &mut Connection<Route>, nexthop: NewNexthop) -> Result<(), Error> {
        rt.call(&nexthop.id(self.id).mode(Mode::Change))
    }

    /// Deletes the nexthop object, and with it all routes that go by it, whoever made them.
    ///
    /// The kernel does not tell listeners of the IPv4 routes.
    ///
    /// # Errors
    ///
    /// [`Error::Kernel`] with `ENOENT` if it is gone.
    pub fn remove(self, rt: &mut Connection<Route>) -> Result<(), Error> {
        rt.call(&DelNexthop { id: self.id })
    }
}

/// A request whose result the kernel tells.
struct Echo<R>(R);

impl<R: Request> Request for Echo<R> {
    type Protocol = R::Protocol;

    fn message_type(&self) -> u16 {
        self.0.message_type()
    }
    fn flags(&self) -> u16 {
        self.0.flags() | NLM_F_ECHO
    }
    fn write(&self, out: &mut Writer) {
        self.0.write(out);
    }
}
