//! Deletes many links at once: the kernel waits for its readers once for a whole group of links,
//! 20 ms, and once for each link that is deleted by itself.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use nl_core::{Connection, Errno, Error, KernelError};

use crate::link::{
    DelLink, GetLink, GetLinks, LinkRef, LinkView, RTEXT_FILTER_SKIP_STATS, SetLink,
};
use crate::protocol::Route;

/// How many unused group ids are tried before it is given up: with 32 random bits each, somebody
/// must be at work who looks for them.
const CLAIMS: usize = 4;

/// What became of links that were to be deleted.
#[derive(Debug, Default)]
pub struct LinkDeleteReport {
    /// How many of those that were meant were deleted; the other ends of veths are counted only if
    /// they were meant, too.
    pub deleted: usize,
    /// Links that are still there, or that never were.
    pub failures: Vec<LinkFailure>,
    /// Interface indices of links that could not be put back into the group that they were in.
    pub stranded: Vec<i32>,
    /// What ended the work early.
    pub error: Option<Error>,
}

impl LinkDeleteReport {
    /// Whether all links that were meant are gone.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.failures.is_empty() && self.stranded.is_empty() && self.error.is_none()
    }
}

/// A link that was not deleted.
#[derive(Debug)]
pub struct LinkFailure {
    /// Its position in the input, from 0.
    pub index: usize,
    /// Why not.
    pub reason: LinkFailureReason,
}

/// Why a link was not deleted.
#[derive(Debug)]
#[non_exhaustive]
pub enum LinkFailureReason {
    /// There was none.
    Absent,
    /// The kernel refused: `EOPNOTSUPP` for hardware and `lo`.
    Kernel(KernelError),
    /// The kernel has said that it was done, and kept it: `sit0` and others that come with a tunnel's module.
    Kept,
    /// The answer was lost.
    Unknown,
    /// The work ended before it was its turn; [`LinkDeleteReport::error`] says why.
    Untried,
}

/// A link that is to be deleted.
#[derive(Clone, Copy)]
struct Doomed {
    index: usize,
    ifindex: i32,
    group: u32,
}

pub(super) fn delete(
    rt: &mut Connection<Route>,
    links: impl IntoIterator<Item = LinkRef>,
) -> Result<LinkDeleteReport, Error> {
    let mut report = LinkDeleteReport::default();
    let there = There::list(rt)?;
    let (mut many, mut single) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    for (index, link) in links.into_iter().enumerate() {
        match there.find(&link) {
            // Named twice.
            Some(link) if !seen.insert(link.ifindex) => {}
            Some(link) => {
                let doomed = Doomed {
                    index,
                    ifindex: link.ifindex,
                    group: link.group,
                };
                // The kernel refuses a whole group for one link that was not made by a request.
                if link.has_kind {
                    many.push(doomed);
                } else {
                    single.push(doomed);
                }
            }
            None => report.failures.push(LinkFailure {
                index,
                reason: LinkFailureReason::Absent,
            }),
        }
    }
    let result = if many.len() > 1 {
        delete_together(rt, &many, &there, &mut report)
    } else {
        single.append(&mut many);
        Ok(())
    };
    let result = match result {
        Ok(()) => delete_each(rt, &single, &mut report),
        Err(error) => {
            fail(&single, &mut report, || LinkFailureReason::Untried);
            Err(error)
        }
    };
    settle_stranded(rt, &many, &mut report);
    match result {
        Err(error) if report.deleted == 0 && report.stranded.is_empty() => return Err(error),
        Err(error) => report.error = Some(error),
        Ok(()) => {}
    }
    report
        .failures
        .sort_unstable_by_key(|failure| failure.index);
    Ok(report)
}

/// One by one: slow, but with an answer for each.
fn delete_each(
    rt: &mut Connection<Route>,
    doomed: &[Doomed],
    report: &mut LinkDeleteReport,
) -> Result<(), Error> {
    if doomed.is_empty() {
        return Ok(());
    }
    let requests = doomed.iter().map(|link| DelLink::new(link.ifindex));
    let batch = rt.batch(requests).inspect_err(|_| {
        fail(doomed, report, || LinkFailureReason::Untried);
    })?;
    report.deleted += batch.sent;
    let untried = doomed.get(batch.sent..).unwrap_or(&[]);
    fail(untried, report, || LinkFailureReason::Untried);
    let index = |at: usize| doomed.get(at).map_or(at, |link| link.index);
    for failure in batch.failures {
        // A veth went with its other end, which was meant as well.
        if failure.error.errno == Errno::ENODEV {
            continue;
        }
        report.deleted -= 1;
        report.failures.push(LinkFailure {
            index: index(failure.index),
            reason: LinkFailureReason::Kernel(failure.error),
        });
    }
    for at in batch.unknown.into_iter().flatten() {
        report.deleted -= 1;
        report.failures.push(LinkFailure {
            index: index(at),
            reason: LinkFailureReason::Unknown,
        });
    }
    batch.error.map_or(Ok(()), Err)
}

