//! `-j REJECT`.

use nl_netfilter::xt::{RejectV4, RejectV6};

use super::super::problem::{Problem, parameter};
use super::{Extension, Given, Opt, Style, opt};

/// Name, short name, and number.
type Kind = (&'static str, &'static str, u32);

/// `IPT_*`. Source: include/uapi/linux/netfilter_ipv4/ipt_REJECT.h.
const KINDS_V4: &[Kind] = &[
    ("icmp-net-unreachable", "net-unreach", 0),
    ("icmp-host-unreachable", "host-unreach", 1),
    ("icmp-proto-unreachable", "proto-unreach", 2),
    ("icmp-port-unreachable", "port-unreach", 3),
    ("icmp-net-prohibited", "net-prohib", 5),
    ("icmp-host-prohibited", "host-prohib", 6),
    ("tcp-reset", "tcp-rst", 7),
    ("icmp-admin-prohibited", "admin-prohib", 8),
];

/// `IP6T_*`. Source: include/uapi/linux/netfilter_ipv6/ip6t_REJECT.h.
const KINDS_V6: &[Kind] = &[
    ("icmp6-no-route", "no-route", 0),
    ("icmp6-adm-prohibited", "adm-prohibited", 1),
    ("icmp6-addr-unreachable", "addr-unreach", 3),
    ("icmp6-port-unreachable", "port-unreach", 4),
    ("tcp-reset", "tcp-reset", 6),
    ("icmp6-policy-fail", "policy-fail", 7),
    ("icmp6-reject-route", "reject-route", 8),
];

fn parse(text: &str, kinds: &[Kind]) -> Result<u32, Problem> {
    let starts = |name: &str| {
        name.get(..text.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(text))
    };
    let found = kinds
        .iter()
        .find(|(name, short, _)| starts(name) || starts(short));
    match found {
        Some((_, _, number)) => Ok(*number),
        None => Err(parameter!("unknown reject type \"{text}\"")),
    }
}

fn show(number: u32, kinds: &[Kind]) -> String {
    let found = kinds.iter().find(|(_, _, known)| *known == number);
    found.map_or_else(|| number.to_string(), |(name, _, _)| (*name).to_owned())
}

macro_rules! reject {
    ($($Layout:ident, $KINDS:ident;)*) => {$(
        impl Extension for $Layout {
            fn name(&self) -> &'static str {
                "REJECT"
            }

            fn options(&self) -> &'static [Opt] {
                const { &[opt("reject-with")] }
            }

            fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
                self.with = parse(given.value, $KINDS)?.into();
                Ok(())
            }

            fn list(&self, _style: Style) -> String {
                format!(" reject-with {}", show(self.with.get(), $KINDS))
            }

            fn save(&self, _style: Style) -> String {
                format!(" --reject-with {}", show(self.with.get(), $KINDS))
            }
        }
    )*};
}

reject! {
    RejectV4, KINDS_V4;
    RejectV6, KINDS_V6;
}
