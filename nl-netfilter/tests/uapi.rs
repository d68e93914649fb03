//! Every number against the kernel's headers.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test code, which clippy does not see as such"
)]

use std::collections::{HashMap, HashSet};

use nl_core::{Format, Protocol, Table};
use nl_netfilter::Netfilter;
use nl_netfilter::expr::{
    BitwiseOp, CmpOp, CtKey, DynsetOp, EXPRESSIONS, ExthdrOp, FibFlags, FibResult, IcmpxCode,
    LimitType, LogLevel, MetaKey, NatFlags, NatType, PayloadBase, PayloadCsum, RangeOp, RejectType,
    RtKey, SocketKey,
};
use nl_netfilter::object::ObjectType;

/// In newer headers only; all were checked against the kernel's source or specification.
const NEWER: &[&str] = &[
    "NFTA_HOOK_PREFIX",
    "NFTA_DEVICE_PREFIX",
    "NFTA_BITWISE_SREG2",
    "NFT_MSG_GETRULE_RESET",
    "NFT_MSG_DESTROYTABLE",
    "NFT_MSG_DESTROYCHAIN",
    "NFT_MSG_DESTROYRULE",
    "NFT_MSG_DESTROYSET",
    "NFT_MSG_DESTROYSETELEM",
    "NFT_MSG_DESTROYOBJ",
    "NFT_MSG_DESTROYFLOWTABLE",
    "NFT_MSG_GETSETELEM_RESET",
];

/// Names and values of all enums and plain defines of the headers.
fn headers() -> HashMap<String, i64> {
    // From netlink.h, on which nfnetlink.h builds.
    let mut values = HashMap::from([("NLMSG_MIN_TYPE".to_owned(), 16)]);
    for file in [
        "nf_tables",
        "nf_tables_compat",
        "nfnetlink",
        "nf_nat",
        "nf_log",
    ] {
        let path = format!("/usr/include/linux/netfilter/{file}.h");
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{path}: {error}: install linux-libc-dev"));
        let text = without_comments(&text);
        for line in text.lines() {
            let mut words = line.split_whitespace();
            if words.next() == Some("#define")
                && let (Some(name), rest) = (words.next(), words.collect::<Vec<_>>().join(" "))
                && let Some(value) = evaluate(&rest, &values)
            {
                values.insert(name.to_owned(), value);
            }
        }
        for body in text.split("enum ").skip(1) {
            let Some((_, body)) = body.split_once('{') else {
                continue;
            };
            let body = body.split('}').next().unwrap();
            let plain: String = body
                .lines()
                .filter(|line| !line.trim_start().starts_with('#'))
                .collect::<Vec<_>>()
                .join(" ");
            let mut next = 0;
            for entry in plain.split(',') {
                let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
                let name = name.trim();
                if name.is_empty() {
                    continue;
                }
                let value = match value.trim() {
                    "" => next,
                    expression => match evaluate(expression, &values) {
                        Some(value) => value,
                        None => break,
                    },
                };
                values.insert(name.to_owned(), value);
                next = value + 1;
            }
        }
    }
    values
}

fn without_comments(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("/*") {
        out.push_str(before);
        rest = behind.split_once("*/").map_or("", |(_, rest)| rest);
    }
    out + rest
}

fn evaluate(expression: &str, values: &HashMap<String, i64>) -> Option<i64> {
    let expression = expression
        .trim()
        .trim_start_matches('(')
        .trim_end_matches(')');
    if let Some((left, right)) = expression.split_once("<<") {
        return Some(evaluate(left, values)? << evaluate(right, values)?);
    }
    if let Some((left, right)) = expression.split_once('+') {
        return Some(evaluate(left, values)? + evaluate(right, values)?);
    }
    let number = expression.trim().trim_end_matches('U');
    match number.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16).ok(),
        None => number.parse().ok().or_else(|| values.get(number).copied()),
    }
}

fn walk(
    table: &'static Table,
    seen: &mut HashSet<*const Table>,
    visit: &mut impl FnMut(&str, u16),
) {
    if !seen.insert(table) {
        return;
    }
    for row in table.rows {
        visit(row.name, row.number);
        if let Format::Nest(inner) | Format::List(inner) = row.format {
            walk(inner, seen, visit);
        }
    }
}

