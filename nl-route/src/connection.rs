//! [`RouteExt`]: what is asked of a connection all day.

use std::os::fd::{AsFd, AsRawFd};

use nl_core::{Connection, Errno, Error};

use crate::Route;
use crate::ensure::{Ensure, Ensured};
use crate::link::{DelLink, GetLink, GetLinks, Link, LinkRef, RTEXT_FILTER_SKIP_STATS, SetLink};
use crate::nsid::GetNsid;

/// `ENODEV`: no such link.
const ENODEV: Errno = Errno(19);

/// Shorthands for the commonest requests.
///
/// ```no_run
/// use nl_route::{Connection, Route, RouteExt};
///
/// let mut rt = Connection::<Route>::open()?;
/// let link = rt.link("eth0")?;
/// println!("mtu {:?}", link.view().mtu());
/// # Ok::<(), nl_route::Error>(())
/// ```
pub trait RouteExt {
    /// One link by interface index, name or alternative name.
    ///
    /// # Errors
    ///
    /// [`Error::Kernel`] with `ENODEV` if there is none.
    fn link(&mut self, link: impl Into<LinkRef>) -> Result<Link, Error>;

    /// One link, `None` if there is none.
    ///
    /// # Errors
    ///
    /// As [`Connection::get`].
    fn find_link(&mut self, link: impl Into<LinkRef>) -> Result<Option<Link>, Error>;

    /// Interface index by name or alternative name.
    ///
    /// # Errors
    ///
    /// As [`link`](Self::link).
    fn ifindex(&mut self, name: &str) -> Result<i32, Error>;

    /// All links.
    ///
    /// # Errors
    ///
    /// As [`Connection::collect`].
    fn links(&mut self) -> Result<Vec<Link>, Error>;

    /// All ports of a master.
    ///
    /// # Errors
    ///
    /// As [`Connection::collect`]; `ENODEV` without the master.
    fn ports(&mut self, master: impl Into<LinkRef>) -> Result<Vec<Link>, Error>;

    /// Sets a link up.
    ///
    /// # Errors
    ///
    /// As [`Connection::call`].
    fn set_up(&mut self, link: impl Into<LinkRef>) -> Result<(), Error>;

    /// Sets a link down.
    ///
    /// # Errors
    ///
    /// As [`Connection::call`].
    fn set_down(&mut self, link: impl Into<LinkRef>) -> Result<(), Error>;

    /// Renames a link.
    ///
    /// # Errors
    ///
    /// As [`Connection::call`]; `EEXIST` if the name is taken.
    fn rename(&mut self, link: impl Into<LinkRef>, name: &str) -> Result<(), Error>;

    /// Deletes a link.
    ///
    /// # Errors
    ///
    /// As [`Connection::call`].
    fn delete_link(&mut self, link: impl Into<LinkRef>) -> Result<(), Error>;

    /// Makes it so that what a request says is there, or gone, and tells whether anything had to
    /// be sent; see [`Ensure`].
    ///
    /// # Errors
    ///
    /// As [`Connection::call`].
    fn ensure(&mut self, request: &impl Ensure) -> Result<Ensured, Error>;

    /// The id that the namespace of an open file has here, `None` if it has none.
    ///
    /// # Errors
    ///
    /// As [`Connection::get`].
    fn nsid(&mut self, netns: &impl AsFd) -> Result<Option<i32>, Error>;
}

impl RouteExt for Connection<Route> {
    fn link(&mut self, link: impl Into<LinkRef>) -> Result<Link, Error> {
        self.get(&GetLink::new(link))
    }

    fn find_link(&mut self, link: impl Into<LinkRef>) -> Result<Option<Link>, Error> {
        match self.link(link) {
            Ok(link) => Ok(Some(link)),
            Err(Error::Kernel(error)) if error.errno == ENODEV => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn ifindex(&mut self, name: &str) -> Result<i32, Error> {
        let link = self.get(&GetLink::new(name).ext_mask(RTEXT_FILTER_SKIP_STATS))?;
        Ok(link.view().ifindex())
    }

    fn links(&mut self) -> Result<Vec<Link>, Error> {
        self.collect(&GetLinks::new())
    }

    fn ports(&mut self, master: impl Into<LinkRef>) -> Result<Vec<Link>, Error> {
        let ifindex = match master.into() {
            LinkRef::Index(ifindex) => ifindex,
            LinkRef::Name(name) => self.ifindex(&name)?,
        };
        let mut links = self.collect(&GetLinks::new().master(ifindex))?;
        // Old kernels filter nothing.
        links.retain(|link| link.view().master() == Some(ifindex));
        Ok(links)
    }

    fn set_up(&mut self, link: impl Into<LinkRef>) -> Result<(), Error> {
        self.call(&SetLink::new(link).up())
    }

    fn set_down(&mut self, link: impl Into<LinkRef>) -> Result<(), Error> {
        self.call(&SetLink::new(link).down())
    }

    fn rename(&mut self, link: impl Into<LinkRef>, name: &str) -> Result<(), Error> {
        let link = match link.into() {
            // Only an index can stand beside the new name.
            LinkRef::Name(old) => LinkRef::Index(self.ifindex(&old)?),
            index @ LinkRef::Index(_) => index,
        };
        self.call(&SetLink::new(link).name(name))
    }

    fn delete_link(&mut self, link: impl Into<LinkRef>) -> Result<(), Error> {
        self.call(&DelLink::new(link))
    }

    fn ensure(&mut self, request: &impl Ensure) -> Result<Ensured, Error> {
        request.ensure(self)
    }

    fn nsid(&mut self, netns: &impl AsFd) -> Result<Option<i32>, Error> {
        let answer = self.get(&GetNsid::of_fd(netns.as_fd().as_raw_fd()))?;
        Ok(answer.view().nsid().filter(|&nsid| nsid >= 0))
    }
}
