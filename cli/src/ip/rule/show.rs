//! `ip rule show` and `ip rule flush`.

use nl_route::protocol::RTM_DELRULE;
use nl_route::route::{RouteProtocol, RouteTable, RouteType};
use nl_route::rule::{FibRulePortRange, GetRules, RuleAction, RuleFlags, RuleView};
use nl_route::{Family, Prefix, RawRequest};

use super::{fwmark, ifname, ports, uids};
use crate::failure::Failure;
use crate::ip::Ip;
use crate::ip::doc::{Color, Doc, Value};
use crate::ip::inet::{PrefixWord, prefix, show as show_addr};
use crate::ip::names::{DSFIELDS, GROUPS, PROTOCOLS, TABLES, number};
use crate::ip::options::{AF_INET, AF_UNSPEC};
use crate::ip::protocols;
use crate::ip::route::{dsfield, show_realms, show_type};
use crate::ip::session::dump_failed;
use crate::words::{Words, matches, wrong};

/// Which rules are meant.
#[derive(Clone, Debug, Default)]
struct Select {
    family: u8,
    invert: bool,
    priority: Option<u32>,
    src: Option<PrefixWord>,
    dst: Option<PrefixWord>,
    tos: Option<u8>,
    fwmark: Option<(u32, Option<u32>)>,
    iif: Option<String>,
    oif: Option<String>,
    l3mdev: bool,
    uids: Option<(u32, u32)>,
    tun_id: Option<u64>,
    table: Option<RouteTable>,
    /// Only `flush` looks at it.
    protocol: Option<RouteProtocol>,
    ip_proto: Option<u8>,
    sports: Option<(u16, u16)>,
    dports: Option<(u16, u16)>,
}

impl Select {
    fn parse(ip: &Ip<'_>, mut words: Words<'_>) -> Result<Self, Failure> {
        let family = match ip.options.family {
            AF_UNSPEC => AF_INET,
            family => family,
        };
        let mut select = Self {
            family,
            ..Self::default()
        };
        while let Some(word) = words.next() {
            select.keyword(word, &mut words)?;
        }
        Ok(select)
    }

    fn keyword(&mut self, word: &str, words: &mut Words<'_>) -> Result<(), Failure> {
        let family = self.family;
        match word {
            _ if matches(word, "preference")
                || matches(word, "order")
                || matches(word, "priority") =>
            {
                let value = words.required()?;
                let priority =
                    number(value).ok_or_else(|| wrong(value, "preference value is invalid\n"))?;
                self.priority = Some(priority);
            }
            "not" => self.invert = true,
            _ if word == "tos" || matches(word, "dsfield") => {
                let value = words.required()?;
                let tos = dsfield(value).ok_or_else(|| wrong(value, "TOS value is invalid\n"));
                self.tos = Some(tos?);
            }
            "fwmark" => self.fwmark = Some(fwmark(words.required()?)?),
            "dev" | "iif" => {
                let name = ifname(words.required()?, "\"iif\"/\"dev\" not a valid ifname")?;
                self.iif = Some(name.to_owned());
            }
            "oif" => {
                let name = ifname(words.required()?, "\"oif\" not a valid ifname")?;
                self.oif = Some(name.to_owned());
            }
            "l3mdev" => self.l3mdev = true,
            "uidrange" => self.uids = Some(uids(words.required()?)?),
            _ if matches(word, "tun_id") => {
                let value = words.required()?;
                let id =
                    number(value).ok_or_else(|| wrong(value, "\"tun_id\" value is invalid\n"))?;
                self.tun_id = Some(id);
            }
            _ if matches(word, "table") || word == "lookup" => {
                let value = words.required()?;
                let table = TABLES
                    .number(value)
                    .ok_or_else(|| wrong(value, "table id value is invalid\n"))?;
                self.table = (table != 0).then_some(RouteTable(table));
            }
            "from" | "src" => self.src = Some(prefix(words.required()?, family)?),
            _ if matches(word, "protocol") => {
                let value = words.required()?;
                self.protocol = match PROTOCOLS.number(value).map(u8::try_from) {
                    Some(Ok(protocol)) => Some(RouteProtocol(protocol)),
                    None if value == "all" => None,
                    _ => return Err(wrong(value, "invalid \"protocol\"\n")),
                };
            }
            "ipproto" => self.ip_proto = Some(protocols::number(words.required()?)?),
            "sport" => self.sports = Some(ports(words.required()?, "invalid port range\n")?),
            "dport" => self.dports = Some(ports(words.required()?, "invalid dport range\n")?),
            _ => {
                let value = if matches(word, "dst") || matches(word, "to") {
                    words.required()?
                } else {
                    word
                };
                self.dst = Some(prefix(value, family)?);
            }
        }
        Ok(())
    }

