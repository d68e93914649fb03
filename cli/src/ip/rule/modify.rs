//! `ip rule add` and `ip rule del`: a rule from words.

use nl_route::route::{RouteTable, RouteType};
use nl_route::rule::{DelRule, NewRule, RuleAction, RuleFlags};
use nl_route::{Family, Prefix};

use super::{fwmark, ifname, ports, uids, usage};
use crate::failure::Failure;
use crate::ip::Ip;
use crate::ip::inet::prefix;
use crate::ip::names::{GROUPS, TABLES, number};
use crate::ip::options::AF_UNSPEC;
use crate::ip::protocols;
use crate::ip::route::{dsfield, protocol, realms, route_type};
use crate::words::{Words, matches, wrong};

/// What is done with the rule.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Change {
    Add,
    Delete,
}

pub(super) fn run(ip: &mut Ip<'_>, mut words: Words<'_>, change: Change) -> Result<(), Failure> {
    if words.is_empty() {
        let verb = if change == Change::Add { "add" } else { "del" };
        return Err(Failure::new(
            1,
            format!("\"ip rule {verb}\" requires arguments."),
        ));
    }
    let mut rule = NewRule::new(Family(ip.options.family));
    // Whether the rule needs no table, or has one.
    let mut has_table = false;
    while let Some(word) = words.next() {
        keyword(ip, &mut rule, &mut has_table, word, &mut words)?;
    }
    if rule.l3mdev && rule.table.is_some_and(|table| table.0 != 0) {
        return Err(Failure::new(
            22,
            "table can not be specified for l3mdev rules",
        ));
    }
    if rule.family.0 == AF_UNSPEC {
        rule.family = Family::INET;
    }
    if change == Change::Delete {
        return ip.post(&DelRule(rule));
    }
    let default = if has_table {
        RouteTable::UNSPEC
    } else {
        RouteTable::MAIN
    };
    rule.table.get_or_insert(default);
    ip.post(&rule)
}

/// Reads one keyword and its values.
fn keyword(
    ip: &mut Ip<'_>,
    rule: &mut NewRule,
    has_table: &mut bool,
    word: &str,
    words: &mut Words<'_>,
) -> Result<(), Failure> {
    match word {
        "not" => rule.flags |= RuleFlags::INVERT,
        "from" => rule.src = address(rule.family, words)?,
        "to" => rule.dst = address(rule.family, words)?,
        _ if matches(word, "preference") || matches(word, "order") || matches(word, "priority") => {
            let complaint = "preference value is invalid\n";
            rule.priority = Some(value(words, complaint)?);
        }
        _ if word == "tos" || matches(word, "dsfield") => {
            let value = words.required()?;
            rule.tos = dsfield(value).ok_or_else(|| wrong(value, "TOS value is invalid\n"))?;
        }
        "fwmark" => {
            let (mark, mask) = fwmark(words.required()?)?;
            rule.fwmark = Some(mark);
            rule.fwmask = mask;
        }
        _ if matches(word, "realms") => {
            let value = words.required()?;
            rule.flow = Some(realms(value).ok_or_else(|| wrong(value, "invalid realms\n"))?);
        }
        _ if matches(word, "protocol") => rule.protocol = Some(protocol(words.required()?)?),
        _ if matches(word, "tun_id") => {
            rule.tun_id = Some(value(words, "\"tun_id\" value is invalid\n")?);
        }
        _ if matches(word, "table") || word == "lookup" => {
            let value = words.required()?;
            let table = TABLES
                .number(value)
                .ok_or_else(|| wrong(value, "invalid table ID\n"))?;
            rule.table = Some(RouteTable(table));
            *has_table = true;
        }
        _ if matches(word, "suppress_prefixlength") || word == "sup_pl" => {
            let complaint = "suppress_prefixlength value is invalid\n";
            rule.suppress_prefixlen = Some(value(words, complaint)?);
        }
        _ if matches(word, "suppress_ifgroup") || word == "sup_group" => {
            let value = words.required()?;
            let group = GROUPS
                .number(value)
                .ok_or_else(|| wrong(value, "Invalid \"suppress_ifgroup\" value\n"))?;
            rule.suppress_ifgroup = Some(group);
        }
        "dev" | "iif" => {
            let name = ifname(words.required()?, "\"iif\"/\"dev\" not a valid ifname")?;
            rule.iifname = Some(name.to_owned());
        }
        "oif" => {
            let name = ifname(words.required()?, "\"oif\" not a valid ifname")?;
            rule.oifname = Some(name.to_owned());
        }
        "l3mdev" => {
            rule.l3mdev = true;
            *has_table = true;
        }
        "uidrange" => rule.uids = Some(uids(words.required()?)?),
        _ if matches(word, "nat") || matches(word, "map-to") => {
            words.required()?;
            ip.warn("Warning: route NAT is deprecated");
            rule.action = Some(RuleAction(RouteType::NAT.0));
        }
        "ipproto" => rule.ip_proto = Some(protocols::number(words.required()?)?),
        "sport" => rule.sports = Some(ports(words.required()?, "invalid port range\n")?),
        "dport" => rule.dports = Some(ports(words.required()?, "invalid dport range\n")?),
        _ => action(rule, has_table, word, words)?,
    }
    Ok(())
}

/// What the rule does, with or without `type` before it.
fn action(
    rule: &mut NewRule,
    has_table: &mut bool,
    word: &str,
    words: &mut Words<'_>,
) -> Result<(), Failure> {
    let word = if word == "type" {
        words.required()?
    } else {
        word
    };
    if matches(word, "help") {
        return Err(usage());
    }
    *has_table = true;
    if matches(word, "goto") {
        rule.action = Some(RuleAction::GOTO);
        rule.goto = Some(value(words, "invalid target\n")?);
    } else if matches(word, "nop") {
        rule.action = Some(RuleAction::NOP);
    } else {
        let found = route_type(word).ok_or_else(|| wrong(word, "Failed to parse rule type"))?;
        rule.action = Some(RuleAction(found.0));
    }
    Ok(())
}

fn value<N: TryFrom<u64>>(words: &mut Words<'_>, complaint: &str) -> Result<N, Failure> {
    let word = words.required()?;
    number(word).ok_or_else(|| wrong(word, complaint))
}

/// Addresses to compare; `all` compares nothing. They do not decide on the rule's family, as they do for routes.
fn address(family: Family, words: &mut Words<'_>) -> Result<Option<Prefix>, Failure> {
    let found = prefix(words.required()?, family.0)?;
    Ok(found.addr.map(|addr| Prefix::new(addr, found.len)))
}
