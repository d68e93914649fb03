//! Deletes many links at once: the kernel waits for its readers once for a whole group of links,
//! 20 ms, and once for each link that is deleted by itself.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use nl_core::{Connection, Errno, Error, KernelError};

use crate::link::{DelLink, GetLinks, LinkRef, LinkView, RTEXT_FILTER_SKIP_STATS, SetLink};
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
}

/// A link that is to be deleted.
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
    let result = result.and_then(|()| delete_each(rt, &single, &mut report));
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
    let batch = rt.batch(doomed.iter().map(|link| DelLink::new(link.ifindex)))?;
    report.deleted += batch.sent;
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
                return Err(error);
            }
        }
        return match rt.call(&DelLink::group(group)) {
            Ok(()) => settle(rt, doomed, group, report),
            // All had gone by themselves: the namespace at the other ends, for one.
            Err(Error::Kernel(error)) if error.errno == Errno::ENODEV => {
                report.deleted += doomed.len();
                Ok(())
            }
            // One of them cannot be deleted, and so none was.
            Err(Error::Kernel(_)) => {
                restore(rt, doomed, group, report);
                delete_each(rt, doomed, report)
            }
            Err(error) => {
                restore(rt, doomed, group, report);
                Err(error)
            }
        };
    }
    // Slower, but nobody can come between.
    delete_each(rt, doomed, report)
}

/// Counts what was deleted, and puts back what the kernel has kept although it said that all was done.
fn settle(
    rt: &mut Connection<Route>,
    doomed: &[Doomed],
    group: u32,
    report: &mut LinkDeleteReport,
) -> Result<(), Error> {
    report.deleted += doomed.len();
    let left = There::list(rt)?;
    for link in doomed {
        let is_kept = left.find(&LinkRef::Index(link.ifindex));
        if is_kept.is_some_and(|kept| kept.group == group) {
            report.deleted -= 1;
            report.failures.push(LinkFailure {
                index: link.index,
                reason: LinkFailureReason::Kept,
            });
        }
    }
    if report
        .failures
        .iter()
        .any(|failure| matches!(failure.reason, LinkFailureReason::Kept))
    {
        restore(rt, doomed, group, report);
    }
    Ok(())
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
    let Ok(inside) = There::list(rt) else {
        report
            .stranded
            .extend(doomed.iter().map(|link| link.ifindex));
        return;
    };
    let inside = |link: &&Doomed| {
        let now = inside.by_ifindex.get(&link.ifindex);
        now.is_some_and(|now| now.group == group)
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
            assert_eq!(groups(&mut rt), [0, 1, 2, 3]);
            assert!(report.stranded.is_empty());
        });
    }
}
