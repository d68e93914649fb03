//! Every table's numbers against the installed kernel headers, both ways.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::io::Write as _;

use nl_core::Table;
use nl_route::link::kind::{
    amt, bareudp, bond, bridge, bridge_port, geneve, gre, hsr, iptun, ipvlan, macsec, macvlan,
    netkit, tun, veth, vlan, vrf, vti, vxlan, xfrm,
};
use nl_route::link::{self, af_spec, vf};
use nl_route::{addr, neigh, netconf, nexthop, nsid, route, rule};

/// Newer than the headers of Linux 6.1: the number once more, from the header of the kernel that
/// brought it.
const NEWER: &[(&str, u16)] = &[
    ("IFLA_DEVLINK_PORT", 62),
    ("IFLA_GSO_IPV4_MAX_SIZE", 63),
    ("IFLA_GRO_IPV4_MAX_SIZE", 64),
    ("IFLA_DPLL_PIN", 65),
    ("IFLA_MAX_PACING_OFFLOAD_HORIZON", 66),
    ("IFLA_NETNS_IMMUTABLE", 67),
    ("IFLA_HEADROOM", 68),
    ("IFLA_TAILROOM", 69),
    ("IFLA_BR_FDB_N_LEARNED", 48),
    ("IFLA_BR_FDB_MAX_LEARNED", 49),
    ("IFLA_BR_STP_MODE", 50),
    ("IFLA_BRPORT_MAB", 40),
    ("IFLA_BRPORT_MCAST_N_GROUPS", 41),
    ("IFLA_BRPORT_MCAST_MAX_GROUPS", 42),
    ("IFLA_BRPORT_NEIGH_VLAN_SUPPRESS", 43),
    ("IFLA_BRPORT_BACKUP_NHID", 44),
    ("IFLA_MACVLAN_BC_CUTOFF", 9),
    ("IFLA_VXLAN_LOCALBYPASS", 31),
    ("IFLA_VXLAN_LABEL_POLICY", 32),
    ("IFLA_VXLAN_RESERVED_BITS", 33),
    ("IFLA_VXLAN_MC_ROUTE", 34),
    ("IFLA_GENEVE_PORT_RANGE", 15),
    ("IFLA_GENEVE_GRO_HINT", 16),
    ("IFLA_BOND_COUPLED_CONTROL", 32),
    ("IFLA_BOND_BROADCAST_NEIGH", 33),
    ("IFLA_BOND_SLAVE_ACTOR_PORT_PRIO", 10),
    ("IFLA_BOND_SLAVE_AD_CHURN_ACTOR_STATE", 11),
    ("IFLA_BOND_SLAVE_AD_CHURN_PARTNER_STATE", 12),
    ("IFLA_HSR_INTERLINK", 8),
    ("IFLA_NETKIT_PEER_INFO", 1),
    ("IFLA_NETKIT_PRIMARY", 2),
    ("IFLA_NETKIT_POLICY", 3),
    ("IFLA_NETKIT_PEER_POLICY", 4),
    ("IFLA_NETKIT_MODE", 5),
    ("IFLA_NETKIT_SCRUB", 6),
    ("IFLA_NETKIT_PEER_SCRUB", 7),
    ("IFLA_NETKIT_HEADROOM", 8),
    ("IFLA_NETKIT_TAILROOM", 9),
    ("RTA_FLOWLABEL", 31),
    ("FRA_DSCP", 25),
    ("FRA_FLOWLABEL", 26),
    ("FRA_FLOWLABEL_MASK", 27),
    ("FRA_SPORT_MASK", 28),
    ("FRA_DPORT_MASK", 29),
    ("FRA_DSCP_MASK", 30),
    ("NHA_OP_FLAGS", 14),
    ("NHA_GROUP_STATS", 15),
    ("NHA_HW_STATS_ENABLE", 16),
    ("NHA_HW_STATS_USED", 17),
];

/// Rows under names that the headers give in another way, and the numbers.
const RENAMED: &[(&str, u16)] = &[
    ("IFLA_TARGET_NETNSID", 46), // a #define of IFLA_IF_NETNSID
    ("AF_INET", 2),              // of the C library
    ("AF_INET6", 10),
    ("AF_MCTP", 45),
];