    fn fits(&self, rule: &RuleView<'_>) -> bool {
        let covers = |wanted: Option<PrefixWord>, found: Option<Prefix>| {
            wanted
                .filter(|wanted| wanted.addr.is_some())
                .is_none_or(|wanted| {
                    found.is_some_and(|found| wanted.covers(found.addr, wanted.len))
                })
        };
        let range = |found: Option<&FibRulePortRange>| {
            found.map(|range| (range.start.get(), range.end.get()))
        };
        let users = rule
            .uid_range()
            .map(|range| (range.start.get(), range.end.get()));
        (!self.invert || rule.flags().contains(RuleFlags::INVERT))
            && self
                .priority
                .is_none_or(|p| p == rule.priority().unwrap_or(0))
            && covers(self.src, rule.src())
            && covers(self.dst, rule.dst())
            && self.tos.is_none_or(|tos| tos == rule.tos())
            && self.fwmark.is_none_or(|(mark, mask)| {
                rule.fwmark().unwrap_or(0) == mark
                    && mask.is_none_or(|mask| rule.fwmask() == Some(mask))
            })
            && self
                .iif
                .as_deref()
                .is_none_or(|name| rule.iifname() == Some(name))
            && self
                .oif
                .as_deref()
                .is_none_or(|name| rule.oifname() == Some(name))
            && (!self.l3mdev || rule.l3mdev().is_some_and(|l3mdev| l3mdev != 0))
            && self.uids.is_none_or(|uids| users == Some(uids))
            && self.tun_id.is_none_or(|id| rule.tun_id() == Some(id))
            && self.table.is_none_or(|table| rule.table() == table)
            && self
                .ip_proto
                .is_none_or(|number| rule.ip_proto() == Some(number))
            && self
                .sports
                .is_none_or(|ports| range(rule.sport_range()) == Some(ports))
            && self
                .dports
                .is_none_or(|ports| range(rule.dport_range()) == Some(ports))
    }
}

pub(super) fn show(ip: &mut Ip<'_>, words: Words<'_>) -> Result<(), Failure> {
    let select = Select::parse(ip, words)?;
    let rules = ip.collect(&GetRules::new(Family(select.family)))?;
    let docs: Vec<Doc> = rules
        .iter()
        .filter(|rule| select.fits(&rule.view()))
        .map(|rule| doc(ip, &rule.view()))
        .collect();
    ip.print(&docs)
}

/// Deletes the rules that fit. That of priority 0 stays: it has no `FRA_PRIORITY`.
pub(super) fn flush(ip: &mut Ip<'_>, words: Words<'_>) -> Result<(), Failure> {
    let select = Select::parse(ip, words)?;
    for rule in ip.collect(&GetRules::new(Family(select.family)))? {
        let view = rule.view();
        let protocol_fits = select
            .protocol
            .is_none_or(|protocol| view.protocol() == Some(protocol));
        if view.priority().is_none() || !select.fits(&view) || !protocol_fits {
            continue;
        }
        let request = RawRequest {
            message_type: RTM_DELRULE,
            flags: 0,
            payload: rule.payload(),
        };
        ip.connection()
            .call(&request)
            .map_err(|error| Failure::new(255, dump_failed(&error).text()))?;
    }
    Ok(())
}

