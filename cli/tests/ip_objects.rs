//! `ip neigh`, `ip rule`, `ip nexthop`, `ip maddress` and `ip netns`, word for word as iproute2 6.1 has them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "what other tests need of it")]
mod side;

use side::compare;

#[test]
fn neighbours_are_as_iproute2_has_them() {
    nl_netns::isolate!(|| compare(NEIGHBOURS));
}

#[test]
fn rules_are_as_iproute2_has_them() {
    nl_netns::isolate!(|| compare(RULES));
}

#[test]
fn nexthops_are_as_iproute2_has_them() {
    nl_netns::isolate!(|| compare(NEXTHOPS));
}

#[test]
fn multicast_addresses_are_as_iproute2_has_them() {
    nl_netns::isolate!(|| compare(MULTICAST));
}

#[test]
fn names_are_as_iproute2_has_them() {
    nl_netns::isolate!(|| compare(NAMES));
}

const NEIGHBOURS: &str = "
    ~neigh
    ~neigh add 10.0.0.2 lladdr 02:00:00:00:00:09 dev v0
    ~neigh add 10.0.0.2 lladdr 02:00:00:00:00:09 dev v0
    ~neigh add 10.0.0.3 lladdr 02:00:00:00:00:0a nud stale dev v0
    ~neigh add 10.0.0.4 dev v0 nud failed
    ~neigh add 10.0.0.5 dev v0 nud noarp lladdr 1:2:3:4:5:6
    ~neigh add 10.0.0.6 dev v0 lladdr 1:2:3:4:5:6 nud reachable router extern_learn protocol zebra
    ~neigh add proxy 10.0.0.7 dev v0
    ~neigh add 10.0.0.8 dev v0 lladdr 1:2:3:4:5:6 use
    ~neigh add 10.0.0.9 dev v0 managed
    ~neigh add fd00::2 lladdr 02:00:00:00:00:09 dev v0 router
    ~neigh
    ~-d neigh
    ~-N neigh
    ~neigh show proxy
    -j neigh show proxy
    ~neigh show nud all
    ~-br neigh show nud all
    ~-br neigh show nud permanent dev v0
    ~-br neigh show proxy
    ~-br -c neigh show nud permanent
    -br -j neigh show to 10.0.0.2
    ~neigh show nud stale
    ~neigh show nud permanent dev v0
    ~neigh show dev v0
    ~neigh show to 10.0.0.2
    ~neigh show 10.0.0.0/30
    ~neigh show dev nope
    ~neigh show nud nope
    ~neigh show garbage
    ~neigh show master v0
    ~neigh show master nope
    ~neigh show vrf v0
    ~neigh show nomaster
    ~neigh show unused
    ~neigh show protocol zebra
    ~neigh show protocol nope
    ~-6 neigh
    ~-4 neigh show nud 0x40
    ~neigh get 10.0.0.2 dev v0
    ~neigh get 10.0.0.99 dev v0
    ~neigh get 10.0.0.2
    ~neigh get
    ~neigh get proxy 10.0.0.7 dev v0
    -j neigh get 10.0.0.2 dev v0
    ~neigh add 10.0.0.2
    ~neigh add dev v0
    ~neigh add foo dev v0
    ~neigh add 10.0.0.20 dev nope
    ~neigh add 10.0.0.20 lladdr xx dev v0
    ~neigh add 10.0.0.20 lladdr 1:2:3 dev v0
    ~neigh add 10.0.0.20 lladdr 1:2:3:4:5:600 dev v0
    ~neigh add 10.0.0.20 lladdr 10.0.0.1 dev v0
    ~neigh add 10.0.0.20 dev v0
    ~neigh add 10.0.0.20 nud nope dev v0
    ~neigh add 10.0.0.20 10.0.0.21 dev v0
    ~neigh add proxy 10.0.0.20 proxy 10.0.0.21
    ~neigh add 10.0.0.20 lladdr
    ~neigh change 10.0.0.2 lladdr 02:00:00:00:00:0f dev v0
    ~neigh change 10.0.0.55 lladdr 02:00:00:00:00:0f dev v0
    ~neigh replace 10.0.0.2 lladdr null dev v0
    ~neigh replace 10.0.0.2 lladdr 02:00:00:00:00:ff dev v0
    ~neigh append 10.0.0.2 lladdr 02:00:00:00:00:ff dev v0
    ~neigh test 10.0.0.2 lladdr 02:00:00:00:00:ff dev v0
    ~neigh del 10.0.0.2 dev v0
    ~neigh del 10.0.0.2 dev v0
    ~neigh del 10.0.0.77 dev v0
    ~neigh nope
    ~neigh flush
    ~neigh flush dev v0
    ~neigh flush dev nope
    ~neigh
