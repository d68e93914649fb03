//! The cases, and who takes part in which.

#[cfg(feature = "peers")]
use crate::contestant::{bindings, neli, nlink, rtnetlink};
use crate::contestant::{floor, ip, ours};
use crate::report::Figure;
use crate::sample::Part;
use crate::{Result, program};

/// Something to be done to many objects.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What one object is.
    pub(crate) unit: &'static str,
    /// How many of them.
    pub(crate) items: u32,
    /// How often, unless said otherwise.
    pub(crate) rounds: u32,
    /// What its plot and the summary show: with links the kernel sleeps, so the clock counts there.
    pub(crate) figure: Figure,
    /// The first is the floor, which the others are compared with.
    pub(crate) contestants: &'static [Contestant],
}

/// Somebody who does a case.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    /// How it goes about it.
    pub(crate) how: &'static str,
    /// Does only one in so many objects, because it takes so long for each.
    pub(crate) one_in: u32,
    pub(crate) run: fn(&mut Part) -> Result<()>,
}

impl Contestant {
    const fn new(name: &'static str, how: &'static str, run: fn(&mut Part) -> Result<()>) -> Self {
        Self {
            name,
            how,
            one_in: 1,
            run,
        }
    }

    const fn one_in(self, one_in: u32) -> Self {
        Self { one_in, ..self }
    }

    /// Whether it can take part on this machine.
    pub(crate) fn is_here(&self) -> bool {
        match self.name {
            name if name.starts_with("ip ") => program::ip().is_some(),
            LOAD => program::nlctl().is_some(),
            _ => true,
        }
    }
}

pub(crate) fn find(name: &str) -> Option<&'static Case> {
    CASES.iter().find(|case| case.name == name)
}

pub(crate) fn list() {
    for case in CASES {
        let Case {
            name,
            items,
            unit,
            rounds,
            ..
        } = case;
        println!("{name}: {items} × {unit}, {rounds} rounds");
        for contestant in case.contestants {
            println!("    {:<24} {}", contestant.name, contestant.how);
        }
    }
}

/// Our program, not the library.
pub(crate) const LOAD: &str = "nlctl route load";

const LOADS: &[Contestant] = &[
    Contestant::new(FLOOR.name, FLOOR.how, floor::load),
    Contestant::new(LOAD, "lines of ip -batch", ip::load_with_nlctl),
    Contestant::new("ip -batch", "route add", ip::load),
];

const FLOOR: Contestant = Contestant::new(
    "floor",
    "prebuilt buffers of 64 KiB, one acknowledgement each",
    floor::routes4,
);

