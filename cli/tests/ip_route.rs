//! `ip route`, word for word as iproute2 6.1 has it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod side;

use side::{Side, compare};

#[test]
fn routes_are_as_iproute2_has_them() {
    nl_netns::isolate!(|| compare(ROUTES));
}

/// Corners: families, colours, words that mean something unexpected.
#[test]
fn corners_are_as_iproute2_has_them() {
    nl_netns::isolate!(|| compare(CORNERS));
}

/// Without capabilities, where there is something to be refused.
#[test]
fn refusals_are_as_iproute2_has_them() {
    nl_netns::isolate!(|| compare(REFUSALS));
}

#[test]
fn nexthops_of_routes_are_as_iproute2_has_them() {
    nl_netns::isolate!(|| compare(NEXTHOPS_OF_ROUTES));
}

/// Without iproute2: what is made is shown, in text and in JSON, and what is deleted is gone.
#[test]
fn what_is_made_is_shown_until_it_is_deleted() {
    nl_netns::isolate!(|| {
        let ip = Side::ours();
        for (add, show, text, delete) in [
            (
                "route add 10.9.0.0/16 via 10.0.0.2 metric 7",
                "route show 10.9/16",
                "10.9.0.0/16 via 10.0.0.2 dev v0 metric 7 \n",
                "route del 10.9.0.0/16",
            ),
            (
                "route add default nexthop via 10.0.0.2 weight 2 nexthop via 10.0.0.3",
                "-j route show default",
                "[{\"dst\":\"default\",\"flags\":[],\"nexthops\":[\
                 {\"gateway\":\"10.0.0.2\",\"dev\":\"v0\",\"weight\":2,\"flags\":[]},\
                 {\"gateway\":\"10.0.0.3\",\"dev\":\"v0\",\"weight\":1,\"flags\":[]}]}]\n",
                "route del default",
            ),
            (
                "-6 route add fd09::/16 via fd00::2",
                "-6 route show fd09::/16",
                "fd09::/16 via fd00::2 dev v0 metric 1024 pref medium\n",
                "-6 route del fd09::/16",
            ),
            (
                "neigh add 10.0.0.7 lladdr 2:0:0:0:0:7 dev v0",
                "neigh show dev v0 nud permanent",
                "10.0.0.7 lladdr 02:00:00:00:00:07 PERMANENT \n",
                "neigh del 10.0.0.7 dev v0",
            ),
            (
                "rule add from 10.7.0.0/16 fwmark 7 table 77 pref 7",
                "rule show pref 7",
                "7:\tfrom 10.7.0.0/16 fwmark 0x7 lookup 77\n",
                "rule del pref 7",
            ),
            (
                "netns add red",
                "-j netns",
                "[{\"name\":\"red\"}]\n",
                "netns del red",
            ),
        ] {
            for line in [add, delete] {
                if line == delete {
                    let shown = ip.run(show);
                    assert_eq!((shown.code, shown.out.as_str()), (Some(0), text), "{show}");
                }
                let done = ip.run(line);
                assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{line}");
            }
            let left = ip.run(show).out;
            assert!(left.is_empty() || left == "[]\n", "{show}: {left}");
        }
    });
}

/// Routes that were saved come back.
#[test]
fn saved_routes_are_restored() {
    nl_netns::isolate!(|| {
        let script = "set -e; ip() { $NLCTL ip \"$@\"; }
            ip route add 10.1.0.0/16 via 10.0.0.2; ip route add 10.2.0.0/16 dev v1 metric 3
            ip route > /run/before; ip route save > /run/routes
            ip route flush root 10.0.0.0/8; test -z \"$(ip route)\"
            ip route restore < /run/routes; ip route | diff /run/before -";
        let ip = Side::ours();
        let outcome = ip.shell(script);
        assert_eq!(
            (outcome.code, outcome.out.as_str(), outcome.err.as_str()),
            (Some(0), "", "")
        );
    });
}

