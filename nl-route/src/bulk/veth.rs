//! [`VethPair`]: many cables between namespaces, as fast as the kernel makes them.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;

use nl_core::{Connection, Error, KernelError};

use crate::link::{Flags, LinkRef, LinkSettings, NewLink, SetLink};
use crate::protocol::Route;

/// A veth pair to be made: one end here, the other here or in another namespace, both up.
///
/// ```no_run
/// use nl_route::bulk::{Bulk, VethPair};
/// use nl_route::{Connection, Route};
///
/// let blue = std::fs::File::open("/run/netns/blue")?;
/// let mut rt = Connection::<Route>::open()?;
/// let pairs = (0..100).map(|i| {
///     VethPair::new(format!("blue{i}"), format!("eth{i}")).peer_netns(&blue).mtu(1400)
/// });
/// let report = rt.create_veths(pairs)?;
/// for failure in &report.failures {
///     eprintln!("pair {}: {}", failure.index, failure.error);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct VethPair<'n> {
    link: NewLink,
    netns: Option<BorrowedFd<'n>>,
}

impl<'n> VethPair<'n> {
    /// A pair with these names, one queue per end.
    #[must_use]
    pub fn new(name: impl Into<String>, peer: impl Into<String>) -> Self {
        Self {
            link: NewLink::veth(name, peer).up(),
            netns: None,
        }
    }

    /// Makes the other end in the namespace of an open file.
    #[must_use]
    pub fn peer_netns(mut self, netns: &'n impl AsFd) -> Self {
        self.netns = Some(netns.as_fd());
        self.link = self.link.peer_netns(netns);
        self
    }

    /// The MTU of both ends, in bytes.
    #[must_use]
    pub fn mtu(self, mtu: u32) -> Self {
        self.link(|link| link.mtu(mtu))
            .peer(|peer| peer.mtu = Some(mtu))
    }

    /// The link-layer addresses of this end and the other.
    #[must_use]
    pub fn addresses(self, address: [u8; 6], peer: [u8; 6]) -> Self {
        self.link(|link| link.address(address))
            .peer(|settings| settings.address = Some(peer.into()))
    }

    /// Makes this end a port of the bridge, bond or VRF with this interface index.
    #[must_use]
    pub fn master(self, ifindex: i32) -> Self {
        self.link(|link| link.master(ifindex))
    }

    /// Puts this end into a device group, so that all of them can be deleted at once with
    /// [`DelLink::group`](crate::link::DelLink::group).
    #[must_use]
    pub fn group(self, group: u32) -> Self {
        self.link(|link| link.group(group))
    }

    /// The interface indices of this end and the other.
    #[must_use]
    pub fn ifindices(self, ifindex: i32, peer: i32) -> Self {
        self.link(|link| link.ifindex(ifindex).peer_ifindex(peer))
    }

    /// Leaves both ends down.
    #[must_use]
    pub fn down(self) -> Self {
        self.link(NewLink::down)
    }

    /// Changes anything about this end.
    #[must_use]
    pub fn link(mut self, change: impl FnOnce(NewLink) -> NewLink) -> Self {
        self.link = change(self.link);
        self
    }

    /// Changes anything about the other end but its namespace.
    #[must_use]
    pub fn peer(mut self, change: impl FnOnce(&mut LinkSettings)) -> Self {
        let netns = |link: &NewLink| link.peer.as_ref().and_then(|peer| peer.1.netns);
        let before = netns(&self.link);
        self.link = self.link.peer(|peer| {
            change(peer);
            peer.netns = before;
        });
        self
    }

    fn is_up(&self) -> bool {
        self.link.settings.flags.contains(Flags::UP)
    }

    /// How the other end is called where it is.
    fn peer_ref(&self) -> Option<LinkRef> {
        let (ifindex, settings) = self.link.peer.as_deref()?;
        match &settings.name {
            // Without one for this end the kernel does not hear the other's.
            _ if *ifindex > 0 && self.link.ifindex > 0 => Some(LinkRef::Index(*ifindex)),
            Some(name) => Some(LinkRef::Name(name.clone())),
            None => None,
        }
    }
}

/// What became of veth pairs that were to be made.
#[derive(Debug, Default)]
pub struct VethReport {
    /// How many pairs were made, whether or not their other ends could be set up.
    pub created: usize,
    /// Pairs that the kernel did not make, or whose other ends it did not set up, in no particular order.
    pub failures: Vec<VethFailure>,
    /// Positions of pairs of which nobody knows, because answers were lost. If one is there, its other end may be down.
    pub unknown: Vec<usize>,
    /// Positions of pairs that were made with their other ends down, because their namespace could not be entered or the
    /// work there ended early.
    pub down: Vec<usize>,
    /// What ended the work, or that in the first of such namespaces, early.
    pub error: Option<Error>,
}