/// All cases, in the order of the report.
pub(crate) static CASES: &[Case] = &[
    Case {
        name: "routes4",
        title: "IPv4 routes by gateway",
        unit: "route",
        items: 100_000,
        rounds: 7,
        figure: Figure::Cpu,
        contestants: ROUTES4,
    },
    Case {
        name: "routes4-million",
        title: "A million IPv4 routes by gateway",
        unit: "route",
        items: 1_000_000,
        rounds: 3,
        figure: Figure::Cpu,
        contestants: MILLION,
    },
    Case {
        name: "routes6",
        title: "IPv6 routes by gateway",
        unit: "route",
        items: 100_000,
        rounds: 5,
        figure: Figure::Cpu,
        contestants: ROUTES6,
    },
    Case {
        name: "replace",
        title: "IPv4 routes re-pointed to another gateway",
        unit: "route",
        items: 100_000,
        rounds: 7,
        figure: Figure::Cpu,
        contestants: &[
            Contestant::new(FLOOR.name, FLOOR.how, floor::replace),
            Contestant::new("nlctl", "Bulk::replace_routes", ours::replace),
            Contestant::new("ip -batch", "route replace", ip::replace),
            #[cfg(feature = "peers")]
            Contestant::new("netlink-bindings", "Chained, 200 a send", bindings::replace),
            #[cfg(feature = "peers")]
            Contestant::new("nlink", "replace_route", nlink::replace),
            #[cfg(feature = "peers")]
            Contestant::new("rtnetlink", "route().add().replace()", rtnetlink::replace),
            #[cfg(feature = "peers")]
            Contestant::new(
                "rtnetlink, batch",
                "netlink-proto: request_batch of 200",
                rtnetlink::replace_batch,
            ),
            #[cfg(feature = "peers")]
            Contestant::new("neli", "NlRouter::send", neli::replace),
        ],
    },
    Case {
        name: "load",
        title: "A file of IPv4 routes",
        unit: "route",
        items: 100_000,
        rounds: 5,
        figure: Figure::Cpu,
        contestants: LOADS,
    },
    Case {
        name: "load-million",
        title: "A file of a million IPv4 routes",
        unit: "route",
        items: 1_000_000,
        rounds: 3,
        figure: Figure::Cpu,
        contestants: LOADS,
    },
    Case {
        name: "sync",
        title: "A table made equal to a list, of which 1 % differ",
        unit: "route",
        items: 100_000,
        rounds: 5,
        figure: Figure::Cpu,
        contestants: &[
            Contestant::new(
                "floor",
                "dump, then the difference, known before",
                floor::sync,
            ),
            Contestant::new("nlctl", "Bulk::sync_routes", ours::sync),
            Contestant::new("ip -batch", "route replace of all", ip::sync),
            #[cfg(feature = "peers")]
            Contestant::new("nlink", "NetworkConfig: diff, apply", nlink::sync),
        ],
    },
    Case {
        name: "routeset",
        title: "Routes that share a nexthop object",
        unit: "route",
        items: 100_000,
        rounds: 5,
        figure: Figure::Cpu,
        contestants: &[
            Contestant::new(
                "floor",
                "by gateway, one by one in buffers",
                floor::set_by_gateway,
            ),
            Contestant::new(
                "floor, nexthop id",
                "prebuilt; removed with the nexthop",
                floor::set_by_nexthop,
            ),
            Contestant::new("nlctl", "RouteSet: create, add; remove", ours::set),
            Contestant::new("ip -batch", "nhid; ip nexthop del", ip::set),
            #[cfg(feature = "peers")]
            Contestant::new("nlink", "Batch of 200; del_nexthop", nlink::set),
        ],
    },
    Case {
        name: "each",
        title: "IPv4 routes, one acknowledged call at a time",
        unit: "route",
        items: 50_000,
        rounds: 5,
        figure: Figure::Cpu,
        contestants: &[
            Contestant::new("floor", "prebuilt messages, one at a time", floor::each),
            Contestant::new("nlctl", "Connection::call", ours::each),
            #[cfg(feature = "peers")]
            Contestant::new("netlink-bindings", "NetlinkSocket::request", bindings::each),
            #[cfg(feature = "peers")]
            Contestant::new("nlink", "add_route", nlink::each),
            #[cfg(feature = "peers")]
            Contestant::new(
                "rtnetlink",
                "route().add(), current-thread tokio",
                rtnetlink::each,
            ),
            #[cfg(feature = "peers")]
            Contestant::new("neli", "NlRouter::send", neli::each),
        ],
    },
    Case {
        name: "veth",
        title: "veth pairs between two namespaces, both ends up",
        unit: "pair",
        items: 1000,
        rounds: 5,
        figure: Figure::Wall,
        contestants: &[
            Contestant::new(
                "floor",
                "peer made in its namespace, one queue; group delete",
                floor::veth,
            ),
            Contestant::new("nlctl", "Bulk::create_veths; DelLink::group", ours::veth),
            Contestant::new(
                "ip -batch",
                "peer netns in the create line; del group",
                ip::veth,
            ),
            #[cfg(feature = "peers")]
            Contestant::new(
                "nlink",
                "VethLink: peer_netns_fd, up; del_link each",
                nlink::veth,
            )
            .one_in(10),
            #[cfg(feature = "peers")]
            Contestant::new(
                "rtnetlink",
                "create, setns_by_fd, up, up; del each",
                rtnetlink::veth,
            )
            .one_in(20),
            Contestant::new(
                "floor, moved",
                "create, move, up, up; del each",
                floor::veth_moved,
            )
            .one_in(20),
            Contestant::new(
                "ip -batch, moved",
                "create, move, up, up; del each",
                ip::veth_moved,
            )
            .one_in(20),
        ],
    },
    Case {
        name: "ungrouped",
        title: "Deleting veth pairs that share no group",
        unit: "pair",
        items: 200,
        rounds: 5,
        figure: Figure::Wall,
        contestants: &[
            Contestant::new(
                "floor",
                "prebuilt, as if they had a group",
                floor::delete_grouped,
            ),
            Contestant::new("nlctl", "Bulk::delete_links", ours::delete_ungrouped),
            Contestant::new("floor, one by one", "prebuilt", floor::delete_each).one_in(10),
            Contestant::new("ip -batch", "link del", ip::delete_each).one_in(10),
        ],
    },
    Case {
        name: "addresses",
        title: "IPv4 addresses of one link",
        unit: "address",
        items: 10_000,
        rounds: 3,
        figure: Figure::Cpu,
        contestants: &[
            Contestant::new(FLOOR.name, FLOOR.how, floor::addresses),
            Contestant::new("nlctl", "Connection::batch", ours::addresses),
            Contestant::new("ip -batch", "addr add, addr del", ip::addresses),
            #[cfg(feature = "peers")]
            Contestant::new(
                "netlink-bindings",
                "Chained, 200 a send",
                bindings::addresses,
            ),
            #[cfg(feature = "peers")]
            Contestant::new("nlink", "Batch of 200", nlink::addresses),
            #[cfg(feature = "peers")]
            Contestant::new("rtnetlink", "address().add(), del()", rtnetlink::addresses),
            #[cfg(feature = "peers")]
            Contestant::new("neli", "NlRouter::send", neli::addresses),
        ],
    },
    Case {
        name: "namespaces",
        title: "Named namespaces wired to a bridge, with address and default route",
        unit: "namespace",
        items: 200,
        rounds: 5,
        figure: Figure::Wall,
        contestants: &[
            Contestant::new(
                "floor",
                "unshare, bind mount, prebuilt messages",
                floor::namespaces,
            ),
            Contestant::new(
                "nlctl",
                "named::create_with, Connection::batch",
                ours::namespaces,
            ),
            #[cfg(feature = "peers")]
            Contestant::new(
                "nlink",
                "namespace::create, a call for each",
                nlink::namespaces,
            ),
            #[cfg(feature = "peers")]
            Contestant::new(
                "rtnetlink",
                "NetworkNamespace::add, a call for each",
                rtnetlink::namespaces,
            )
            .one_in(4),
            Contestant::new(
                "ip processes",
                "six ip processes each, as in a script",
                ip::namespaces,
            )
            .one_in(4),
        ],
    },
];

