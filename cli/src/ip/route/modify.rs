//! `ip route add` and its kin: a route from words.

use std::net::IpAddr;

use nl_route::link::GetLink;
use nl_route::link::kind::vrf::VrfView;
use nl_route::route::{
    DelRoute, NewHop, NewRoute, RouteFlags, RouteMetrics, RouteProtocol, RouteScope, RouteTable,
};
use nl_route::{Family, Mode, Prefix};

use super::usage;
use super::words::{dsfield, invalid, metric, pref, realms, route_type, value};
use crate::failure::Failure;
use crate::ip::Ip;
use crate::ip::inet::{PrefixWord, addr, family_of, family_word, prefix};
use crate::ip::names::{PROTOCOLS, SCOPES, TABLES, number};
use crate::ip::options::AF_UNSPEC;
use crate::words::{Words, duplicate_or_garbage, matches, wrong};

/// What is done with the route.
#[derive(Clone, Copy)]
pub(super) enum Change {
    Make(Mode),
    Delete,
}

/// What the words have said so far.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    route: NewRoute,
    family: u8,
    dst: Option<PrefixWord>,
    device: Option<String>,
    metrics: RouteMetrics,
}

impl Spec {
    /// Nothing was said; the options may have named a family.
    pub(super) fn new(family: u8) -> Self {
        Self {
            route: NewRoute::new(Prefix::ALL_V4),
            family,
            dst: None,
            device: None,
            metrics: RouteMetrics::default(),
        }
    }