/// Numbers of the headers that need no row.
fn is_excused(name: &str) -> bool {
    name.ends_with("_PAD")
        || name.ends_with("_UNSPEC")
        || name == "NETNSA_NONE"
        || name.contains("_UNUSED")
}

/// The enum members of a header under /usr/include/linux.
fn members(header: &str) -> Option<BTreeMap<String, u16>> {
    let path = format!("/usr/include/linux/{header}");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            let problem = format!("{path}: {error}; install linux-libc-dev");
            assert!(std::env::var_os("CI").is_none(), "{problem}");
            // Past the test harness, which would hide it.
            let line = format!("SKIPPED, numbers are not checked: {problem}\n");
            std::io::stderr().write_all(line.as_bytes()).unwrap();
            return None;
        }
    };
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some((before, comment)) = rest.split_once("/*") {
        plain += before;
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    plain += rest;
    let code: String = plain
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .fold(String::new(), |code, line| code + line + "\n");
    let mut all = BTreeMap::new();
    for body in code
        .split("enum")
        .skip(1)
        .filter_map(|part| part.split_once('{'))
    {
        let mut next = Some(0);
        for item in body.1.split('}').next()?.split(',') {
            let (name, value) = item.split_once('=').unwrap_or((item, ""));
            let value = value.trim();
            let number = match value {
                "" => next,
                _ => value.parse().ok().or_else(|| all.get(value).copied()),
            };
            if let Some(number) = number.filter(|_| !name.trim().is_empty()) {
                all.insert(name.trim().to_owned(), number);
            }
            next = number.and_then(|number: u16| number.checked_add(1));
        }
    }
    Some(all)
}

/// Each table, and the prefix of its names in the headers, where no other table shares it.
fn tables() -> Vec<(&'static Table, &'static str)> {
    vec![
        (&link::LINK_ATTRS, ""),
        (&link::LINK_INFO_ATTRS, "IFLA_INFO_"),
        (&link::XDP_ATTRS, "IFLA_XDP_"),
        (&link::PROP_LIST_ATTRS, ""),
        (&link::PROTO_DOWN_REASON_ATTRS, "IFLA_PROTO_DOWN_REASON_"),
        (&vf::VF_INFO_ATTRS, ""),
        (&vf::VF_STATS_ATTRS, "IFLA_VF_STATS_"),
        (&af_spec::AF_SPEC_ATTRS, ""),
        (&af_spec::INET_ATTRS, "IFLA_INET_"),
        (&af_spec::INET6_ATTRS, "IFLA_INET6_"),
        (&af_spec::BRIDGE_AF_SPEC_ATTRS, ""),
        (&amt::AMT_ATTRS, "IFLA_AMT_"),
        (&bareudp::BAREUDP_ATTRS, "IFLA_BAREUDP_"),
        (&bond::BOND_ATTRS, ""),
        (&bond::BOND_AD_INFO_ATTRS, "IFLA_BOND_AD_INFO_"),
        (&bond::BOND_PORT_ATTRS, "IFLA_BOND_SLAVE_"),
        (&bridge::BRIDGE_ATTRS, "IFLA_BR_"),
        (&bridge_port::BRIDGE_PORT_ATTRS, "IFLA_BRPORT_"),
        (&geneve::GENEVE_ATTRS, "IFLA_GENEVE_"),
        (&gre::GRE_ATTRS, "IFLA_GRE_"),
        (&hsr::HSR_ATTRS, "IFLA_HSR_"),
        (&iptun::IPTUN_ATTRS, "IFLA_IPTUN_"),
        (&ipvlan::IPVLAN_ATTRS, "IFLA_IPVLAN_"),
        (&macsec::MACSEC_ATTRS, "IFLA_MACSEC_"),
        (&macvlan::MACVLAN_ATTRS, "IFLA_MACVLAN_"),
        (&netkit::NETKIT_ATTRS, "IFLA_NETKIT_"),
        (&tun::TUN_ATTRS, "IFLA_TUN_"),
        (&veth::VETH_ATTRS, "VETH_INFO_"),
        (&vlan::VLAN_ATTRS, ""),
        (&vlan::VLAN_QOS_ATTRS, "IFLA_VLAN_QOS_"),
        (&vrf::VRF_ATTRS, ""),
        (&vrf::VRF_PORT_ATTRS, "IFLA_VRF_PORT_"),
        (&vti::VTI_ATTRS, "IFLA_VTI_"),
        (&vxlan::VXLAN_ATTRS, "IFLA_VXLAN_"),
        (&xfrm::XFRM_ATTRS, "IFLA_XFRM_"),
        (&addr::ADDR_ATTRS, "IFA_"),
        (&route::ROUTE_ATTRS, "RTA_"),
        (&route::METRIC_ATTRS, "RTAX_"),
        (&rule::RULE_ATTRS, "FRA_"),
        (&neigh::NEIGH_ATTRS, "NDA_"),
        (&neigh::FDB_EXT_ATTRS, "NFEA_"),
        (&nexthop::NEXTHOP_ATTRS, ""),
        (&nexthop::RES_GROUP_ATTRS, "NHA_RES_GROUP_"),
        (&nexthop::RES_BUCKET_ATTRS, "NHA_RES_BUCKET_"),
        (&nsid::NSID_ATTRS, "NETNSA_"),
        (&netconf::NETCONF_ATTRS, "NETCONFA_"),
    ]
}

