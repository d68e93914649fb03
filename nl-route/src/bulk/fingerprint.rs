//! What makes two routes the same: which of them the kernel can tell apart, and what differs.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;

use nl_core::{Attrs, Error, Header, Writer};

use crate::Prefix;
use crate::route::{
    EncapType, Hop, NewRoute, RTAX_CC_ALGO, RouteFlags, RoutePref, RouteType, RouteView,
};
use crate::value::Family;

/// Seconds that are no end: `INFINITY_LIFE_TIME`.
const FOREVER: u32 = u32::MAX;

/// The metric that the kernel gives an IPv6 route that has none: `IP6_RT_PRIO_USER`.
const IPV6_METRIC: u32 = 1024;

/// A route in 20 bytes, by hashes with a secret key: for comparing millions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(C, packed(4))]
pub(crate) struct Fingerprint {
    /// Of what tells it apart: table, destination, source, type of service, metric.
    pub(crate) identity: u64,
    /// Of all the rest that a request can say, but not of [`oif`](Self::oif).
    pub(crate) content: u64,
    /// The link that it goes by, or of several links a hash; 0 if that is not said. A request may leave it to the
    /// gateways.
    pub(crate) oif: i32,
}

impl Fingerprint {
    /// Whether a route with the fingerprint `there` is what is wanted with this one.
    pub(crate) fn is_met_by(&self, there: &Self) -> bool {
        self.identity == there.identity
            && self.content == there.content
            && (self.oif == 0 || self.oif == there.oif)
    }
}

/// Makes fingerprints that can be compared with each other.
#[derive(Debug, Default)]
pub(crate) struct Fingerprints {
    words: WordHash,
    /// For what may have any length; it is rare.
    key: RandomState,
    out: Writer,
}

/// How a route's packets go on; a way that is alone is the same inside and outside of a multipath list.
#[derive(Default)]
struct Way<'a> {
    kind: u8,
    nh_id: u32,
    onlink: bool,
    gateway: Option<IpAddr>,
    flow: Option<u32>,
    encap_type: Option<EncapType>,
    encap: Option<&'a [u8]>,
    /// Of all the ways, if there are several.
    hops: u64,
}

impl Fingerprints {
    /// Of a route that is to be made.
    pub(crate) fn of_request(&mut self, route: &NewRoute) -> Result<Fingerprint, Error> {
        self.out.clear();
        // What no message can hold would look like a route without it.
        self.out.request(route, 0, 0)?;
        let payload = self.out.bytes().get(size_of::<Header>()..);
        let view = RouteView::parse(payload.unwrap_or(&[]))?;
        Ok(self.of_view(&view))
    }

    /// Of a route that is there.
    pub(crate) fn of_view(&self, route: &RouteView<'_>) -> Fingerprint {
        let (way, oif) = self.way(route);
        let rank = if route.family() == Family::INET6 {
            route.pref().unwrap_or(RoutePref::MEDIUM.0)
        } else {
            route.scope().0
        };
        let (prefsrc_kind, [prefsrc, prefsrc_rest]) = addr_words(route.prefsrc());
        let (gateway_kind, [gateway, gateway_rest]) = addr_words(way.gateway);
        let flow = way.flow.or(route.flow());
        let encap = way
            .encap
            .map(|encap| self.encap(way.encap_type.unwrap_or_default(), encap));
        let route_type = match route.route_type() {
            // What the nexthop object does is listed as the route's own doing.
            RouteType::BLACKHOLE if way.nh_id != 0 => RouteType::UNICAST,
            other => other,
        };
        let shape = u64::from_ne_bytes([
            route_type.0,
            route.protocol().0,
            rank,
            way.kind,
            way.onlink.into(),
            prefsrc_kind,
            gateway_kind,
            u8::from(flow.is_some())
                | u8::from(way.encap_type.is_some()) << 1
                | u8::from(encap.is_some()) << 2
                | u8::from(ends(route)) << 3,
        ]);
        let content = self.words.of([
            shape,
            u64::from(flow.unwrap_or(0)) | u64::from(way.nh_id) << 32,
            prefsrc,
            prefsrc_rest,
            gateway,
            gateway_rest,
            self.metrics(route),
            way.hops,
            way.encap_type.unwrap_or_default().0.into(),
            encap.unwrap_or(0),
        ]);
        Fingerprint {
            identity: self.identity(route),
            content,
            oif,
        }
    }