    /// Reads what all routes of a list have in common: no destination, one way.
    pub(super) fn common(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<Self, Failure> {
        let mut spec = Self::new(ip.options.family);
        while let Some(word) = words.next() {
            keyword(ip, &mut spec, word, &mut words)?;
        }
        match spec.dst {
            None => Ok(spec),
            Some(_) => Err(usage()),
        }
    }

    /// Reads the words of a route.
    pub(super) fn read(
        mut self,
        ip: &mut Ip<'_>,
        mut words: Words<'_>,
    ) -> Result<NewRoute, Failure> {
        let mut has_hops = false;
        while let Some(word) = words.next() {
            if word == "nexthop" {
                has_hops = true;
                break;
            }
            keyword(ip, &mut self, word, &mut words)?;
        }
        let dst = self.dst.ok_or_else(usage)?;
        if let Some(name) = &self.device {
            self.route.oif = Some(ip.device(name)?);
        }
        if has_hops {
            hops(ip, &mut self, words)?;
        }
        let family = self.family;
        self.route.dst = PrefixWord { family, ..dst }.prefix();
        if !self.metrics.is_empty() {
            self.route = self.route.metrics(self.metrics);
        }
        Ok(self.route)
    }

    /// The family that was said or follows from an address; otherwise IPv4.
    pub(super) fn family_or_v4(&self) -> Family {
        match self.family {
            AF_UNSPEC => Family::INET,
            family => Family(family),
        }
    }

    /// The table that was said.
    pub(super) fn table(&self) -> Option<RouteTable> {
        self.route.table
    }

    /// The protocol that was said.
    pub(super) fn protocol(&self) -> Option<RouteProtocol> {
        self.route.protocol
    }

    /// Of this family, whatever was said.
    pub(super) fn of_family(mut self, family: u8) -> Self {
        self.family = family;
        self
    }

    /// Forgets which way the route goes; its family is that of the options again.
    pub(super) fn without_way(mut self, family: u8) -> Self {
        self.family = family;
        self.route.gateway = None;
        self.route.nh_id = None;
        self.device = None;
        self
    }
}

pub(super) fn run(ip: &mut Ip<'_>, words: Words<'_>, change: Change) -> Result<(), Failure> {
    let route = Spec::new(ip.options.family).read(ip, words)?;
    match change {
        Change::Make(mode) => ip.post(&route.mode(mode)),
        Change::Delete => ip.post(&DelRoute::from(route)),
    }
}

/// Reads one keyword and its values.
fn keyword(
    ip: &mut Ip<'_>,
    spec: &mut Spec,
    word: &str,
    words: &mut Words<'_>,
) -> Result<(), Failure> {
    let route = &mut spec.route;
    match word {
        "src" => route.prefsrc = Some(spec_addr(&mut spec.family, words)?),
        "as" => return Err(not_here("as")),
        "via" => route.gateway = Some(gateway_word(&mut spec.family, words)?),
        "from" => {
            let src = prefix(words.required()?, spec.family)?;
            settle(&mut spec.family, src.family);
            route.src = src.addr.map(|addr| Prefix::new(addr, src.len));
        }
        _ if word == "tos" || matches(word, "dsfield") => {
            let value = words.required()?;
            route.tos = dsfield(value).ok_or_else(|| invalid(value, "tos"))?;
        }
        "expires" => route.expires = Some(value(words, "expires")?),
        _ if matches(word, "metric") || matches(word, "priority") || word == "preference" => {
            route.metric = Some(value(words, "metric")?);
        }
        "scope" => {
            let value = words.required()?;
            let scope = SCOPES
                .number(value)
                .and_then(|scope| u8::try_from(scope).ok())
                .ok_or_else(|| wrong(value, "invalid \"scope\" value\n"))?;
            route.scope = Some(RouteScope(scope));
        }
        _ if metric(word, words, &mut spec.metrics)? => {}
        _ if matches(word, "realms") => {
            let value = words.required()?;
            route.flow = Some(realms(value).ok_or_else(|| invalid(value, "realm"))?);
        }
        "onlink" => route.flags |= RouteFlags::ONLINK,
        "nhid" => route.nh_id = Some(value(words, "id")?),
        _ if matches(word, "protocol") => route.protocol = Some(protocol(words.required()?)?),
        _ if matches(word, "table") => {
            let value = words.required()?;
            let table = TABLES
                .number(value)
                .ok_or_else(|| invalid(value, "table"))?;
            route.table = Some(RouteTable(table));
        }
        _ if matches(word, "vrf") => {
            let name = words.required()?;
            route.table = Some(vrf(ip, name).ok_or_else(|| wrong(name, "Invalid VRF\n"))?);
        }
        "dev" | "oif" => spec.device = Some(words.required()?.to_owned()),
        _ if matches(word, "pervasive") => route.flags |= RouteFlags::PERVASIVE,
        _ if matches(word, "offload") => route.flags |= RouteFlags::OFFLOAD,
        "encap" => return Err(no_encap("route", words)),
        "ttl-propagate" => {
            route.ttl_propagate = Some(match words.required()? {
                "enabled" => true,
                "disabled" => false,
                word => return Err(invalid(word, "ttl-propagate")),
            });
        }
        "pref" => {
            let value = words.required()?;
            route.pref = Some(pref(value).ok_or_else(|| invalid(value, "pref"))?);
        }
        _ => destination(spec, word, words)?,
    }
    Ok(())
}

/// The destination, with the route's type before it.
fn destination(spec: &mut Spec, word: &str, words: &mut Words<'_>) -> Result<(), Failure> {
    let mut word = word;
    if word == "to" {
        word = words.required()?;
    }
    if !word.starts_with(|c: char| c.is_ascii_digit())
        && let Some(found) = route_type(word)
    {
        spec.route.route_type = Some(found);
        word = words.required()?;
    }
    if matches(word, "help") {
        return Err(usage());
    }
    if spec.dst.is_some() {
        return Err(duplicate_or_garbage("to", word));
    }
    let dst = prefix(word, spec.family)?;
    settle(&mut spec.family, dst.family);
    spec.dst = Some(dst);
    Ok(())
}

/// `nexthop …`, as often as it is there; the first one is read already.
fn hops(ip: &mut Ip<'_>, spec: &mut Spec, mut words: Words<'_>) -> Result<(), Failure> {
    loop {
        if words.is_empty() {
            return Err(Failure::new(
                255,
                "Error: unexpected end of line after \"nexthop\"",
            ));
        }
        let hop = hop(ip, spec, &mut words)?;
        spec.route.options_mut().hops.push(hop);
        match words.next() {
            None => return Ok(()),
            Some("nexthop") => {}
            Some(word) => {
                return Err(Failure::new(
                    255,
                    format!("Error: \"nexthop\" or end of line is expected instead of \"{word}\""),
                ));
            }
        }
    }
}

fn hop(ip: &mut Ip<'_>, spec: &mut Spec, words: &mut Words<'_>) -> Result<NewHop, Failure> {
    let mut hop = NewHop::default();
    while let Some(word) = words.peek() {
        let known = matches!(word, "via" | "dev" | "weight" | "onlink" | "encap" | "as")
            || matches(word, "realms");
        if !known {
            break;
        }
        words.next();
        match word {
            "via" => hop.gateway = Some(gateway_word(&mut spec.family, words)?),
            "dev" => {
                hop.ifindex = ip.device(words.required()?).map_err(|failure| {
                    Failure::new(255, format!("{failure}\nError: cannot parse nexthop"))
                })?;
            }
            "weight" => {
                let value = words.required()?;
                let weight = number(value)
                    .filter(|weight| (1..=256).contains(weight))
                    .ok_or_else(|| wrong(value, "\"weight\" is invalid\n"))?;
                hop = hop.weight(weight);
            }
            "onlink" => hop.onlink = true,
            "encap" => return Err(no_encap("route", words)),
            "as" => return Err(not_here("as")),
            _ => {
                let value = words.required()?;
                hop.flow = Some(realms(value).ok_or_else(|| invalid(value, "realm"))?);
            }
        }
    }
    Ok(hop)
}

/// A gateway, whose family may be named and may be another than the route's.
pub(in crate::ip) fn gateway_word(
    family: &mut u8,
    words: &mut Words<'_>,
) -> Result<IpAddr, Failure> {
    let word = words.required()?;
    let gateway = match family_word(word) {
        Some(own) => addr(words.required()?, own)?,
        None => addr(word, *family)?,
    };
    settle(family, family_of(gateway));
    Ok(gateway)
}

fn spec_addr(family: &mut u8, words: &mut Words<'_>) -> Result<IpAddr, Failure> {
    let addr = addr(words.required()?, *family)?;
    settle(family, family_of(addr));
    Ok(addr)
}

/// The first address decides on the family, if the options did not.
pub(super) fn settle(family: &mut u8, found: u8) {
    if *family == AF_UNSPEC {
        *family = found;
    }
}

/// Who makes it: a name or a number.
pub(in crate::ip) fn protocol(word: &str) -> Result<RouteProtocol, Failure> {
    PROTOCOLS
        .number(word)
        .and_then(|protocol| u8::try_from(protocol).ok())
        .map(RouteProtocol)
        .ok_or_else(|| invalid(word, "protocol"))
}

/// The table of a VRF.
pub(super) fn vrf(ip: &mut Ip<'_>, name: &str) -> Option<RouteTable> {
    let link = ip.connection().get(&GetLink::new(name)).ok()?;
    let view = link.view();
    let info = view.link_info()?;
    if info.kind() != Some("vrf") {
        return None;
    }
    let settings = VrfView::parse(info.data()?).ok()?;
    settings.table().map(RouteTable)
}

/// The index of a VRF.
pub(in crate::ip) fn vrf_device(ip: &mut Ip<'_>, name: &str) -> Option<i32> {
    vrf(ip, name).and_then(|_| ip.ifindex(name))
}

/// Why there is no lightweight tunnel.
pub(in crate::ip) fn no_encap(object: &str, words: &mut Words<'_>) -> Failure {
    match words.next() {
        None => crate::words::incomplete(),
        Some("mpls" | "ip" | "ip6" | "seg6" | "seg6local" | "bpf" | "rpl" | "ioam6" | "xfrm") => {
            Failure::new(
                1,
                format!("nlctl does not have \"ip {object} … encap\" yet."),
            )
        }
        Some(word) => invalid(word, "encap type"),
    }
}

fn not_here(word: &str) -> Failure {
    Failure::new(1, format!("nlctl does not have \"ip route … {word}\" yet."))
}