const ROUTES: &str = "
    route
    -d route
    -j -p route
    -j -d -p route
    -6 route
    -6 -j -p route
    route show table all
    route show table local
    route add 10/8 via 10.0.0.2
    route add 10/8 via 10.0.0.2
    route add 11.0.0.0/8 nexthop via 10.0.0.2 weight 2 nexthop dev v1 onlink
    route add 12.0.0.0/8 via inet6 fe80::1 dev v0
    route add 13.0.0.0/8 dev v0 mtu lock 1400 advmss 1300 window 100 rtt 5 rttvar 10ms ssthresh 3 cwnd 4 reordering 5 hoplimit 6 initcwnd 7 features ecn rto_min 2s initrwnd 8 quickack 1 congctl cubic fastopen_no_cookie 1 realms 1/2
    route add blackhole 14.0.0.0/8 metric 5
    route add unreachable default metric 500 table 100
    route add throw 15.0.0.0/8 tos 0x10
    route show
    -d route show
    -o route show
    -j -p route show
    -d -j -p route show
    route show table all
    -N route show
    -6 route add 2001:db9::/32 nexthop via fd00::2 nexthop via fd00::3 weight 4
    -6 route add blackhole 2001:dba::/32
    -6 -s route
    -6 -d -s route
    -6 -j -s -p route
    route get 10.0.0.5
    -j -p route get 10.0.0.5
    -d route get 10.1.1.1
    route get fibmatch 10.1.1.1
    route get fd00::9
    route get ::1
    -j -p route get ::1
    route get 10.0.0.255
    route get 8.8.8.8
    route get 14.1.1.1
    route get 11.1.1.1 from 10.0.0.1 ipproto tcp sport 5 dport 6 uid 3 mark 7
    route get 10.0.0.5 oif v1
    route get 10.0.0.5 connected
    route get 10.0.0.5/24
    -s route show cache
    route show dev v0
    route show dev nope
    route show root 10/8
    route show match 10.0.0.0/24
    route show exact 10/8
    route show 10/8
    route show default
    route show via 10.0.0.2
    route show proto kernel
    route show scope link
    route show type blackhole
    route show src 10.0.0.1
    route show metric 5
    route show realm 1/2
    -6 route show root fd00::/16
    route flush
    route flush table 100
    route flush table 100
    -s -s route flush 10/8
    -s route flush 10/8
    -s route flush table 100
    route flush table cache
    -s route flush cache
    route add foo dev v0
    route add 10.0.0.0/33 dev v0
    route add 10.0.0.1/8 dev v0
    route add 10.0.0.0/8 dev nope
    route add 10.0.0.0/8 dev
    route add 10.0.0.0/8 garbage
    route add
    route add default
    route add default via 99.1.1.1
    route add default via foo
    -6 route add default via 10.0.0.1
    route add 16/8 dev v0 proto nope
    route add 16/8 dev v0 scope nope
    route add 16/8 dev v0 table nope
    route add 16/8 dev v0 metric nope
    route add 16/8 dev v0 mtu nope
    route add 16/8 dev v0 tos nope
    route add 16/8 dev v0 realm nope
    route add 16/8 dev v0 expires nope
    route add 16/8 dev v0 nhid nope
    route add 16/8 dev v0 nhid 7
    route add 16/8 dev v0 rtt nope
    route add 16/8 dev v0 features nope
    route add 16/8 dev v0 quickack 5
    route add 16/8 dev v0 hoplimit 256
    route add 16/8 dev v0 pref nope
    route add 16/8 dev v0 vrf nope
    route add 16/8 nexthop garbage
    route add 16/8 nexthop
    route add 16/8 nexthop dev nope
    route add 16/8 nexthop dev v0 weight 0
    route add 16/8 nexthop dev v0 weight 257
    route add 16/8 nexthop via foo
    route add 16/8 nexthop via fe80::1 dev v0
    route del 77/8
    route change 77/8 dev v0
    route test 77/8 dev v0
    route replace 77/8 dev v0
    route append 77/8 dev v1
    route prepend 77/8 dev v1 metric 3
    route list 77/8
    route nope
    route get
    route get nope
    route get 10.0.0.1 iif nope
    route get 10.0.0.1 ipproto nope
    route get 10.0.0.1 sport nope
    route get 10.0.0.1 uid nope
    route get 10.0.0.1 mark nope
    route show table nope
    route show proto nope
    route show scope nope
    route show type nope
    route show tos nope
    route show nope
    route show via nope
    route show realm nope
    route show mark nope
    route show nhid nope
    route show vrf v0
    route add local 50.0.0.1 dev v0
    route add nat 51.0.0.1 via 1.1.1.1
    route add multicast 224.1.0.0/16 dev v0
    route add anycast 52.0.0.0/8 dev v0
    route add broadcast 53.0.0.0/8 dev v0
    route add prohibit 54.0.0.0/8
    route show table all
    -d route show type local table all
    route
    -6 route
    -6 route show table all
    -6 -d -j route show table all