const ROUTES4: &[Contestant] = &[
    FLOOR,
    Contestant::new("nlctl", "Connection::batch", ours::routes4),
    Contestant::new("ip -batch", "route add, show, del", ip::routes4),
    #[cfg(feature = "peers")]
    Contestant::new("netlink-bindings", "Chained, 200 a send", bindings::routes4),
    #[cfg(feature = "peers")]
    Contestant::new("nlink", "Batch of 200", nlink::routes4),
    #[cfg(feature = "peers")]
    Contestant::new(
        "rtnetlink",
        "route().add(), current-thread tokio",
        rtnetlink::routes4,
    ),
    #[cfg(feature = "peers")]
    Contestant::new(
        "rtnetlink, batch",
        "netlink-proto: request_batch of 200",
        rtnetlink::routes4_batch,
    ),
    #[cfg(feature = "peers")]
    Contestant::new("neli", "NlRouter::send", neli::routes4),
];

/// As [`ROUTES4`]; who waits for each answer does a tenth, or it would take minutes.
const MILLION: &[Contestant] = &[
    ROUTES4[0],
    ROUTES4[1],
    ROUTES4[2],
    #[cfg(feature = "peers")]
    ROUTES4[3],
    #[cfg(feature = "peers")]
    ROUTES4[4],
    #[cfg(feature = "peers")]
    ROUTES4[5].one_in(10),
    #[cfg(feature = "peers")]
    ROUTES4[6],
    #[cfg(feature = "peers")]
    ROUTES4[7].one_in(10),
];

const ROUTES6: &[Contestant] = &[
    Contestant::new(FLOOR.name, FLOOR.how, floor::routes6),
    Contestant::new("nlctl", "Connection::batch", ours::routes6),
    Contestant::new("ip -batch", "route add, show, del", ip::routes6),
    #[cfg(feature = "peers")]
    Contestant::new("netlink-bindings", "Chained, 200 a send", bindings::routes6),
    #[cfg(feature = "peers")]
    Contestant::new("nlink", "Batch of 200", nlink::routes6),
    #[cfg(feature = "peers")]
    Contestant::new(
        "rtnetlink",
        "route().add(), current-thread tokio",
        rtnetlink::routes6,
    ),
    #[cfg(feature = "peers")]
    Contestant::new(
        "rtnetlink, batch",
        "netlink-proto: request_batch of 200",
        rtnetlink::routes6_batch,
    ),
    #[cfg(feature = "peers")]
    Contestant::new("neli", "NlRouter::send", neli::routes6),
];
