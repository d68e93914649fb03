//! [`Snapshot`]: what was in a table, and what is to become of it.

use std::ops::Range;

use nl_core::{Connection, Error};

use super::fingerprint::{Fingerprint, Fingerprints};
use super::sync::SyncScope;
use crate::ensure::each_route;
use crate::protocol::Route;
use crate::route::GetRoutes;
use crate::value::Family;

/// What was in the table, ordered by identity.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    known: Vec<Known>,
    /// Where in `known` the identities with each value of their upper bits begin.
    starts: Vec<u32>,
    shift: u32,
    /// Whether it is known which of them are [shared](Known::is_shared).
    knows_shared: bool,
    /// The identities of routes outside the scope, in order, as soon as that is known.
    others: Vec<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    print: Fingerprint,
    fate: Fate,
    /// Whether a route outside the scope has the same identity: to replace this one would replace that one.
    is_shared: bool,
}

const _: () = assert!(size_of::<Known>() == 24);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Not wanted so far.
    Unwanted,
    /// Wanted as it is.
    Kept,
    /// A wanted route takes its place.
    Replaced,
    /// A wanted route takes the place of one of several, and nobody knows of which.
    Disputed,
    /// Not wanted, but what was to take its place was refused.
    Spared,
}

impl Fate {
    /// Whether it is to be deleted in the end.
    fn is_doomed(self) -> bool {
        matches!(self, Self::Unwanted | Self::Disputed)
    }
}

/// What is there in the place of a wanted route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// The very same.
    Same,
    /// Another, which it is to replace.
    Other,
    /// Another, and [`Snapshot::find_shared`] must be asked whether it may be replaced.
    Doubtful,
    /// Nothing, or what it must stand beside.
    Absent,
    /// Nothing but what may have been made since, which it is to replace.
    Made,
}

impl Snapshot {
    pub(super) fn take(
        rt: &mut Connection<Route>,
        scope: &SyncScope,
        prints: &Fingerprints,
    ) -> Result<Self, Error> {
        let mut known = Vec::new();
        // All routes are seen only if the kernel does not choose by protocol.
        let mut others = scope.protocol.is_none().then(Vec::new);
        each_route(rt, &scope.list(), |route| {
            let print = prints.of_view(route);
            if scope.owns(route) {
                known.push(Known {
                    print,
                    fate: Fate::Unwanted,
                    is_shared: false,
                });
            } else if let Some(others) = &mut others {
                others.push(print.identity);
            }
        })?;
        let mut snapshot = Self::new(known);
        if let Some(others) = others {
            snapshot.share_all(others);
        }
        Ok(snapshot)
    }

    /// Lists the whole table to find the routes outside the scope that are in the places of those inside.
    pub(super) fn find_shared(
        &mut self,
        rt: &mut Connection<Route>,
        scope: &SyncScope,
        prints: &Fingerprints,
    ) -> Result<(), Error> {
        let list = GetRoutes {
            protocol: None,
            ..scope.list()
        };
        let mut others = Vec::new();
        each_route(rt, &list, |route| {
            if !scope.owns(route) {
                others.push(prints.of_view(route).identity);
            }
        })?;
        self.share_all(others);
        Ok(())
    }

    fn share_all(&mut self, mut others: Vec<u64>) {
        for &identity in &others {
            self.share(identity);
        }
        others.sort_unstable();
        self.others = others;
        self.knows_shared = true;
    }

    fn share(&mut self, identity: u64) {
        for route in self.among(identity) {
            route.is_shared = true;
        }
    }