";

const NEXTHOPS_OF_ROUTES: &str = "
    nexthop add id 1 dev v0 via fd00::3
    nexthop add id 2 blackhole via fd00::3
    nexthop add id 3 fdb
    nexthop add id 3 fdb via fd00::3
    -6 nexthop add id 4 via 10.0.0.2 dev v0
    nexthop add id 5 via inet 10.0.0.2 dev v0 pro static
    nexthop add id 6 via inet6 10.0.0.2 dev v0
    nexthop add id 6 h
    nexthop add id 6 black
    nexthop add id 6 group 5 type res buckets 4
    nexthop add id 6 group 5 type mp
    nexthop add id 7 group 5 type resilient buckets 4 idle_timer 42949672
    nexthop add id 8 group 5 type resilient buckets 4 idle_timer 42949673
    nexthop add id 8 group 5 type resilient buckets 4 idle_timer 1000000
    nexthop add id 9 group 5 type resilient buckets 4 idle_timer 12345678 unbalanced_timer 0x10 proto static
    nexthop add id 10 group 0x5,0x10
    nexthop add id 11 group 5 type resilient buckets 4 via 10.0.0.2
    nexthop add id 11 group 5 via 10.0.0.2 dev v0
    nexthop add id 11 group 5 dev v0
    nexthop add id 11 group 5 blackhole
    nexthop add id 11 group 5 type mpath fdb
    nexthop add id 11 group 5 type mpath id 12
    nexthop add id 11 group 5 type mpath fdb id 12
    nexthop add id 13 group 5 type resilient buckets 4 fdb
    nexthop add id 13 group 5 type
    nexthop add id 14 group 5 group 5,7
    nexthop add id 15 proto 256 dev v0
    nexthop add id -1 dev v0
    nexthop add id 4294967295 dev v0
    nexthop add id 4294967296 dev v0
    nexthop add id 16 dev v0 via
    nexthop add id 17 dev if2
    nexthop add id 17 dev lo
    -4 nexthop add id 18 group 5
    -6 nexthop add id 19 group 5
    nexthop show
    -j nexthop show id 8
    -j nexthop show id 9
    nexthop show proto 4
    nexthop show proto 256
    nexthop show proto 255
    nexthop show proto -1
    nexthop show proto 0x4
    nexthop show p 4
    nexthop show id x
    nexthop show id 5 foo
    nexthop show id 5 dev lo
    nexthop show dev lo id 5
    nexthop show dev if7
    nexthop show dev if2
    nexthop show group
    nexthop show h
    nexthop get id 5 foo
    nexthop get id 5 dev lo
    nexthop get id 5 id 9
    nexthop get id x
    nexthop get id
    nexthop get foo
    nexthop get 5
    nexthop get h
    -6 nexthop get id 5
    -N -d nexthop get id 5
    -d nexthop get id 5
    -color=always nexthop
    -color=always nexthop get id 3
    -s -s nexthop flush proto 4
    nexthop show
    route add 10.9.0.0/16 nhid 17
    nexthop add id 1 via fd00::3 dev v0
    -6 route add fd09::/64 nhid 1
    -6 -d route
    -6 -j -d route
    nexthop add id 20 via 10.0.0.4 dev v0
    nexthop add id 21 group 20/17
    route add 10.20.0.0/16 nhid 20 mtu 1300
    route add 10.21.0.0/16 nhid 21 mtu 1300 realm 3
    nexthop add id 22 group 1
    -6 route add fd08::/64 nhid 22 mtu 1300
    nexthop add id 24 blackhole
    route add 10.24.0.0/16 nhid 24
    -d route
    -d -o route
    route
    -6 -d route
    -d -s -6 route show fd08::/64
    -j -d -p route
    -d route get 10.20.0.1
    -d route get fibmatch 10.20.0.1
    -d route get 10.24.0.1
    route add 10.25.0.0/16 nhid 99
    route add 10.25.0.0/16 nhid 20 dev v0
    route add 10.25.0.0/16 nhid 20 via 10.0.0.2
    route add 10.25.0.0/16 nhid x
    route add 10.25.0.0/16 nhid
    -d -N route
    nexthop
    -d route
    nexthop flush id 20
    nexthop flush id 21 id 22
    nexthop
    nexthop flush dev lo
    nexthop
    nexthop fl
    nexthop f
    nexthop r id 1 dev v0
    nexthop l
    nexthop s
    nexthop ls
    nexthop h
    nexthop g id 1
    !nexthop add id 77 dev lo
    !nexthop del id 77
    link set v0 down
    nexthop
    -d route
