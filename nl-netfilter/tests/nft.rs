//! What we write, nft writes too: the kernel's copy of our rules is compared with its copy of
//! nft's, expression by expression, and `nft list` must show the text.
#![allow(
    clippy::unwrap_used,
    reason = "test code, which clippy does not see as such"
)]

mod common;

use common::{list, nft, nft_file};
use nl_core::Connection;
use nl_netfilter::build::{NatTo, ct, icmp, icmpv6, ip, ip6, meta, tcp, th, udp};
use nl_netfilter::expr::{CmpOp, CtState, Expr, Limit, NatFlags};
use nl_netfilter::{
    DataType, Element, Family, GetRules, Hook, MapData, Netfilter, NetfilterExt, NewChain, NewRule,
    NewSet, NewTable, Policy, SetElements, Transaction, Verdict,
};

const HOOKS: &[(&str, &str, Hook, i32)] = &[
    ("pre", "nat", Hook::PREROUTING, -100),
    ("post", "nat", Hook::POSTROUTING, 100),
    ("fil", "filter", Hook::FORWARD, 0),
    ("raw", "filter", Hook::PREROUTING, -300),
];

fn skeleton(family: Family, table: &str) -> Transaction {
    let mut transaction = Transaction::new()
        .add(NewTable::new(family, table))
        .add(NewChain::new(family, table, "sub"));
    for (name, kind, hook, priority) in HOOKS {
        let chain = NewChain::new(family, table, name);
        transaction.push(match *kind {
            "nat" => chain.nat(*hook, *priority),
            _ => chain.filter(*hook, *priority),
        });
    }
    transaction
}

fn exprs(nf: &mut Connection<Netfilter>, family: Family, table: &str) -> Vec<Vec<Expr>> {
    let rules = nf.collect(&GetRules::of_table(family, table)).unwrap();
    rules
        .iter()
        .map(|rule| rule.view().exprs().unwrap().iter().collect())
        .collect()
}

/// Adds each rule twice, by us and by nft from its text; both must be the same to the kernel, and
/// nft must list ours as the text says.
fn compare(family: Family, rows: &[Row]) {
    let word = family.keyword().unwrap();
    let mut nf = Connection::<Netfilter>::open().unwrap();
    nf.commit(&skeleton(family, "ours")).unwrap();
    nf.commit(&skeleton(family, "theirs")).unwrap();
    for (chain, text, build) in rows {
        let rule = build(NewRule::new(family, "ours", chain));
        nf.commit(&Transaction::new().add(rule))
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        nft_file(&format!("add rule {word} theirs {chain} {text}\n"));
        let ours = exprs(&mut nf, family, "ours");
        let theirs = exprs(&mut nf, family, "theirs");
        assert_eq!(ours, theirs, "{text}");
        assert!(
            !format!("{ours:?}").contains("Unknown"),
            "{text}: {ours:#?}"
        );
        let listed = list(&["chain", word, "ours", chain]);
        assert_eq!(listed, list(&["chain", word, "theirs", chain]), "{text}");
        for other in ["ours", "theirs"] {
            let flush = nl_netfilter::DelRule::flush_table(family, other);
            nf.commit(&Transaction::new().add(flush)).unwrap();
        }
    }
}

type Row = (&'static str, &'static str, fn(NewRule) -> NewRule);