";

const RULES: &str = "
    rule
    -6 rule
    -d rule
    -j -p rule
    -6 -j rule
    rule add from 10.0.0.0/8 table 100
    rule add from 10.0.0.0/8 table 100
    rule add from 10.0.0.1 to 11/8 tos 0x10 fwmark 7/0xff iif lo oif v0 pref 50 table main uidrange 5-10 ipproto tcp sport 80 dport 100-200
    rule add not from 10.0.0.0/8 lookup 7 prio 60
    rule add blackhole from 1.1.1.1
    rule add unreachable to 1.1.1.1 pref 70
    rule add prohibit iif nonexist pref 71
    rule add goto 100 pref 72
    rule add nop pref 73
    rule add goto 73 pref 69
    rule add from all lookup main suppress_prefixlength 0 suppress_ifgroup 5 pref 74
    rule add l3mdev pref 75 protocol bgp
    rule add table 300 tun_id 77 pref 76
    rule add realms 1/2 table 5 pref 77
    rule add fwmark 16 table 5 pref 78 order 79
    rule add type blackhole pref 80
    rule add from default to any table local pref 81
    rule add fwmark 1 pref 82
    rule add ipproto 250 dport 53 pref 83
    rule add nat 1.2.3.4 pref 84
    rule add dsfield 0x28 pref 85
    rule add from 10.0.0.0/8
    rule
    -d rule
    -N rule
    -j -p rule
    -j -d rule
    rule show from 10.0.0.0/8
    rule show from 10.0.0.1
    rule show to 1.1.1.1
    rule show table 100
    rule show lookup main
    rule show fwmark 7
    rule show fwmark 7/0xff
    rule show iif lo
    rule show oif v0
    rule show pref 50
    rule show prio 50
    rule show order 50
    rule show not
    rule show uidrange 5-10
    rule show ipproto tcp
    rule show sport 80
    rule show dport 100-200
    rule show tos 0x10
    rule show l3mdev
    rule show protocol bgp
    rule show tun_id 77
    rule show suppress_prefixlength 0
    rule show garbage
    rule show table nope
    rule list from foo
    rule add
    rule add from
    rule add from foo
    rule add garbage
    rule add table nope
    rule add pref nope
    rule add fwmark nope
    rule add fwmark 1/nope
    rule add tos nope
    rule add iif 0123456789abcdefg table 5
    rule add uidrange nope
    rule add ipproto nope
    rule add sport nope
    rule add dport nope
    rule add goto nope
    rule add goto 5 pref 5
    rule add goto 50 pref 51
    rule add realms nope
    rule add protocol nope
    rule add type nope
    rule add suppress_prefixlength nope
    rule add suppress_ifgroup nope
    rule add tun_id nope
    rule add l3mdev table 5
    -6 rule add from 10.0.0.0/8
    -6 rule add from fd00::/8 table 5
    -6 rule show
    rule add from fd00::/8 table 6
    -6 rule
    -6 rule flush
    -6 rule
    rule del pref 50
    rule del pref 50
    rule del
    rule del from 99.0.0.0/8
    rule nope
    rule flush from 10.0.0.0/8
    -s rule flush protocol bgp
    rule flush
    rule
";