impl VethReport {
    /// Whether all pairs were made and are up.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.failures.is_empty()
            && self.unknown.is_empty()
            && self.down.is_empty()
            && self.error.is_none()
    }
}

/// A veth pair that was not made, or not wholly.
#[derive(Debug)]
pub struct VethFailure {
    /// Its position in the input, from 0.
    pub index: usize,
    /// Whether the pair is there, with its other end down.
    pub created: bool,
    /// What the kernel said.
    pub error: KernelError,
}

/// A namespace with other ends that are to be set up.
struct Place<'n> {
    /// `None` is the connection's own.
    netns: Option<BorrowedFd<'n>>,
    /// Position in the input, and the other end.
    peers: Vec<(usize, LinkRef)>,
}

pub(super) fn create<'n>(
    rt: &mut Connection<Route>,
    pairs: impl IntoIterator<Item = VethPair<'n>>,
) -> Result<VethReport, Error> {
    let mut places = Places::default();
    let (mut count, mut problem) = (0, None);
    // The other end's up is refused in the message that makes the pair: ENOTCONN after 20 ms.
    let requests = pairs.into_iter().map_while(|pair| {
        let index = count;
        count += 1;
        if pair.is_up()
            && let Some(peer) = pair.peer_ref()
            && let Err(error) = places.push(pair.netns, index, peer)
        {
            problem = Some(Error::io("find the namespace of a veth's other end")(error));
            return None;
        }
        Some(pair.link)
    });
    let batch = rt.batch(requests)?;
    for place in &mut places.all {
        // Nor if it is not known: what has the name there may be somebody else's.
        place
            .peers
            .retain(|&(index, _)| batch.is_done(index) == Some(true));
    }
    let mut report = VethReport {
        created: batch.sent - batch.failures.len(),
        unknown: batch.unknown.iter().cloned().flatten().collect(),
        error: batch.error.or(problem),
        ..VethReport::default()
    };
    report.created -= report.unknown.len();
    report
        .failures
        .extend(batch.failures.into_iter().map(|failure| VethFailure {
            index: failure.index,
            created: false,
            error: failure.error,
        }));
    for place in places.all.iter().filter(|place| !place.peers.is_empty()) {
        if let Err(error) = set_up(rt, place, &mut report) {
            report.error = report.error.or(Some(error));
        }
    }
    Ok(report)
}

/// Sets the other ends in one namespace up.
fn set_up(
    rt: &mut Connection<Route>,
    place: &Place<'_>,
    report: &mut VethReport,
) -> Result<(), Error> {
    let requests = place.peers.iter().map(|(_, peer)| SetLink::new(peer).up());
    let batch = match place.netns {
        None => rt.batch(requests),
        Some(netns) => rt
            .beside_in(netns)
            .and_then(|mut there| there.batch(requests)),
    };
    let sent = batch.as_ref().map_or(0, |batch| batch.sent);
    let untried = place.peers.iter().skip(sent);
    report.down.extend(untried.map(|&(index, _)| index));
    let batch = batch?;
    let input = |index: usize| place.peers.get(index).map_or(index, |peer| peer.0);
    for failure in batch.failures {
        report.failures.push(VethFailure {
            index: input(failure.index),
            created: true,
            error: failure.error,
        });
    }
    let unknown = batch.unknown.into_iter().flatten();
    report.unknown.extend(unknown.map(input));
    batch.error.map_or(Ok(()), Err)
}

/// Other ends by the namespaces that they are in.
#[derive(Default)]
struct Places<'n> {
    all: Vec<Place<'n>>,
    at: HashMap<Option<(u64, u64)>, usize>,
}

impl<'n> Places<'n> {
    /// Remembers an other end; all files of one namespace are the same.
    fn push(
        &mut self,
        netns: Option<BorrowedFd<'n>>,
        index: usize,
        peer: LinkRef,
    ) -> io::Result<()> {
        let id = match netns {
            None => None,
            Some(netns) => {
                let metadata = File::from(netns.try_clone_to_owned()?).metadata()?;
                Some((metadata.dev(), metadata.ino()))
            }
        };
        let new = self.all.len();
        let at = *self.at.entry(id).or_insert(new);
        if at == new {
            self.all.push(Place {
                netns,
                peers: Vec::new(),
            });
        }
        if let Some(place) = self.all.get_mut(at) {
            place.peers.push((index, peer));
        }
        Ok(())
    }
}