";

const CORNERS: &str = "
    route add 11.0.0.0/8 nexthop via 10.0.0.2 weight 2 realm 3 nexthop via inet6 fd00::2 dev v0 weight 5 onlink
    route add 12.0.0.0/8 via 10.0.0.2 mtu 1400 hoplimit 30 rtt 2s rto_min 1.5s
    route
    -j route
    -o route
    -c=always route
    -c=always -6 route
    -c=always rule
    -c=always neigh show nud all to 10.0.0.0/8
    route get 12.0.0.1 mark 20
    route get 12.0.0.1 mark 3 tos 4
    -j route get 12.0.0.1 mark 20
    route get 10.0.0.7 uid 7 ipproto udp sport 3 dport 4
    route get 10.0.0.1 from 10.0.0.9 iif v0
    route get fibmatch 11.5.5.5
    -6 route get default
    -4 route get default
    route get 224.0.0.5
    route get 255.255.255.255
    route add unreachable fd05::/16
    route get fd05::1
    -6 route add prohibit fd06::/16 metric 5
    route add throw fd07::/16
    -6 route
    -6 route get fd06::1
    route
    -d route
    -j route
    -6 route
    route add 30/8 via 10.0.0.2 src 10.0.0.1 table 1000 proto 77 scope 100
    route show table 1000
    -d route show table 1000
    route show table all proto 77
    route show proto static table all
    ~route show table 0
    route list type unicast
    route list table all type broadcast
    route list root 0/0
    route list match 11.1.1.1
    route list exact 11/8
    route list to root 12/8
    route list to exact 12/8
    route list via 10.0.0.0/24
    route list via inet6 fd00::2
    route list src 10.0.0.0/8
    -6 route list fd00::/64
    -6 route list default
    -6 route list scope global
    route list scope 253
    r l
    ro s
    r a 40/8 dev v0
    r d 40/8
    r c 40/8 dev v0
    r rep 40/8 dev v0
    r del 40/8 dev v1
    r del 40/8 via 10.0.0.99
    r del 40/8 proto static
    r del 40.0.0.0/8 dev v0
    route add 41/8 dev v0 congctl nope
    route add 41/8 dev v0 congctl lock cubic
    route add 42/8 dev v0 onlink via 99.0.0.1
    route add 43/8 via 10.0.0.2 dev v0 metric 100 preference 200
    route add 44/8 dev v0 tos AF11
    route add 45/8 dev v0 dsfield 4
    route add 46/8 dev v0 table local
    route add to 47/8 dev v0 oif v1
    route add unicast 48/8 dev v0
    route add 0/0 dev v0
    route add any dev v1 metric 5
    route add all dev v1 metric 6
    route list
    route list any
    -6 route add ::/0 dev v0
    -6 route add default via fd00::5
    -6 r
    route del default
    route del default
    route del default
    route del default
    -s -s route flush table main proto boot
    -s route flush root 10/8 dev v1
    -6 -s route flush table main
    route flush table main type broadcast
    -s route flush cache table main
    -6 -s route flush cache
    route list
    -4 -6 route list
    -0 route list
    -B route list
    -f inet6 route add 50/8 dev v0
    route add help
    route show help
    route get help
    neigh add help
    ~neigh show help
    rule add help
    rule show help
    rule add not help
    route get 10.0.0.1 from
    route list dev
    route list proto
    route list table
    rule list table
    rule del garbage
    rule del priority
    neigh del 10.0.0.5
    neigh del
    neigh add
    ~neigh show dev v0 dev v1
    neigh get 10.0.0.1 10.0.0.2
    neigh get dev v0
    neigh get foo dev v0
    neigh get 10.0.0.1 dev nope
    neigh add 10.0.0.1 dev v0 nud 0x40 lladdr 1:2:3:4:5:6
    neigh add 10.0.0.2 dev v0 nud none
    neigh add 10.0.0.3 dev v0 nud perm lladdr 1:2:3:4:5:6
    neigh add 10.0.0.4 dev v0 nud 3
    ~neigh show nud none
    ~neigh show nud permanent nud noarp
    ~neigh show to 10.0.0.3 dev v0
    ~-0 neigh
    rule add pref 0x10 table 0x20
    rule add pref 30 fwmark 0x10/0x10 lookup main
    rule add pref 31 fwmark 0/0x10 lookup main
    rule add pref 32 fwmark 5/0 lookup main
    rule add pref 33 sport 5-4 table 5
    rule add pref 35 uidrange 9-3 table 5
    rule add pref 36 suppress_prefixlength -1 table 5
    rule add pref 37 suppress_ifgroup default table 5
    rule add pref 38 iif '' table 5
    rule add pref 39 from 10.0.0.1/0 table 5
    rule add pref 40 to 0/0 table 5
    rule add pref 41 table all
    rule add pref 43 realms 5 table 5
    rule add pref 44 proto static table 5
    rule add pref 45 type unicast
    rule add pref 46 local
    rule add pref 47 order 48 prio 49 table 5
    rule add pref 49 table 5
    rule
    -j rule
    rule list fwmark 0x10
    rule list not
    rule list suppress_ifgroup default
    -4 rule del table 5
    rule del table 5
    rule del lookup 0x20
    rule flush table 5
    rule
    rule flush proto static
    rule
";

const REFUSALS: &str = "
    netns add z
    !netns list
    !netns add u
    !netns exec z true
    !netns delete z
    !netns set z 4
    !netns pids z
    !netns attach u 1
    !-all netns delete
    !-all netns exec true
    !-n z route
    !route
    !-6 route
    !route add 10/8 dev lo
    !route add 10/8 dev nope
    !route del 10.0.0.0/24
    !route get 10.0.0.2
    !route flush table 99
    !-s route flush cache
    !neigh
    !neigh add 10.0.0.2 dev v0 lladdr 1:2:3:4:5:6
    !neigh del 10.0.0.2 dev v0
    !neigh get 10.0.0.2 dev v0
    !neigh flush dev lo nud all
    !rule
    !rule add table 5
    !rule del pref 32766
    !rule flush
    route add 33/8 dev v0
    !route flush 33/8
    neigh add 10.0.0.2 dev v0 lladdr 1:2:3:4:5:6
    !neigh flush 10.0.0.2 nud all
    -all netns delete
";