const NEXTHOPS: &str = "
    nexthop help
    nexthop
    nexthop show
    -j nexthop show
    nexthop add id 1 via 10.0.0.2 dev v0
    nexthop add id 2 via 10.0.0.3 dev v0 onlink proto static
    nexthop add id 3 blackhole
    nexthop add id 4 dev v0
    -6 nexthop add id 5 via fd00::2 dev v0
    nexthop add id 6 via fd00::3 dev v0
    -6 nexthop add id 7 blackhole proto bgp
    nexthop add id 10 group 1
    nexthop add id 11 group 1,3/2,5
    nexthop add id 12 group 1/2 type mpath
    nexthop add id 13 group 1/2 type resilient buckets 8 idle_timer 60 unbalanced_timer 300
    nexthop add id 14 group 1/2 type resilient
    nexthop add id 20 via 10.0.0.9 fdb
    nexthop add id 21 via 10.0.0.10 fdb
    nexthop add id 22 group 20/21 fdb
    nexthop add via 10.0.0.44 dev v0
    nexthop
    -d nexthop
    -j -p nexthop
    -j -p -d nexthop
    -N nexthop
    -o nexthop
    -s nexthop
    -4 nexthop
    -6 nexthop
    nexthop show id 1
    nexthop show id 99
    nexthop get id 1
    nexthop get id 13
    -j nexthop get id 13
    nexthop get id 99
    nexthop get
    nexthop get dev v0
    nexthop show dev v0
    nexthop show dev nope
    nexthop show groups
    nexthop show fdb
    nexthop show master nope
    nexthop show master v0
    nexthop show vrf v0
    nexthop show vrf nope
    nexthop show proto static
    nexthop show proto 0
    nexthop show proto nope
    nexthop show foo
    nexthop show help
    nexthop list id
    nexthop add
    nexthop add id 1 via 10.0.0.2 dev v0
    nexthop add id x dev v0
    nexthop add id 0 dev v0
    nexthop add id 30
    nexthop add id 30 via
    nexthop add id 30 via foo
    nexthop add id 30 via inet6 fd00::8 dev v0
    nexthop add id 30 dev nope
    nexthop add id 31 via 99.1.1.1 dev v0
    nexthop add id 31 via 99.1.1.1
    nexthop add id 31 group
    nexthop add id 31 group x
    nexthop add id 31 group 1,0
    nexthop add id 31 group 1,257
    nexthop add id 31 group 1,256
    nexthop add id 32 group 1,x
    nexthop add id 32 group 1,2,3
    nexthop add id 32 group 1/
    nexthop add id 32 group /1
    nexthop add id 32 group 1/99
    nexthop add id 32 group 1//2
    nexthop add id 32 group 1/x
    nexthop add id 32 group x,5
    nexthop add id 32 group 1,3/x,2
    nexthop add id 32 group 0
    nexthop add id 32 group 1,
    nexthop add id 32 group 1 type foo
    nexthop add id 32 type resilient
    nexthop add id 32 type mpath buckets 3 group 1
    nexthop add id 32 group 1 type mpath buckets 3
    nexthop add id 33 group 1 type mpath foo
    nexthop add id 33 group 1 type resilient buckets x
    nexthop add id 33 group 1 type resilient idle_timer x
    nexthop add id 33 group 1 type resilient idle_timer 1.5
    nexthop add id 34 group 1 type resilient idle_timer 99999999999
    nexthop add id 34 group 1 type resilient unbalanced_timer -1
    nexthop add id 34 group 1 type resilient buckets 70000
    nexthop add id 34 group 1 buckets 3
    nexthop add id 34 blackhole onlink
    nexthop add id 35 blackhole via 10.0.0.1
    nexthop add id 35 blackhole dev v0
    nexthop add id 35 proto nope dev v0
    nexthop add id 35 dev v0 foo
    nexthop add id 35 dev v0 scope link
    nexthop show id 36
    nexthop add id 35 help
    nexthop add help
    nexthop add dev v0 dev v1
    nexthop add id 37 id 38 dev v0
    nexthop replace id 1 via 10.0.0.5 dev v0
    nexthop rep id 50 via 10.0.0.5 dev v0
    nexthop append id 10 group 2
    nexthop change id 1 dev v0
    nexthop show
    route add 10.9.0.0/16 nhid 1
    route add 10.10.0.0/16 nhid 12
    -6 route add fd09::/64 nhid 5
    route
    -j route
    -d route
    -d -j route
    -6 route
    route show 10.10/16
    route get 10.9.0.1
    route show nhid 1
    -N nexthop show id 7
    nexthop del id 99
    nexthop del
    nexthop del id
    nexthop del id 1 foo
    nexthop del id x
    nexthop del dev v0
    nexthop delete id 50
    nexthop d id 10
    nexthop flush id 2
    nexthop flush id 99
    -s nexthop flush proto static
    nexthop flush proto bgp
    nexthop flush fdb
    -s nexthop flush groups
    nexthop flush foo
    -s nexthop flush dev v0
    -s nexthop flush
    -s -s nexthop flush
    nexthop flush
    nexthop foo
    -4 nexthop add id 60 dev v0
    nexthop add id 60 dev v0 blackhole
    nexthop show id 60
    -f bridge nexthop add id 61 dev v0
    -f link nexthop add id 61 dev v0
    -color=always nexthop
    nexthop
    -d nexthop
";