    /// The way, and the link that it goes by.
    fn way<'a>(&self, route: &RouteView<'a>) -> (Way<'a>, i32) {
        let mut hops = route.hops().flatten();
        if let Some(nh_id) = route.nh_id() {
            // The kernel spells the object out beside its id.
            let way = Way {
                kind: 1,
                nh_id,
                ..Way::default()
            };
            return (way, 0);
        }
        if !is_forwarding(route.route_type()) {
            // IPv6 says that what drops packets goes by `lo`.
            return (Way::default(), 0);
        }
        if let Some(hop) = hops.next()
            && hops.next().is_none()
        {
            // One way is no multipath.
            let way = Way {
                kind: 2,
                onlink: hop.flags().contains(RouteFlags::ONLINK),
                gateway: hop.gateway(),
                flow: hop.flow(),
                encap_type: hop.encap_type(),
                encap: hop.encap(),
                ..Way::default()
            };
            return (way, hop.ifindex());
        }
        let (hops, links) = self.hops(route);
        let way = Way {
            kind: 2,
            onlink: route.flags().contains(RouteFlags::ONLINK),
            gateway: route.gateway(),
            encap_type: route.encap_type().map(EncapType),
            encap: route.encap(),
            hops,
            ..Way::default()
        };
        (way, route.oif().unwrap_or(links))
    }

    fn identity(&self, route: &RouteView<'_>) -> u64 {
        let metric = route.priority().unwrap_or(0);
        let metric = match (route.family(), metric) {
            (Family::INET6, 0) => IPV6_METRIC,
            _ => metric,
        };
        let addr = |prefix: Option<Prefix>| addr_words(prefix.map(|prefix| prefix.addr));
        let len = |prefix: Option<Prefix>| prefix.map_or(0, |prefix| prefix.len);
        let (dst, src) = match route.family() {
            // It forgets host bits, and a source that is all.
            Family::INET6 => (
                route.dst().map(Prefix::network),
                route.src().filter(|src| src.len > 0).map(Prefix::network),
            ),
            // It refuses host bits, and does not hear of a source.
            _ => (route.dst(), None),
        };
        let (dst_len, src_len) = (len(dst), len(src));
        let (dst_kind, [dst, dst_rest]) = addr(dst);
        let (src_kind, [src, src_rest]) = addr(src);
        let shape = [route.tos(), dst_kind, dst_len, src_kind, src_len, 0, 0, 0];
        self.words.of([
            u64::from(route.table().0) | u64::from(metric) << 32,
            u64::from_ne_bytes(shape),
            dst,
            dst_rest,
            src,
            src_rest,
        ])
    }

    /// Path properties; their order means nothing.
    fn metrics(&self, route: &RouteView<'_>) -> u64 {
        let Some(metrics) = route.metrics() else {
            return 0;
        };
        metrics.attrs().flatten().fold(0, |sum: u64, attr| {
            let payload = match attr.number() {
                RTAX_CC_ALGO => attr.payload.strip_suffix(&[0]).unwrap_or(attr.payload),
                _ => attr.payload,
            };
            sum.wrapping_add(self.key.hash_one((attr.number(), payload)))
        })
    }

    /// The ways of a multipath route, and the links that they go by, or 0 if none says its own; their order means
    /// nothing.
    fn hops(&self, route: &RouteView<'_>) -> (u64, i32) {
        let way = |hop: &Hop<'_>| {
            let onlink = hop.flags().contains(RouteFlags::ONLINK);
            let gateway: Option<IpAddr> = hop.gateway();
            let encap_type = hop.encap_type().unwrap_or_default();
            let encap = hop.encap().map(|encap| self.encap(encap_type, encap));
            let tunnel = (encap_type.0, encap);
            self.key
                .hash_one((hop.weight(), onlink, gateway, hop.flow(), tunnel))
        };
        let (mut ways, mut links, mut is_said) = (0u64, 0u64, false);
        for hop in route.hops().flatten() {
            let way = way(&hop);
            ways = ways.wrapping_add(way);
            links = links.wrapping_add(self.key.hash_one((way, hop.ifindex())));
            is_said |= hop.ifindex() != 0;
        }
        let [a, b, c, d, ..] = links.to_ne_bytes();
        // 0 is what is not said.
        let links = if is_said {
            i32::from_ne_bytes([a, b, c, d]) | 1
        } else {
            0
        };
        (ways, links)
    }

    /// The attributes of a lightweight tunnel; their order means nothing.
    pub(crate) fn encap(&self, encap_type: EncapType, encap: &[u8]) -> u64 {
        // The kernel lists all of them, and what was not said as 0.
        let is_whole = matches!(encap_type, EncapType::IP | EncapType::IP6);
        Attrs::new(encap).fold(0, |sum: u64, attr| match attr {
            Ok(attr) if is_whole && attr.payload.iter().all(|&byte| byte == 0) => sum,
            Ok(attr) => sum.wrapping_add(self.key.hash_one((attr.number(), attr.payload))),
            // The kernel has the words for it: equal to nothing that it lists.
            Err(_) => sum.wrapping_add(self.key.hash_one(encap)),
        })
    }
}