#[test]
fn attributes_have_the_kernels_numbers() {
    let values = headers();
    let mut checked = 0;
    let mut check = |name: &str, number: u16| match values.get(name) {
        Some(&value) => {
            assert_eq!(value, i64::from(number), "{name}");
            checked += 1;
        }
        None => assert!(NEWER.contains(&name), "{name} is in no header"),
    };
    let mut seen = HashSet::new();
    for message in Netfilter::message_types() {
        walk(message.table, &mut seen, &mut check);
    }
    for (_, table) in EXPRESSIONS {
        walk(table, &mut seen, &mut check);
    }
    assert!(checked > 250, "{checked}");
}

#[test]
fn message_types_have_the_kernels_numbers() {
    let values = headers();
    for message in Netfilter::message_types() {
        match values.get(message.name) {
            Some(&value) => {
                let base = if message.name.starts_with("NFT_") {
                    0xa00
                } else {
                    0
                };
                assert_eq!(value + base, i64::from(message.number), "{}", message.name);
            }
            None => assert!(NEWER.contains(&message.name), "{}", message.name),
        }
    }
}

#[test]
fn values_have_the_kernels_numbers() {
    let values = headers();
    macro_rules! check {
        ($($Type:ident, $prefix:literal: $($NAME:ident)*;)*) => {$($({
            let name = concat!($prefix, stringify!($NAME));
            let value = values.get(name).unwrap_or_else(|| panic!("{name} is in no header"));
            assert_eq!(*value, i64::from($Type::$NAME.0), "{name}");
        })*)*};
    }
    check! {
        CmpOp, "NFT_CMP_": EQ NEQ LT LTE GT GTE;
        RangeOp, "NFT_RANGE_": EQ NEQ;
        BitwiseOp, "NFT_BITWISE_": LSHIFT RSHIFT;
        DynsetOp, "NFT_DYNSET_OP_": ADD UPDATE DELETE;
        ExthdrOp, "NFT_EXTHDR_OP_": IPV6 TCPOPT IPV4 SCTP DCCP;
        FibResult, "NFT_FIB_RESULT_": OIF OIFNAME ADDRTYPE;
        LogLevel, "NFT_LOGLEVEL_": EMERG ALERT CRIT ERR WARNING NOTICE INFO DEBUG AUDIT;
        NatType, "NFT_NAT_": SNAT DNAT;
        RejectType, "NFT_REJECT_": ICMP_UNREACH TCP_RST ICMPX_UNREACH;
        IcmpxCode, "NFT_REJECT_ICMPX_": NO_ROUTE PORT_UNREACH HOST_UNREACH ADMIN_PROHIBITED;
        RtKey, "NFT_RT_": CLASSID NEXTHOP4 NEXTHOP6 TCPMSS XFRM;
        SocketKey, "NFT_SOCKET_": TRANSPARENT MARK WILDCARD CGROUPV2;
        PayloadCsum, "NFT_PAYLOAD_CSUM_": NONE INET SCTP;
        ObjectType, "NFT_OBJECT_": COUNTER QUOTA CT_HELPER LIMIT CONNLIMIT TUNNEL CT_TIMEOUT
            SECMARK CT_EXPECT SYNPROXY;
        CtKey, "NFT_CT_": STATE DIRECTION STATUS MARK SECMARK EXPIRATION HELPER L3PROTOCOL SRC DST
            PROTOCOL PROTO_SRC PROTO_DST LABELS PKTS BYTES AVGPKT ZONE EVENTMASK SRC_IP DST_IP
            SRC_IP6 DST_IP6 ID;
        MetaKey, "NFT_META_": LEN PROTOCOL PRIORITY MARK IIF OIF IIFNAME OIFNAME OIFTYPE SKUID
            SKGID NFTRACE RTCLASSID SECMARK NFPROTO L4PROTO BRI_IIFNAME BRI_OIFNAME PKTTYPE CPU
            IIFGROUP OIFGROUP CGROUP PRANDOM SECPATH IIFKIND OIFKIND BRI_IIFPVID BRI_IIFVPROTO
            TIME_NS TIME_DAY TIME_HOUR SDIF SDIFNAME;
    }
    assert_eq!(values["NFT_META_IFTYPE"], i64::from(MetaKey::IIFTYPE.0));
    assert_eq!(values["NFT_LIMIT_PKT_BYTES"], i64::from(LimitType::BYTES.0));
    assert_eq!(
        values["NFT_PAYLOAD_INNER_HEADER"],
        i64::from(PayloadBase::INNER.0)
    );
    assert_eq!(
        values["NFTA_FIB_F_PRESENT"],
        i64::from(FibFlags::PRESENT.bits())
    );
    assert_eq!(
        values["NF_NAT_RANGE_PROTO_RANDOM_FULLY"],
        i64::from(NatFlags::PROTO_RANDOM_FULLY.bits())
    );
}