const IP: &[Row] = &[
    ("fil", "ip saddr 10.0.0.1 accept", |r| {
        r.matching(ip::saddr(([10, 0, 0, 1], 32))).accept()
    }),
    ("fil", "ip saddr 10.0.0.0/24 drop", |r| {
        r.matching(ip::saddr(([10, 0, 0, 0], 24))).drop()
    }),
    ("fil", "ip daddr != 10.0.0.0/20 counter", |r| {
        r.matching(ip::DADDR.starts_not_with([10, 0, 0, 0], 20))
            .counter()
    }),
    ("fil", "ip saddr 10.0.0.1-10.0.0.9 return", |r| {
        r.matching(ip::SADDR.between([10, 0, 0, 1], [10, 0, 0, 9]))
            .return_()
    }),
    ("fil", "ip saddr != 10.0.0.1-10.0.0.9 goto sub", |r| {
        r.matching(ip::SADDR.not_between([10, 0, 0, 1], [10, 0, 0, 9]))
            .goto("sub")
    }),
    ("fil", "tcp dport 22 jump sub", |r| {
        r.matching(tcp::dport(22)).jump("sub")
    }),
    ("fil", "tcp sport 1 tcp dport 22 accept", |r| {
        r.matching(tcp::sport(1)).matching(tcp::dport(22)).accept()
    }),
    ("fil", "tcp dport 22 tcp sport 1 accept", |r| {
        r.matching(tcp::dport(22)).matching(tcp::sport(1)).accept()
    }),
    ("fil", "ip protocol udp udp dport 53 accept", |r| {
        r.matching(ip::PROTOCOL.is([17]))
            .matching(udp::dport(53))
            .accept()
    }),
    ("fil", "tcp flags & (syn | ack) == syn counter", |r| {
        r.matching(tcp::FLAGS.masked([0x12], CmpOp::EQ, [2]))
            .counter()
    }),
    ("fil", "icmp type echo-request accept", |r| {
        r.matching(icmp::TYPE.is([8])).accept()
    }),
    ("fil", "iifname \"eth0\" oifname \"eth*\" accept", |r| {
        r.iifname("eth0").oifname("eth*").accept()
    }),
    ("fil", "iif 1 accept", |r| {
        r.matching(meta::IIF.is(1u32.to_ne_bytes())).accept()
    }),
    ("fil", "meta mark > 0x10 accept", |r| {
        r.matching(meta::MARK.cmp(CmpOp::GT, 0x10u32.to_be_bytes()))
            .accept()
    }),
    ("fil", "meta mark & 0xff == 0x10 accept", |r| {
        r.matching(meta::MARK.masked(0xffu32.to_ne_bytes(), CmpOp::EQ, 0x10u32.to_ne_bytes()))
            .accept()
    }),
    ("fil", "ct state established,related accept", |r| {
        r.ct_state(CtState::ESTABLISHED | CtState::RELATED).accept()
    }),
    ("fil", "ct state != new drop", |r| {
        r.matching(ct::STATE.is_not(8u32.to_ne_bytes())).drop()
    }),
    ("fil", "limit rate 10/second accept", |r| {
        r.limit(Limit::packets(10, 1)).accept()
    }),
    ("fil", "limit rate over 5 mbytes/minute drop", |r| {
        r.limit(Limit::bytes(5 << 20, 60).over()).drop()
    }),
    ("fil", "log prefix \"no: \" drop", |r| {
        r.log(Some("no: ")).drop()
    }),
    ("fil", "log", |r| r.log(None)),
    ("fil", "reject", NewRule::reject),
    ("fil", "reject with tcp reset", NewRule::reject_tcp),
    ("fil", "meta mark set 0x5", |r| r.set_mark(5)),
    ("fil", "ct mark set 0x5", |r| r.set_ct_mark(5)),
    ("raw", "notrack", NewRule::notrack),
    (
        "post",
        "oifname \"eth0\" ip saddr 10.0.0.0/24 masquerade",
        |r| {
            r.oifname("eth0")
                .matching(ip::saddr(([10, 0, 0, 0], 24)))
                .masquerade()
        },
    ),
    (
        "post",
        "meta l4proto tcp masquerade to :1000-2000 random",
        |r| {
            r.l4proto(6)
                .masquerade_to(Some(1000..=2000), NatFlags::PROTO_RANDOM)
        },
    ),
    ("post", "snat to 1.2.3.4", |r| {
        r.snat(NatTo::addr([1, 2, 3, 4]))
    }),
    ("post", "snat to 1.2.3.4-1.2.3.9 persistent", |r| {
        r.snat(NatTo::addrs([1, 2, 3, 4], [1, 2, 3, 9]).flags(NatFlags::PERSISTENT))
    }),
    ("post", "tcp dport 80 snat to 1.2.3.4-1.2.3.9:10-20", |r| {
        r.matching(tcp::dport(80))
            .snat(NatTo::addrs([1, 2, 3, 4], [1, 2, 3, 9]).ports(10..=20))
    }),
    ("pre", "tcp dport 80 dnat to 10.0.0.1:8080", |r| {
        r.matching(tcp::dport(80))
            .dnat(NatTo::addr([10, 0, 0, 1]).port(8080))
    }),
    ("pre", "tcp dport 80 redirect to :3128", |r| {
        r.matching(tcp::dport(80)).redirect(Some(3128..=3128))
    }),
];