/// Whether an IPv6 route is there for some time only.
fn ends(route: &RouteView<'_>) -> bool {
    // Requests say when, lists how long still.
    let is_asked = || route.expires().is_some_and(|seconds| seconds != FOREVER);
    let is_listed = || {
        route
            .cacheinfo()
            .is_some_and(|info| info.expires.get() != 0)
    };
    route.family() == Family::INET6 && (is_asked() || is_listed())
}

/// Whether the nexthop means something.
pub(crate) fn is_forwarding(route_type: RouteType) -> bool {
    !matches!(
        route_type,
        RouteType::BLACKHOLE | RouteType::UNREACHABLE | RouteType::PROHIBIT | RouteType::THROW
    )
}

/// What there is of an address, and its bytes in words.
fn addr_words(addr: Option<IpAddr>) -> (u8, [u64; 2]) {
    match addr {
        None => (0, [0; 2]),
        Some(IpAddr::V4(addr)) => (1, [addr.to_bits().into(), 0]),
        Some(IpAddr::V6(addr)) => {
            let [a, b, c, d, e, f, g, h, rest @ ..] = addr.octets();
            let first = u64::from_ne_bytes([a, b, c, d, e, f, g, h]);
            (2, [first, u64::from_ne_bytes(rest)])
        }
    }
}

/// How many words [`WordHash`] takes.
const WORDS: usize = 10;

/// Multilinear hashing with secret keys: of all keys one in 2⁶⁴ gives two different lists of words the same hash, whoever
/// chose them. It takes a multiplication for each word, where the general hash of `std` takes a dozen steps for each field.
///
/// Source: Lemire and Kaser, "Strongly universal string hashing is fast", 2014.
#[derive(Debug)]
struct WordHash {
    start: u128,
    keys: [u128; WORDS],
}

impl Default for WordHash {
    fn default() -> Self {
        let random = RandomState::new();
        let mut count = 0u64;
        let mut key = || {
            count += 2;
            u128::from(random.hash_one(count)) << 64 | u128::from(random.hash_one(count + 1))
        };
        Self {
            start: key(),
            keys: std::array::from_fn(|_| key()),
        }
    }
}