fn fail(doomed: &[Doomed], report: &mut LinkDeleteReport, reason: fn() -> LinkFailureReason) {
    report
        .failures
        .extend(doomed.iter().map(|link| LinkFailure {
            index: link.index,
            reason: reason(),
        }));
}

/// Through a group that nobody else is in.
fn delete_together(
    rt: &mut Connection<Route>,
    doomed: &[Doomed],
    there: &There,
    report: &mut LinkDeleteReport,
) -> Result<(), Error> {
    for _ in 0..CLAIMS {
        let group = there.unused_group();
        // Between this and the deletion another process may still put a link there. One that does as we do has drawn the
        // same 32 random bits, and its links were to go anyway.
        match claim(rt, doomed, group) {
            Ok(true) => {}
            // Somebody came between, or a link was lost on the way.
            Ok(false) => {
                restore(rt, doomed, group, report);
                continue;
            }
            Err(error) => {
                restore(rt, doomed, group, report);
                fail(doomed, report, || LinkFailureReason::Untried);
                return Err(error);
            }
        }
        return match rt.call(&DelLink::group(group)) {
            Ok(()) => settle(rt, doomed, group, report),
            // Nobody is in it: all had gone by themselves, the namespace at the other ends, for one, or were taken elsewhere.
            Err(Error::Kernel(error)) if error.errno == Errno::ENODEV => {
                settle(rt, doomed, group, report)
            }
            // One of them cannot be deleted, and so none was.
            Err(Error::Kernel(_)) => {
                restore(rt, doomed, group, report);
                delete_each(rt, doomed, report)
            }
            // Done or not.
            Err(error) => {
                restore(rt, doomed, group, report);
                match groups_now(rt, doomed) {
                    Ok(now) => {
                        let is_left = |link: &&Doomed| now.contains_key(&link.ifindex);
                        let left: Vec<_> = doomed.iter().filter(is_left).copied().collect();
                        report.deleted += doomed.len() - left.len();
                        fail(&left, report, || LinkFailureReason::Untried);
                    }
                    Err(_) => fail(doomed, report, || LinkFailureReason::Unknown),
                }
                Err(error)
            }
        };
    }
    // Slower, but nobody can come between.
    delete_each(rt, doomed, report)
}

/// Counts what was deleted, puts back what the kernel has kept although it said that all was done, and deletes what
/// somebody has taken out of the group before it went.
fn settle(
    rt: &mut Connection<Route>,
    doomed: &[Doomed],
    group: u32,
    report: &mut LinkDeleteReport,
) -> Result<(), Error> {
    if rt.is_dry_run() {
        report.deleted += doomed.len();
        return Ok(());
    }
    let now = groups_now(rt, doomed).inspect_err(|_| {
        fail(doomed, report, || LinkFailureReason::Unknown);
    })?;
    let (mut kept, mut elsewhere) = (Vec::new(), Vec::new());
    for &link in doomed {
        match now.get(&link.ifindex) {
            None => report.deleted += 1,
            Some(&now) if now == group => kept.push(link),
            Some(_) => elsewhere.push(link),
        }
    }
    if !kept.is_empty() {
        fail(&kept, report, || LinkFailureReason::Kept);
        restore(rt, &kept, group, report);
    }
    delete_each(rt, &elsewhere, report)
}

