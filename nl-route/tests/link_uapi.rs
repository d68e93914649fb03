//! Link attribute numbers against the installed kernel headers.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use nl_core::Table;
use nl_route::link::kind::{
    bond, bridge, bridge_port, ipvlan, macvlan, tun, veth, vlan, vrf, vxlan,
};
use nl_route::link::{self, af_spec, vf};

/// The enum members of a header under /usr/include/linux.
fn members(header: &str) -> Option<BTreeMap<String, u16>> {
    let text = std::fs::read_to_string(format!("/usr/include/linux/{header}")).ok()?;
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

#[test]
fn attribute_numbers_are_those_of_the_headers() {
    let mut known = BTreeMap::new();
    for header in ["if_link.h", "if_bridge.h", "veth.h"] {
        match members(header) {
            Some(members) => known.extend(members),
            None => {
                println!("skipped: no /usr/include/linux/{header} here");
                return;
            }
        }
    }
    let tables: [&Table; 23] = [
        &link::LINK_ATTRS,
        &link::LINK_INFO_ATTRS,
        &link::XDP_ATTRS,
        &link::PROP_LIST_ATTRS,
        &link::PROTO_DOWN_REASON_ATTRS,
        &vf::VF_INFO_ATTRS,
        &vf::VF_STATS_ATTRS,
        &af_spec::INET_ATTRS,
        &af_spec::INET6_ATTRS,
        &af_spec::BRIDGE_AF_SPEC_ATTRS,
        &bond::BOND_ATTRS,
        &bond::BOND_PORT_ATTRS,
        &bridge::BRIDGE_ATTRS,
        &bridge_port::BRIDGE_PORT_ATTRS,
        &ipvlan::IPVLAN_ATTRS,
        &macvlan::MACVLAN_ATTRS,
        &tun::TUN_ATTRS,
        &veth::VETH_ATTRS,
        &vlan::VLAN_ATTRS,
        &vlan::VLAN_QOS_ATTRS,
        &vrf::VRF_ATTRS,
        &vrf::VRF_PORT_ATTRS,
        &vxlan::VXLAN_ATTRS,
    ];
    let mut checked = 0;
    for row in tables.iter().flat_map(|table| table.rows) {
        // Headers may be older than our tables.
        if let Some(&number) = known.get(row.name) {
            assert_eq!(row.number, number, "{}", row.name);
            checked += 1;
        }
    }
    assert!(
        checked > 260,
        "only {checked} of the rows are in the headers"
    );
    // Every attribute of a link that the headers know has a row; 42 is padding.
    let max = known["__IFLA_MAX"];
    let missing: Vec<_> = (1..max)
        .filter(|&number| number != 42 && link::LINK_ATTRS.row(number).is_none())
        .collect();
    assert!(missing.is_empty(), "no row for {missing:?}");
}