pub(in crate::ip) fn doc(ip: &Ip<'_>, rule: &RuleView<'_>) -> Doc {
    let mut doc = Doc::new();
    let numeric = ip.options.numeric;
    let priority = rule.priority().unwrap_or(0);
    doc.field("priority", priority, format_args!("{priority}:\t"));
    if rule.flags().contains(RuleFlags::INVERT) {
        doc.field("not", Value::Null, "not ");
    }
    addresses(&mut doc, rule);
    conditions(&mut doc, rule, numeric);
    lookup(&mut doc, rule, numeric);
    action(&mut doc, rule, numeric);
    if let Some(protocol) = rule.protocol()
        && (!matches!(protocol, RouteProtocol::UNSPEC | RouteProtocol::KERNEL)
            || ip.options.details > 0)
    {
        let name = PROTOCOLS.show(protocol.0.into(), numeric);
        doc.field("protocol", name.as_str(), format_args!(" proto {name}"));
    }
    doc.text('\n');
    doc
}

fn addresses(doc: &mut Doc, rule: &RuleView<'_>) {
    let header = rule.header();
    match rule.src() {
        Some(src) => address(doc, "from ", ["src", "srclen"], src),
        None if header.src_len != 0 => {
            doc.field("src", "0", "from 0");
            doc.field(
                "srclen",
                header.src_len,
                format_args!("/{}", header.src_len),
            );
        }
        None => {
            doc.field("src", "all", "from all");
        }
    }
    match rule.dst() {
        Some(dst) => address(doc, " to ", ["dst", "dstlen"], dst),
        None if header.dst_len != 0 => {
            doc.field("dst", "0", " to 0");
            doc.field(
                "dstlen",
                header.dst_len,
                format_args!("/{}", header.dst_len),
            );
        }
        None => {}
    }
}