impl WordHash {
    /// The hash of a list of words, each of which has its place.
    fn of<const N: usize>(&self, words: [u64; N]) -> u64 {
        const { assert!(N <= WORDS) }
        let terms = words.iter().zip(&self.keys);
        // Most words of most routes are 0: no address, no property.
        let terms = terms.filter(|&(&word, _)| word != 0);
        let sum = terms.fold(self.start, |sum, (&word, key)| {
            sum.wrapping_add(key.wrapping_mul(word.into()))
        });
        u64::try_from(sum >> 64).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::{NewHop, RTAX_MTU, RouteMetrics, RouteProtocol, RouteScope, RouteTable};

    fn route() -> NewRoute {
        NewRoute::new(Prefix::new([10, 1, 2, 0].into(), 24))
            .via([10, 0, 0, 2].into())
            .dev(3)
    }

    #[test]
    fn every_property_makes_a_difference() {
        let to = |addr: [u8; 4], len| NewRoute::new(Prefix::new(addr.into(), len));
        let hop = |last: u8, ifindex| NewHop::via([10, 0, 0, last].into()).ifindex(ifindex);
        let encap =
            |bytes: [u8; 4]| crate::route::Encap::new(EncapType(1), move |out| out.raw(1, &bytes));
        let routes = [
            route(),
            to([10, 1, 2, 0], 24).dev(3),
            to([10, 1, 2, 0], 25).via([10, 0, 0, 2].into()).dev(3),
            to([10, 1, 3, 0], 24).via([10, 0, 0, 2].into()).dev(3),
            NewRoute::new(Prefix::ALL_V4),
            NewRoute::new(Prefix::ALL_V6),
            NewRoute::new(Prefix::new("2001:db8:0:1::".parse().unwrap(), 64)),
            NewRoute::new(Prefix::new("2001:db8::1:0:0:0".parse().unwrap(), 80)),
            route().via([10, 0, 0, 3].into()),
            route().via("fe80::1".parse().unwrap()),
            route().dev(4),
            route().onlink(),
            route().table(RouteTable(1000)),
            route().tos(4),
            route().metric(1000),
            route().protocol(RouteProtocol::STATIC),
            route().scope(RouteScope::LINK),
            route().route_type(RouteType::BLACKHOLE),
            route().prefsrc([10, 0, 0, 1].into()),
            route().prefsrc([10, 0, 0, 9].into()),
            route().flow(1),
            route().flow(1 << 16),
            to([10, 1, 2, 0], 24).nh_id(1),
            to([10, 1, 2, 0], 24).nh_id(2),
            route().metrics(RouteMetrics::default().set(RTAX_MTU, 1400)),
            route().metrics(RouteMetrics::default().set(RTAX_MTU, 1300)),
            route().encap(encap([1; 4])),
            route().encap(encap([2; 4])),
            to([10, 1, 2, 0], 24)
                .hop(hop(2, 3).encap(encap([1; 4])))
                .hop(hop(3, 3)),
            to([10, 1, 2, 0], 24)
                .hop(hop(2, 3).encap(encap([2; 4])))
                .hop(hop(3, 3)),
            NewRoute::new(Prefix::ALL_V6).expires(7),
            to([10, 1, 2, 0], 24).hop(hop(2, 3)).hop(hop(3, 3)),
            to([10, 1, 2, 0], 24).hop(hop(2, 3)).hop(hop(3, 4)),
            to([10, 1, 2, 0], 24)
                .hop(hop(2, 3))
                .hop(hop(3, 3).weight(7)),
        ];
        let mut prints = Fingerprints::default();
        let mut seen: Vec<Fingerprint> = Vec::new();
        for route in &routes {
            let print = prints.of_request(route).unwrap();
            assert_eq!(print, prints.of_request(route).unwrap());
            let same = seen.iter().position(|other| *other == print);
            assert_eq!(same, None, "{route:?}");
            seen.push(print);
        }
    }

    #[test]
    fn a_way_that_is_alone_is_the_same_inside_a_multipath_list() {
        let alone = NewHop::via([10, 0, 0, 2].into()).ifindex(3);
        let listed = NewRoute::new(Prefix::new([10, 1, 2, 0].into(), 24)).hop(alone);
        let mut prints = Fingerprints::default();
        let print = prints.of_request(&route()).unwrap();
        assert_eq!(prints.of_request(&listed).unwrap(), print);
    }

    #[test]
    fn the_order_of_ways_makes_no_difference() {
        let hop = |last: u8| NewHop::via([10, 0, 0, last].into()).ifindex(3);
        let route = || NewRoute::new(Prefix::new([10, 1, 2, 0].into(), 24));
        let mut prints = Fingerprints::default();
        let one = prints.of_request(&route().hop(hop(2)).hop(hop(3))).unwrap();
        let other = prints.of_request(&route().hop(hop(3)).hop(hop(2))).unwrap();
        assert_eq!(one, other);
    }

    #[test]
    fn links_of_several_ways_count_only_where_they_are_said() {
        let hop = |last: u8, ifindex| NewHop::via([10, 0, 0, last].into()).ifindex(ifindex);
        let by = |first, second| {
            let route = NewRoute::new(Prefix::new([10, 1, 2, 0].into(), 24));
            route.hop(hop(2, first)).hop(hop(3, second))
        };
        let mut prints = Fingerprints::default();
        let mut print = |first, second| prints.of_request(&by(first, second)).unwrap();
        let there = print(3, 4);
        assert!(print(0, 0).is_met_by(&there));
        assert!(print(3, 4).is_met_by(&there));
        for (first, second) in [(4, 3), (3, 3), (3, 5), (0, 3), (5, 0)] {
            assert!(!print(first, second).is_met_by(&there));
        }
    }

    #[test]
    fn ipv6_prefixes_are_the_same_but_for_their_host_bits() {
        let prefix = |text: &str| text.parse::<Prefix>().unwrap();
        let mut prints = Fingerprints::default();
        let mut print = |dst, src| {
            let route = NewRoute::new(prefix(dst)).src(prefix(src));
            prints.of_request(&route).unwrap().identity
        };
        let there = print("2001:db8::/64", "fd00::/16");
        assert_eq!(print("2001:db8::1/64", "fd00::1/16"), there);
        assert_ne!(print("2001:db8::1/65", "fd00::1/16"), there);
        assert_ne!(print("2001:db8::1/64", "fd00::1/17"), there);
    }

    #[test]
    fn tunnels_are_the_same_by_what_they_say_in_whatever_order() {
        use crate::route::{Encap, EncapIpWriter, EncapMplsWriter};
        let prints = Fingerprints::default();
        let print = |encap: Encap| prints.encap(encap.encap_type, &encap.attrs);
        let ip = |id, last: u8, ttl| {
            Encap::new(EncapType::IP, |out| {
                EncapIpWriter::new(out, &())
                    .id(id)
                    .dst([10, 0, 0, last].into())
                    .ttl(ttl);
            })
        };
        // As the kernel lists it.
        let listed = Encap::new(EncapType::IP, |out| {
            EncapIpWriter::new(out, &())
                .id(5)
                .dst([10, 0, 0, 9].into())
                .src([0; 4].into())
                .tos(0)
                .ttl(0)
                .flags(0);
        });
        let other_order = Encap::new(EncapType::IP, |out| {
            EncapIpWriter::new(out, &()).dst([10, 0, 0, 9].into()).id(5);
        });
        let there = print(listed);
        assert_eq!(print(ip(5, 9, 0)), there);
        assert_eq!(print(other_order), there);
        for other in [ip(6, 9, 0), ip(5, 8, 0), ip(5, 9, 1)] {
            assert_ne!(print(other), there);
        }
        // Here 0 says something: the TTL comes from the packet.
        let mpls = |ttl: Option<u8>| {
            Encap::new(EncapType::MPLS, |out| {
                let mut out = EncapMplsWriter::new(out, &());
                out.dst(&[0, 1, 1, 0]);
                if let Some(ttl) = ttl {
                    out.ttl(ttl);
                }
            })
        };
        assert_ne!(print(mpls(None)), print(mpls(Some(0))));
        // Nothing that is broken is what is there.
        let broken = Encap {
            encap_type: EncapType::IP,
            attrs: vec![3, 0],
        };
        let empty = Encap {
            encap_type: EncapType::IP,
            attrs: Vec::new(),
        };
        assert_ne!(print(broken), print(empty));
    }

    #[test]
    fn words_that_sum_to_the_same_are_told_apart() {
        let hash = WordHash::default();
        let lists = [[0, 0], [0, 1], [1, 0], [1, 1], [u64::MAX, 1], [2, u64::MAX]];
        for (index, list) in lists.iter().enumerate() {
            for other in lists.iter().take(index) {
                assert_ne!(hash.of(*list), hash.of(*other), "{list:?} {other:?}");
            }
        }
    }
}