// The group of an address comes when the kernel finds the time: none here.
const MULTICAST: &str = "
    -6 address flush dev v0
    maddr help
    maddr
    -j -p maddr
    maddr show dev v0
    -4 maddr show dev v0
    -6 maddr show
    -0 maddr show
    -4 -j -p maddr show
    -o maddr
    -s maddr
    maddr show v0
    maddr show nope
    maddr show dev nope
    maddr show dev v0 dev v1
    maddr show v0 v1
    maddr add 33:33:00:00:00:07 dev v0
    maddr add 33:33:00:00:00:07 dev v0
    maddr show dev v0
    maddr add dev v0 01:00:5e:00:00:07
    maddr add
    maddr add dev v0
    maddr add 33:33:00:00:00:08
    maddr add 33:33:00:00:00:08 dev nope
    maddr add foo dev v0
    maddr add 224.0.0.7 dev v0
    maddr add 33:33 dev v0
    maddr add 02:00:00:00:00:07 dev v0
    maddr add address 33:33:00:00:00:09 dev v0
    maddr add 33:33:00:00:00:09 dev v0 dev v1
    maddr add 33:33:00:00:00:09 33:33:00:00:00:09 dev v0
    maddr del 33:33:00:00:00:07 dev v0
    maddr del 33:33:00:00:00:07 dev v0
    maddr del 33:33:00:00:00:77 dev v0
    maddr foo
    maddr list dev v1
    maddr lst dev v1
    maddr show all
    maddr show help
    maddr add help
    maddr add 33:33:00:00:00:07 dev v1
    -j maddr show dev v1
    -color=always maddr show dev v1
    maddr add zz dev v0
    maddr add 33:33:00:00:00:07 dev averyveryverylongname
    maddr add 1:2:3:4:5:6:7 dev v0
    maddr add 33:33:00:00:00:07 dev
    maddr show dev
    maddr add address
    maddr sh h
    maddr add h
    maddr h
    -f bridge maddr
    -s -d maddr show dev lo
    !maddr add 33:33:00:00:00:07 dev v0
    maddr add 33:33:00:00:00:07 dev ''
";

const NAMES: &str = "
    netns
    netns list
    netns add
    netns add a
    netns add a
    netns add a/b
    netns add ..
    netns add ''
    netns add b c
    netns list
    netns ls x
    -j netns
    netns set a 5
    netns set a 5
    netns set b 5
    netns set b auto
    netns set b nope
    netns set b -1
    netns set b
    netns set
    netns set nope 5
    netns set a/b 5
    netns list
    -j -p netns list
    netns list-id
    -j -p netns list-id
    netns list-id nsid 5
    netns list-id nsid 99
    netns list-id nsid nope
    netns list-id target-nsid 5
    netns list-id target-nsid 5 nsid 0
    netns list-id target-nsid 99
    netns list-id target-nsid nope
    netns list-id garbage
    -n a netns list-id
    netns exec
    netns exec a
    netns exec nope true
    netns exec ''
    netns exec a/b
    netns identify a/b
    netns exec a/b true
    netns exec a false
    netns exec a sh -c 'exit 7'
    netns exec a sh -c 'readlink /proc/self/ns/net >/dev/null && ls /sys/class/net'
    netns exec a /nonexistent
    -n nope route
    -n a route
    -n a rule
    -all netns exec
    -all netns exec ls /sys/class/net
    -all netns exec false
    netns identify
    netns identify 999999999
    netns identify nope
    netns identify 1 2
    netns pids
    netns pids a
    netns pids nope
    netns pids a b
    netns attach
    netns attach c
    netns attach d nope
    netns attach d 999999999
    netns attach a/b 1
    netns delete
    netns delete nope
    netns delete a/b
    netns delete b c
    netns list
    -all netns delete
    netns list
    -j netns
    -all netns delete x
    netns nope
    netns help
    netns l
    netns e
    netns p
    netns d
    netns s
    netns list- garbage
";

/// `nlctl link -br show`: options stand behind an object that is an applet, too.
#[test]
fn an_applet_of_an_object_has_ips_options() {
    nl_netns::isolate!(|| {
        let run = |line: &str| {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_nlctl"));
            let output = command.args(line.split(' ')).output().unwrap();
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            (
                output.status.code(),
                text(&output.stdout),
                text(&output.stderr),
            )
        };
        assert_eq!(run("netns add red").0, Some(0));
        assert_eq!(run("ip -n red link set lo up").0, Some(0));
        for (ours, ips) in [
            ("link -br show", "ip -br link show"),
            ("route -j show table all", "ip -j route show table all"),
            ("addr --json -p show lo", "ip -j -p addr show lo"),
            ("addr -n red -4 -o show", "ip -n red -4 -o addr show"),
            ("link -- show lo", "ip -- link show lo"),
            ("rule --help", "ip rule help"),
            ("monitor -j help", "ip monitor help"),
            ("monitor -n red -j help", "ip monitor help"),
            ("link -x show", "ip -x link show"),
            ("link -n nope show", "ip -n nope link show"),
        ] {
            let (have, want) = (run(ours), run(ips));
            assert_eq!(have, want, "{ours}");
            assert!(!(want.1 + &want.2).is_empty(), "{ips} says nothing");
        }
    });
}