    fn new(mut known: Vec<Known>) -> Self {
        // Some four routes for each value of the upper bits.
        let bits = (known.len() / 4).max(1).ilog2();
        let shift = 63 - bits;
        let bucket = |route: &Known| usize::try_from(route.print.identity >> shift).unwrap_or(0);
        let count = 2 << bits;
        let mut starts = starts(&known, count, bucket);
        gather(&mut known, &starts, bucket);
        for bounds in starts.windows(2) {
            if let &[from, to] = bounds
                && let Some(among) = known.get_mut(from as usize..to as usize)
                && among.len() > 1
            {
                among.sort_unstable_by_key(|route| route.print);
            }
        }
        // A list that was disturbed may say a route twice; the kernel has each once.
        let len = known.len();
        known.dedup_by_key(|route| route.print);
        if known.len() < len {
            starts = self::starts(&known, count, bucket);
        }
        Self {
            known,
            starts,
            shift,
            knows_shared: false,
            others: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Where the routes with an identity stand.
    fn range(&self, identity: u64) -> Range<usize> {
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

    fn among(&mut self, identity: u64) -> &mut [Known] {
        let range = self.range(identity);
        self.known.get_mut(range).unwrap_or(&mut [])
    }

    /// Finds out how a wanted route is to be made, and remembers what becomes of the one that is there.
    pub(super) fn claim(&mut self, wanted: &Fingerprint, family: Family) -> Claim {
        let knows_shared = self.knows_shared;
        let among = self.among(wanted.identity);
        let same = among.iter_mut().find(|route| {
            matches!(route.fate, Fate::Unwanted | Fate::Spared) && wanted.is_met_by(&route.print)
        });
        if let Some(route) = same {
            route.fate = Fate::Kept;
            return Claim::Same;
        }
        // It may be wanted twice.
        if (among.iter()).any(|route| route.fate == Fate::Kept && wanted.is_met_by(&route.print)) {
            return Claim::Same;
        }
        // What was to take their place was refused; this one may.
        for route in among.iter_mut().filter(|route| route.fate == Fate::Spared) {
            route.fate = Fate::Unwanted;
        }
        // Of several the kernel replaces any. IPv4 has the new one beside them until they are deleted in the end, IPv6
        // refuses it there.
        let all_unwanted = among.iter().all(|route| route.fate == Fate::Unwanted);
        let fate = match among.len() {
            1 => Fate::Replaced,
            0 => return Claim::Absent,
            _ if family == Family::INET6 => Fate::Disputed,
            _ => return Claim::Absent,
        };
        if !all_unwanted || among.iter().any(|route| route.is_shared) {
            return Claim::Absent;
        }
        if !knows_shared {
            return Claim::Doubtful;
        }
        for route in among {
            route.fate = fate;
        }
        Claim::Other
    }

    /// Keeps what is there with this identity: a route in its place was refused.
    pub(super) fn spare(&mut self, identity: u64) {
        for route in self.among(identity) {
            route.fate = match route.fate {
                Fate::Unwanted => Fate::Spared,
                // It may be gone all the same, for another wanted one.
                Fate::Disputed => Fate::Replaced,
                other => other,
            };
        }
    }

    /// Keeps what was to be replaced and was not.
    pub(super) fn restore(&mut self, identity: u64) {
        for route in self.among(identity) {
            if route.fate != Fate::Kept {
                route.fate = Fate::Spared;
            }
        }
    }

    /// Wants none of those with this identity any more: another is wanted in their place.
    pub(super) fn recall(&mut self, identity: u64) {
        for route in self.among(identity) {
            if route.fate == Fate::Kept {
                route.fate = Fate::Unwanted;
            }
        }
    }

    /// How a wanted route is to be made for which nothing is there, so that it takes the place of what was made since
    /// and of nothing outside the scope.
    pub(super) fn claim_again(&mut self, identity: u64) -> Claim {
        let among = self.among(identity);
        let is_replaced = among.iter().all(|route| route.fate == Fate::Replaced);
        match (is_replaced, self.knows_shared) {
            (false, _) => Claim::Absent,
            (true, false) => Claim::Doubtful,
            (true, true) if self.others.binary_search(&identity).is_ok() => Claim::Absent,
            (true, true) => Claim::Made,
        }
    }

    /// Whether all that was there with this identity is wanted, or was replaced.
    pub(super) fn is_settled(&mut self, identity: u64) -> bool {
        let mut among = self.among(identity).iter();
        among.all(|route| matches!(route.fate, Fate::Kept | Fate::Replaced))
    }

    /// Whether anything is to be deleted.
    pub(super) fn dooms_any(&self) -> bool {
        self.known.iter().any(|route| route.fate.is_doomed())
    }

    /// Whether this route is to be deleted.
    pub(super) fn dooms(&self, print: &Fingerprint) -> bool {
        let among = self.known.get(self.range(print.identity)).unwrap_or(&[]);
        among
            .iter()
            .any(|route| route.fate.is_doomed() && route.print == *print)
    }
}

/// Where the routes of each bucket begin.
fn starts(known: &[Known], count: usize, bucket: impl Fn(&Known) -> usize) -> Vec<u32> {
    let mut starts = vec![0u32; count + 1];
    for route in known {
        if let Some(count) = starts.get_mut(bucket(route) + 1) {
            *count += 1;
        }
    }
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    starts
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

#[cfg(test)]
mod tests {
    use super::*;

    fn print(identity: u64, content: u64) -> Fingerprint {
        Fingerprint {
            // In different buckets.
            identity: identity << 60 | identity,
            content,
            oif: 3,
        }
    }

    fn snapshot(prints: &[Fingerprint]) -> Snapshot {
        let known = prints.iter().map(|&print| Known {
            print,
            fate: Fate::Unwanted,
            is_shared: false,
        });
        Snapshot {
            knows_shared: true,
            ..Snapshot::new(known.collect())
        }
    }

    #[test]
    fn a_route_that_was_listed_twice_is_there_once() {
        for repeated in [0, 5, 15] {
            let mut listed: Vec<_> = (0..16).map(|i| print(i, i)).collect();
            listed.extend([print(repeated, repeated); 3]);
            let mut there = snapshot(&listed);
            assert_eq!(there.len(), 16);
            for i in 0..16 {
                assert!(there.dooms(&print(i, i)));
                assert_eq!(there.claim(&print(i, i), Family::INET6), Claim::Same);
                assert!(!there.dooms(&print(i, i)));
            }
            assert!(!there.dooms_any());
            // And it is replaced as one.
            let mut there = snapshot(&listed);
            let wanted = print(repeated, 77);
            assert_eq!(there.claim(&wanted, Family::INET), Claim::Other);
        }
    }

    #[test]
    fn one_is_replaced_several_only_in_ipv6_and_what_is_shared_never() {
        let one = [print(1, 1)];
        let two = [print(1, 1), print(1, 2)];
        for (listed, family, claim) in [
            (&one[..], Family::INET, Claim::Other),
            (&one, Family::INET6, Claim::Other),
            (&two, Family::INET, Claim::Absent),
            (&two, Family::INET6, Claim::Other),
        ] {
            let wanted = print(1, 3);
            assert_eq!(snapshot(listed).claim(&wanted, family), claim);
            let mut shared = snapshot(listed);
            shared.share(wanted.identity);
            assert_eq!(shared.claim(&wanted, family), Claim::Absent);
            let mut unknown = snapshot(listed);
            unknown.knows_shared = false;
            let doubtful = match claim {
                Claim::Other => Claim::Doubtful,
                other => other,
            };
            assert_eq!(unknown.claim(&wanted, family), doubtful);
        }
        // One of them is wanted: it must not be the one that is replaced.
        let mut there = snapshot(&two);
        assert_eq!(there.claim(&print(1, 2), Family::INET6), Claim::Same);
        assert_eq!(there.claim(&print(1, 3), Family::INET6), Claim::Absent);
        // One of them was replaced, and it may have been this one.
        let mut there = snapshot(&two);
        assert_eq!(there.claim(&print(1, 3), Family::INET6), Claim::Other);
        assert_eq!(there.claim(&print(1, 2), Family::INET6), Claim::Absent);
        assert!(there.dooms(&print(1, 2)));
    }

    #[test]
    fn what_had_no_successor_is_spared_and_may_still_be_wanted() {
        let two = [print(1, 1), print(1, 2), print(2, 1)];
        let mut there = snapshot(&two);
        assert_eq!(there.claim(&print(1, 3), Family::INET), Claim::Absent);
        there.spare(print(1, 3).identity);
        assert!(!there.dooms(&print(1, 1)) && !there.dooms(&print(1, 2)));
        assert!(there.dooms(&print(2, 1)));
        assert_eq!(there.claim(&print(1, 2), Family::INET), Claim::Same);
    }

    #[test]
    fn what_was_refused_may_be_made_later() {
        let mut there = snapshot(&[print(1, 1)]);
        let wanted = print(1, 3);
        for _ in 0..2 {
            assert_eq!(there.claim(&wanted, Family::INET), Claim::Other);
            assert!(there.is_settled(wanted.identity) && !there.dooms_any());
            there.restore(wanted.identity);
            assert!(!there.is_settled(wanted.identity) && !there.dooms_any());
        }
    }

    #[test]
    fn what_is_wanted_twice_is_there_once() {
        let mut there = snapshot(&[print(1, 1), print(1, 2)]);
        for _ in 0..2 {
            assert_eq!(there.claim(&print(1, 2), Family::INET), Claim::Same);
        }
        assert!(there.dooms(&print(1, 1)) && !there.dooms(&print(1, 2)));
        // Unless another is wanted in its place.
        there.recall(print(1, 2).identity);
        assert!(there.dooms(&print(1, 2)));
    }

    #[test]
    fn what_was_made_is_replaced_but_nothing_outside_the_scope() {
        let mut there = snapshot(&[print(1, 1)]);
        assert_eq!(there.claim_again(print(1, 3).identity), Claim::Absent);
        assert_eq!(there.claim_again(print(2, 3).identity), Claim::Made);
        there.share_all(vec![print(3, 1).identity, print(2, 1).identity]);
        assert_eq!(there.claim_again(print(2, 3).identity), Claim::Absent);
        there.knows_shared = false;
        assert_eq!(there.claim_again(print(4, 3).identity), Claim::Doubtful);
    }
}