fn address(doc: &mut Doc, word: &str, [key, len_key]: [&'static str; 2], prefix: Prefix) {
    let color = if prefix.addr.is_ipv6() {
        Color::Inet6
    } else {
        Color::Inet
    };
    let text = show_addr(prefix.addr);
    doc.text(word);
    doc.colored(Some(color), key, text.as_str(), text.as_str());
    if !prefix.is_host() {
        doc.field(len_key, prefix.len, format_args!("/{}", prefix.len));
    }
}

fn conditions(doc: &mut Doc, rule: &RuleView<'_>, numeric: bool) {
    if rule.tos() != 0 {
        let tos = match DSFIELDS.name(rule.tos().into()) {
            Some(name) if !numeric => name.to_owned(),
            _ => format!("{:#04x}", rule.tos()),
        };
        doc.field("tos", tos.as_str(), format_args!(" tos {tos}"));
    }
    if rule.fwmark().is_some() || rule.fwmask().is_some() {
        let mark = hexadecimal(rule.fwmark().unwrap_or(0));
        doc.field("fwmark", mark.as_str(), format_args!(" fwmark {mark}"));
        if let Some(mask) = rule.fwmask().filter(|mask| *mask != u32::MAX) {
            let mask = hexadecimal(mask);
            doc.field("fwmask", mask.as_str(), format_args!("/{mask}"));
        }
    }
    if let Some(name) = rule.iifname() {
        let detached = rule.flags().contains(RuleFlags::IIF_DETACHED);
        link(doc, ["iif", "iif_detached"], name, detached);
    }
    if let Some(name) = rule.oifname() {
        let detached = rule.flags().contains(RuleFlags::OIF_DETACHED);
        link(doc, ["oif", "oif_detached"], name, detached);
    }
    if rule.l3mdev().is_some_and(|l3mdev| l3mdev != 0) {
        doc.field("l3mdev", Value::Null, " lookup [l3mdev-table]");
    }
    if let Some(range) = rule.uid_range() {
        let (start, end) = (range.start.get(), range.end.get());
        doc.field("uid_start", start, format_args!(" uidrange {start}"));
        doc.field("uid_end", end, format_args!("-{end}"));
    }
    if let Some(number) = rule.ip_proto() {
        let name = protocols::show(number, numeric);
        doc.field("ipproto", name.as_str(), format_args!(" ipproto {name}"));
    }
    if let Some(range) = rule.sport_range() {
        port_range(doc, ["sport", "sport_start", "sport_end"], range);
    }
    if let Some(range) = rule.dport_range() {
        port_range(doc, ["dport", "dport_start", "dport_end"], range);
    }
    if let Some(id) = rule.tun_id() {
        doc.field("tun_id", id, format_args!(" tun_id {id}"));
    }
}

/// A number as `%#x` writes it: 0 without a prefix.
fn hexadecimal(number: u32) -> String {
    if number == 0 {
        "0".to_owned()
    } else {
        format!("{number:#x}")
    }
}

fn link(doc: &mut Doc, [key, detached_key]: [&'static str; 2], name: &str, detached: bool) {
    doc.text(format_args!(" {key} "));
    doc.colored(Some(Color::Ifname), key, name, name);
    if detached {
        doc.field(detached_key, Value::Null, " [detached]");
    }
}

fn port_range(
    doc: &mut Doc,
    [key, start_key, end_key]: [&'static str; 3],
    range: &FibRulePortRange,
) {
    let (start, end) = (range.start.get(), range.end.get());
    if start == end {
        doc.field(key, start, format_args!(" {key} {start}"));
    } else {
        doc.field(start_key, start, format_args!(" {key} {start}"));
        doc.field(end_key, end, format_args!("-{end}"));
    }
}

fn lookup(doc: &mut Doc, rule: &RuleView<'_>, numeric: bool) {
    let table = rule.table();
    if table != RouteTable::UNSPEC {
        let name = TABLES.show(table.0, numeric);
        doc.field("table", name.as_str(), format_args!(" lookup {name}"));
        if let Some(len) = rule.suppress_prefixlen().filter(|len| *len != u32::MAX) {
            let text = format!(" suppress_prefixlength {len}");
            doc.field("suppress_prefixlen", len, text);
        }
        if let Some(group) = rule.suppress_ifgroup().filter(|group| *group != u32::MAX) {
            let name = GROUPS.show(group, numeric);
            let text = format!(" suppress_ifgroup {name}");
            doc.field("suppress_ifgroup", name, text);
        }
    }
    if let Some(flow) = rule.flow() {
        let (from, to) = show_realms(flow, numeric);
        doc.text(" realms ");
        if let Some(from) = from {
            doc.field("flow_from", from.as_str(), format_args!("{from}/"));
        }
        doc.field("flow_to", to.as_str(), &to);
    }
}

fn action(doc: &mut Doc, rule: &RuleView<'_>, numeric: bool) {
    match rule.action() {
        RuleAction(nat) if nat == RouteType::NAT.0 => {
            doc.field("masquerade", Value::Null, " masquerade");
        }
        RuleAction::GOTO => {
            match rule.goto() {
                Some(target) => doc.field("goto", target, format_args!(" goto {target}")),
                None => doc.field("goto", "none", " goto none"),
            };
            if rule.flags().contains(RuleFlags::UNRESOLVED) {
                doc.field("unresolved", Value::Null, " [unresolved]");
            }
        }
        RuleAction::NOP => {
            doc.field("nop", Value::Null, " nop");
        }
        RuleAction::TO_TABLE => {}
        RuleAction(other) => {
            let word = show_type(RouteType(other), numeric);
            doc.field("action", word.as_str(), format_args!(" {word}"));
        }
    }
}