/// What all headers say together.
fn headers() -> Option<BTreeMap<String, u16>> {
    const HEADERS: [&str; 14] = [
        "if_link.h",
        "if_bridge.h",
        "if_tunnel.h",
        "veth.h",
        "amt.h",
        "if_addr.h",
        "rtnetlink.h",
        "fib_rules.h",
        "neighbour.h",
        "nexthop.h",
        "net_namespace.h",
        "netconf.h",
        "lwtunnel.h",
        "mpls_iptunnel.h",
    ];
    let mut all = BTreeMap::new();
    for header in HEADERS {
        all.extend(members(header)?);
    }
    Some(all)
}

#[test]
fn every_row_has_the_number_of_the_headers() {
    let Some(known) = headers() else { return };
    for (table, _) in tables() {
        for row in table.rows {
            let listed = |list: &[(&str, u16)]| {
                list.iter()
                    .find(|(name, _)| *name == row.name)
                    .map(|(_, number)| *number)
            };
            let number = known.get(row.name).copied();
            // Once the headers know it, both must agree.
            for want in [number, listed(NEWER), listed(RENAMED)]
                .into_iter()
                .flatten()
            {
                assert_eq!(row.number, want, "{}", row.name);
            }
            assert!(
                number.or(listed(NEWER)).or(listed(RENAMED)).is_some(),
                "{} is in no header and on no list",
                row.name
            );
        }
    }
}

#[test]
fn every_number_of_the_headers_has_a_row() {
    let Some(known) = headers() else { return };
    let tables = tables();
    let rows: Vec<_> = tables.iter().flat_map(|(table, _)| table.rows).collect();
    let mut missing = Vec::new();
    for (_, prefix) in tables.iter().filter(|(_, prefix)| !prefix.is_empty()) {
        let names = known.keys().filter(|name| name.starts_with(prefix));
        missing.extend(
            names.filter(|name| !is_excused(name) && !rows.iter().any(|row| row.name == *name)),
        );
    }
    assert!(missing.is_empty(), "no row for {missing:?}");
    // Tables whose prefix others share, by their numbers: 42 is padding.
    for (table, max, gaps) in [
        (&link::LINK_ATTRS, "__IFLA_MAX", &[42][..]),
        (&bond::BOND_ATTRS, "__IFLA_BOND_MAX", &[]),
        (&vf::VF_INFO_ATTRS, "__IFLA_VF_MAX", &[]),
        (&vlan::VLAN_ATTRS, "__IFLA_VLAN_MAX", &[]),
        (&vrf::VRF_ATTRS, "__IFLA_VRF_MAX", &[]),
        (&af_spec::BRIDGE_AF_SPEC_ATTRS, "__IFLA_BRIDGE_MAX", &[]),
        (&nexthop::NEXTHOP_ATTRS, "__NHA_MAX", &[]),
    ] {
        let without: Vec<_> = (1..known[max])
            .filter(|number| !gaps.contains(number) && table.row(*number).is_none())
            .collect();
        assert!(without.is_empty(), "{}: no row for {without:?}", table.name);
    }
}