/// In which groups those links are now that are still there.
fn groups_now(rt: &mut Connection<Route>, doomed: &[Doomed]) -> Result<HashMap<i32, u32>, Error> {
    let list = GetLinks::new().ext_mask(RTEXT_FILTER_SKIP_STATS);
    let listing = rt.list(&list)?;
    let group = |link: &LinkView<'_>| (link.ifindex(), link.group().unwrap_or(0));
    let links = listing.objects.iter().map(|link| group(&link.view()));
    let mut now: HashMap<_, _> = links.collect();
    if listing.interrupted {
        // A disturbed list may lack one.
        for link in doomed {
            if now.contains_key(&link.ifindex) {
                continue;
            }
            match rt.get(&GetLink::new(link.ifindex)) {
                Ok(link) => now.extend([group(&link.view())]),
                Err(Error::Kernel(error)) if error.errno == Errno::ENODEV => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(now)
}

/// Puts the links into the group; whether they, as far as they are still there, and no others are
/// in it now.
fn claim(rt: &mut Connection<Route>, doomed: &[Doomed], group: u32) -> Result<bool, Error> {
    let requests = doomed
        .iter()
        .map(|link| SetLink::new(link.ifindex).group(group));
    let batch = rt.batch(requests)?;
    if let Some(error) = batch.error {
        return Err(error);
    }
    let refused = |at: usize| {
        let failures = &batch.failures;
        failures.binary_search_by_key(&at, |failure| failure.index)
    };
    let mut wanted = HashSet::new();
    for (at, link) in doomed.iter().enumerate() {
        match refused(at).ok().and_then(|at| batch.failures.get(at)) {
            None => drop(wanted.insert(link.ifindex)),
            Some(failure) if failure.error.errno == Errno::ENODEV => {}
            Some(failure) => return Err(Error::Kernel(Box::new(failure.error.clone()))),
        }
    }
    if rt.is_dry_run() {
        return Ok(true);
    }
    let mut strangers = false;
    let mut members = 0;
    let mut dump = rt.start_dump(&GetLinks::new().ext_mask(RTEXT_FILTER_SKIP_STATS))?;
    while let Some(link) = dump.next()? {
        if link.group() == Some(group) {
            members += 1;
            strangers |= !wanted.contains(&link.ifindex());
        }
    }
    // An incomplete list proves nothing.
    Ok(!strangers && members == wanted.len() && !dump.interrupted())
}

/// Puts the links back into the groups that they were in, if they are still in the scratch group.
fn restore(
    rt: &mut Connection<Route>,
    doomed: &[Doomed],
    group: u32,
    report: &mut LinkDeleteReport,
) {
    let now = groups_now(rt, doomed);
    // If that cannot be found out, all of them are.
    let inside = |link: &&Doomed| {
        let group_of = |now: &HashMap<i32, u32>| now.get(&link.ifindex) == Some(&group);
        now.as_ref().map_or(true, group_of)
    };
    let left: Vec<_> = doomed.iter().filter(inside).collect();
    let requests = left
        .iter()
        .map(|link| SetLink::new(link.ifindex).group(link.group));
    let stranded = |at: usize| left.get(at).map(|link| link.ifindex);
    match rt.batch(requests) {
        Ok(batch) => {
            let gone = Errno::ENODEV;
            let failed = batch.failures.iter().filter(|f| f.error.errno != gone);
            let failed = failed.map(|failure| failure.index);
            let unknown = batch.unknown.iter().cloned().flatten();
            let all = failed.chain(unknown).chain(batch.sent..left.len());
            report.stranded.extend(all.filter_map(stranded));
        }
        Err(_) => report.stranded.extend((0..left.len()).filter_map(stranded)),
    }
}

/// Of the links that could not be put back, strikes those that were deleted after all, or are where they were.
fn settle_stranded(rt: &mut Connection<Route>, doomed: &[Doomed], report: &mut LinkDeleteReport) {
    if report.stranded.is_empty() {
        return;
    }
    report.stranded.sort_unstable();
    report.stranded.dedup();
    if let Ok(now) = groups_now(rt, doomed) {
        let before: HashMap<_, _> = doomed.iter().map(|l| (l.ifindex, l.group)).collect();
        report.stranded.retain(|ifindex| {
            let now = now.get(ifindex);
            now.is_some() && now != before.get(ifindex)
        });
    }
}

/// A link that is there.
#[derive(Clone, Copy)]
struct Found {
    ifindex: i32,
    group: u32,
    has_kind: bool,
}

/// All links.
struct There {
    by_ifindex: HashMap<i32, Found>,
    by_name: HashMap<String, i32>,
    groups: HashSet<u32>,
}

impl There {
    fn list(rt: &mut Connection<Route>) -> Result<Self, Error> {
        let mut there = Self {
            by_ifindex: HashMap::new(),
            by_name: HashMap::new(),
            groups: HashSet::from([0]),
        };
        let list = GetLinks::new().ext_mask(RTEXT_FILTER_SKIP_STATS);
        // Twice or never: what is missing would be reported as absent.
        for link in rt.collect(&list)? {
            there.insert(&link.view());
        }
        Ok(there)
    }

    fn insert(&mut self, link: &LinkView<'_>) {
        let ifindex = link.ifindex();
        let group = link.group().unwrap_or(0);
        self.groups.insert(group);
        let names = link.name().into_iter().chain(link.altnames());
        self.by_name
            .extend(names.map(|name| (name.to_owned(), ifindex)));
        self.by_ifindex.insert(
            ifindex,
            Found {
                ifindex,
                group,
                has_kind: link.kind().is_some(),
            },
        );
    }

    fn find(&self, link: &LinkRef) -> Option<Found> {
        let ifindex = match link {
            LinkRef::Index(ifindex) => ifindex,
            LinkRef::Name(name) => self.by_name.get(name)?,
        };
        self.by_ifindex.get(ifindex).copied()
    }

    /// A random group id that no link is in. Not one of the first 2^16, which people choose.
    fn unused_group(&self) -> u32 {
        let key = RandomState::new();
        let candidates = (0u32..).filter_map(|i| u32::try_from(key.hash_one(i) >> 32).ok());
        let mut unused = candidates.filter(|group| *group > 0xffff && !self.groups.contains(group));
        // There are more numbers than links.
        unused.next().unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RouteExt;
    use crate::link::NewLink;

    /// `a` and `b`.
    fn doomed(rt: &mut Connection<Route>) -> Vec<Doomed> {
        let links = rt.links().unwrap().into_iter().enumerate();
        let doomed = links.map(|(index, link)| Doomed {
            index,
            ifindex: link.view().ifindex(),
            group: link.view().group().unwrap(),
        });
        doomed
            .filter(|link| link.ifindex < 9 && link.ifindex > 1)
            .collect()
    }

    fn groups(rt: &mut Connection<Route>) -> Vec<u32> {
        let links = rt.links().unwrap();
        links
            .iter()
            .filter_map(|link| link.view().group())
            .collect()
    }

    /// Bridges `a`, `b` and `stranger`.
    fn bridges() -> Connection<Route> {
        let mut rt = Connection::<Route>::open().unwrap();
        for (name, ifindex, group) in [("a", 7, 1), ("b", 8, 2), ("stranger", 9, 3)] {
            rt.call(&NewLink::bridge(name).ifindex(ifindex).group(group))
                .unwrap();
        }
        rt
    }

    #[test]
    fn a_group_with_a_stranger_is_not_claimed_and_all_are_put_back() {
        nl_netns::isolate!(|| {
            let mut rt = bridges();
            rt.call(&SetLink::new("stranger").group(77)).unwrap();
            let doomed = doomed(&mut rt);
            assert!(!claim(&mut rt, &doomed, 77).unwrap());
            assert_eq!(groups(&mut rt), [0, 77, 77, 77]);
            let mut report = LinkDeleteReport::default();
            restore(&mut rt, &doomed, 77, &mut report);
            assert_eq!(groups(&mut rt), [0, 1, 2, 77]);
            assert!(report.stranded.is_empty());
        });
    }

    #[test]
    fn a_claim_holds_although_a_link_went_by_itself() {
        nl_netns::isolate!(|| {
            let mut rt = bridges();
            let doomed = doomed(&mut rt);
            rt.delete_link("a").unwrap();
            assert!(claim(&mut rt, &doomed, 77).unwrap());
            let mut report = LinkDeleteReport::default();
            restore(&mut rt, &doomed, 77, &mut report);
            assert_eq!(groups(&mut rt), [0, 2, 3]);
            // One that somebody else regrouped meanwhile is left where it is.
            assert!(claim(&mut rt, &doomed, 77).unwrap());
            rt.call(&SetLink::new("b").group(5)).unwrap();
            restore(&mut rt, &doomed, 77, &mut report);
            assert_eq!(groups(&mut rt), [0, 5, 3]);
            assert!(report.stranded.is_empty());
        });
    }

    #[test]
    fn a_refused_group_is_deleted_one_by_one() {
        nl_netns::isolate!(|| {
            let mut rt = bridges();
            let there = There::list(&mut rt).unwrap();
            let mut doomed = doomed(&mut rt);
            // The kernel deletes no group that `lo` is in.
            doomed.push(Doomed {
                index: 5,
                ifindex: 1,
                group: 0,
            });
            let mut report = LinkDeleteReport::default();
            delete_together(&mut rt, &doomed, &there, &mut report).unwrap();
            assert_eq!((report.deleted, report.failures.len()), (2, 1));
            assert_eq!(
                report.failures.first().map(|failure| failure.index),
                Some(5)
            );
            assert_eq!(groups(&mut rt), [0, 3]);
            assert!(there.unused_group() > 0xffff);
        });
    }

    #[test]
    fn two_who_claim_one_group_at_once_both_let_go() {
        nl_netns::isolate!(|| {
            let mut rt = bridges();
            let all = doomed(&mut rt);
            let (first, second) = all.split_at(1);
            // Both had found it unused.
            let requests = second
                .iter()
                .map(|link| SetLink::new(link.ifindex).group(77));
            assert!(rt.batch(requests).unwrap().is_success());
            assert!(!claim(&mut rt, first, 77).unwrap());
            assert!(!claim(&mut rt, second, 77).unwrap());
            let mut report = LinkDeleteReport::default();
            restore(&mut rt, first, 77, &mut report);
            assert_eq!(groups(&mut rt), [0, 1, 77, 3]);
            restore(&mut rt, second, 77, &mut report);
            assert_eq!(groups(&mut rt), [0, 1, 2, 3]);
            assert!(report.stranded.is_empty());
        });
    }

    #[test]
    fn what_the_kernel_has_kept_is_put_back() {
        nl_netns::isolate!(|| {
            let mut rt = bridges();
            let doomed = doomed(&mut rt);
            assert!(claim(&mut rt, &doomed, 77).unwrap());
            // As if the kernel had deleted `a` alone.
            rt.delete_link("a").unwrap();
            let mut report = LinkDeleteReport::default();
            settle(&mut rt, &doomed, 77, &mut report).unwrap();
            assert_eq!((report.deleted, report.failures.len()), (1, 1));
            assert_eq!(groups(&mut rt), [0, 2, 3]);
        });
    }

    #[test]
    fn a_link_that_may_not_be_regrouped_leaves_all_where_they_were() {
        nl_netns::isolate!(|| {
            let mut rt = bridges();
            let there = There::list(&mut rt).unwrap();
            let mut doomed = doomed(&mut rt);
            // No link can have this index.
            doomed.push(Doomed {
                index: 5,
                ifindex: 0,
                group: 0,
            });
            let mut report = LinkDeleteReport::default();
            assert!(delete_together(&mut rt, &doomed, &there, &mut report).is_err());
            let is_untried = |f: &LinkFailure| matches!(f.reason, LinkFailureReason::Untried);
            assert!(report.failures.iter().all(is_untried));
            assert_eq!(report.failures.len(), 3);
            assert_eq!(groups(&mut rt), [0, 1, 2, 3]);
            assert!(report.stranded.is_empty());
        });
    }

    #[test]
    fn a_link_that_was_taken_out_of_the_group_is_deleted_all_the_same() {
        nl_netns::isolate!(|| {
            let mut rt = bridges();
            let doomed = doomed(&mut rt);
            assert!(claim(&mut rt, &doomed, 77).unwrap());
            rt.call(&SetLink::new("b").group(5)).unwrap();
            rt.call(&DelLink::group(77)).unwrap();
            let mut report = LinkDeleteReport::default();
            settle(&mut rt, &doomed, 77, &mut report).unwrap();
            assert_eq!((report.deleted, report.is_success()), (2, true));
            assert_eq!(groups(&mut rt), [0, 3]);
        });
    }

    #[test]
    fn what_was_not_tried_is_in_the_report() {
        let (ours, theirs) = std::os::unix::net::UnixDatagram::pair().unwrap();
        let socket = nl_core::Socket::from_fd(ours.into()).unwrap();
        let mut rt = Connection::<Route>::from_socket(socket);
        rt.set_timeout(Some(std::time::Duration::from_millis(50)));
        // It takes the first datagram, and is gone.
        let peer = std::thread::spawn(move || theirs.recv(&mut [0; 9]).unwrap());
        let doomed: Vec<_> = (0..50_000)
            .map(|index| Doomed {
                index,
                ifindex: 7,
                group: 0,
            })
            .collect();
        let mut report = LinkDeleteReport::default();
        assert!(delete_each(&mut rt, &doomed, &mut report).is_err());
        peer.join().unwrap();
        let mut indices: Vec<_> = report.failures.iter().map(|f| f.index).collect();
        indices.sort_unstable();
        assert!(indices.into_iter().eq(0..50_000));
        assert_eq!(report.deleted, 0);
    }

    #[test]
    fn only_what_is_still_in_the_wrong_group_is_stranded() {
        nl_netns::isolate!(|| {
            let mut rt = bridges();
            let doomed = doomed(&mut rt);
            let mut report = LinkDeleteReport {
                stranded: vec![7, 8, 7],
                ..LinkDeleteReport::default()
            };
            rt.call(&SetLink::new("b").group(77)).unwrap();
            settle_stranded(&mut rt, &doomed, &mut report);
            assert_eq!(report.stranded, [8]);
            rt.delete_link("b").unwrap();
            settle_stranded(&mut rt, &doomed, &mut report);
            assert!(report.is_success());
        });
    }
}