const INET: &[Row] = &[
    (
        "fil",
        "ip saddr 10.0.0.0/24 ip daddr 10.0.1.0/24 tcp dport 22 accept",
        |r| {
            r.matching(ip::saddr(([10, 0, 0, 0], 24)))
                .matching(ip::daddr(([10, 0, 1, 0], 24)))
                .matching(tcp::dport(22))
                .accept()
        },
    ),
    ("fil", "ip6 saddr 2001:db8::/64 accept", |r| {
        r.matching(ip6::saddr(([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 64)))
            .accept()
    }),
    ("fil", "ip6 daddr 2001:db8::1 accept", |r| {
        r.matching(ip6::daddr(([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], 128)))
            .accept()
    }),
    ("fil", "icmpv6 type echo-request accept", |r| {
        r.matching(icmpv6::TYPE.is([128])).accept()
    }),
    ("fil", "icmp type echo-request accept", |r| {
        r.matching(icmp::TYPE.is([8])).accept()
    }),
    ("fil", "reject", NewRule::reject),
    ("fil", "ip saddr 10.0.0.1 reject", |r| {
        r.matching(ip::saddr(([10, 0, 0, 1], 32))).reject()
    }),
    ("fil", "meta mark 1-5 accept", |r| {
        r.matching(meta::MARK.between(1u32.to_be_bytes(), 5u32.to_be_bytes()))
            .accept()
    }),
    ("fil", "meta l4proto tcp th dport 53 accept", |r| {
        r.l4proto(6).matching(th::DPORT.is([0, 53])).accept()
    }),
    ("post", "oifname \"eth0\" masquerade", |r| {
        r.oifname("eth0").masquerade()
    }),
    ("pre", "tcp dport 80 dnat ip to 10.0.0.1:8080", |r| {
        r.matching(tcp::dport(80))
            .dnat(NatTo::addr([10, 0, 0, 1]).port(8080))
    }),
    ("pre", "tcp dport 80 dnat ip6 to [2001:db8::1]:8080", |r| {
        r.matching(tcp::dport(80))
            .dnat(NatTo::addr([0x2001u16, 0xdb8, 0, 0, 0, 0, 0, 1]).port(8080))
    }),
];

#[test]
fn rules_of_family_ip_are_what_nft_writes() {
    nl_netns::isolate!(|| compare(Family::IP, IP));
}

#[test]
fn rules_of_family_inet_are_what_nft_writes() {
    nl_netns::isolate!(|| compare(Family::INET, INET));
}

#[test]
fn a_whole_table_lists_as_it_was_meant() {
    nl_netns::isolate!(|| {
        let mut nf = Connection::<Netfilter>::open().unwrap();
        let (family, t) = (Family::INET, "t");
        let blocked = NewSet::new(family, t, "blocked", DataType::IPV4_ADDR)
            .interval()
            .comment("bad ones");
        let ports = NewSet {
            id: 1,
            size: Some(2),
            ..NewSet::new(family, t, "__set%d", DataType::INET_SERVICE)
                .flags(nl_netfilter::SetFlags::ANONYMOUS | nl_netfilter::SetFlags::CONSTANT)
        };
        let pairs = NewSet {
            id: 2,
            ..NewSet::new(family, t, "pairs", DataType::IPV4_ADDR)
                .concat(DataType::INET_SERVICE)
                .interval()
        };
        let verdicts = NewSet {
            id: 3,
            ..NewSet::new(family, t, "verdicts", DataType::IFNAME).map(MapData::Verdict)
        };
        let hosts = NewSet {
            id: 4,
            ..NewSet::new(family, t, "hosts", DataType::INET_SERVICE)
                .map(MapData::Value(DataType::IPV4_ADDR))
        };
        let mut lan = b"lan0".to_vec();
        lan.resize(16, 0);
        let mut blocked_elements = Element::interval(&[10, 0, 0, 0], &[10, 255, 255, 255]);
        blocked_elements.extend(Element::interval(&[192, 168, 1, 1], &[192, 168, 1, 1]));
        blocked_elements.extend(Element::interval(&[240, 0, 0, 0], &[255; 4]));
        let transaction = Transaction::new()
            .add(NewTable::new(family, t).comment("ours"))
            .add(
                NewChain::new(family, t, "c")
                    .filter(Hook::INPUT, 0)
                    .policy(Policy::DROP),
            )
            .add(NewChain::new(family, t, "sub").comment("called"))
            .add(blocked.clone())
            .elements(SetElements::add(
                family,
                t,
                blocked.reference(),
                blocked_elements,
            ))
            .add(ports.clone())
            .elements(SetElements::add(
                family,
                t,
                ports.reference(),
                [Element::new([0, 22]), Element::new([0, 80])],
            ))
            .add(pairs.clone())
            .elements(SetElements::add(
                family,
                t,
                pairs.reference(),
                [Element::concat([&[10, 0, 0, 1][..], &[0, 80]])
                    .up_to([&[10, 0, 0, 9][..], &[0, 90]])],
            ))
            .add(verdicts.clone())
            .elements(SetElements::add(
                family,
                t,
                verdicts.reference(),
                [Element::new(lan).verdict(Verdict::Jump("sub".into()))],
            ))
            .add(hosts.clone())
            .elements(SetElements::add(
                family,
                t,
                hosts.reference(),
                [Element::new([0, 80]).data(vec![10, 0, 0, 1])],
            ))
            .add(
                NewRule::new(family, t, "c")
                    .matching(tcp::DPORT.in_set(ports.reference()))
                    .accept(),
            )
            .add(
                NewRule::new(family, t, "c")
                    .matching(ip::SADDR.in_set(blocked.reference()))
                    .counter()
                    .drop()
                    .comment("hello"),
            )
            .add(
                NewRule::new(family, t, "c")
                    .concat_in_set(&[ip::DADDR, tcp::DPORT], pairs.reference())
                    .accept(),
            )
            .add(NewRule::new(family, t, "c").iifname_vmap(verdicts.reference()));
        nf.commit(&transaction).unwrap();
        let listed = nft(&["list", "ruleset"]);
        assert_eq!(listed, include_str!("nft/table.nft"), "{listed}");
    });
}

/// Rules with expressions that have no builder: each is read, put in its own place, and listed.
#[test]
fn what_nft_wrote_survives_being_replaced() {
    nl_netns::isolate!(|| {
        nft_file(
            "table inet t {
                set dyn { type ipv4_addr; flags dynamic,timeout; timeout 1m; }
                counter n { }
                map m { type inet_service : ipv4_addr; elements = { 80 : 10.0.0.1 } }
                chain pre { type nat hook prerouting priority -100;
                    dnat ip to tcp dport map @m
                    dnat ip to numgen inc mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }
                }
                chain c { type filter hook prerouting priority -150;
                    fib saddr . iif oif missing drop
                    fib daddr type local accept
                    ip saddr 10.0.0.1 add @dyn { ip saddr limit rate 5/second burst 5 packets }
                    counter name \"n\"
                    quota over 10 mbytes drop
                    ct count over 5 reject
                    meta mark set jhash ip saddr mod 8 seed 0x5
                    tcp option maxseg size set 1400
                    ip6 nexthdr tcp exthdr frag exists drop
                    ip ttl set 64
                    ip dscp set cs1
                    log group 2 snaplen 100 queue-threshold 5
                    socket transparent 1 accept
                    meta mark set ct mark & 0xff
                    ct original ip saddr 10.0.0.1 accept
                    meta skuid 1000 accept
                    meta day \"Monday\" accept
                    tcp flags & (fin | syn) == 0 drop
                }
            }",
        );
        let mut nf = Connection::<Netfilter>::open().unwrap();
        let before = nft(&["list", "ruleset"]);
        let all = GetRules::all(Family::INET);
        let rules = nf.collect(&all).unwrap();
        assert_eq!(rules.len(), 20);
        for rule in &rules {
            let rule = rule.view().to_replacement();
            let unknown = rule.exprs.iter().any(|e| matches!(e, Expr::Unknown { .. }));
            assert!(!unknown, "{rule:#?}");
            // A rule of an anonymous set owns it, and a replacement cannot take it over.
            if !format!("{rule:?}").contains("__map") {
                nf.commit(&Transaction::new().add(rule.clone()))
                    .unwrap_or_else(|error| panic!("{error}: {rule:#?}"));
            }
        }
        assert_eq!(nft(&["list", "ruleset"]), before);
    });
}
