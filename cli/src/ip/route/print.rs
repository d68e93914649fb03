//! A route as text and JSON.

use nl_route::Family;
use nl_route::route::{
    EncapType, Hop, METRIC_NAMES, MetricsView, RTAX_CC_ALGO, RTAX_FEATURE_ECN, RTAX_FEATURES,
    RTAX_HOPLIMIT, RTAX_LOCK, RTAX_RTO_MIN, RTAX_RTT, RTAX_RTTVAR, RouteFlags, RoutePref,
    RouteProtocol, RouteScope, RouteTable, RouteType, RouteView, RtaCacheinfo,
};

use super::select::Select;
use super::words::{show_realms, show_type};
use crate::ip::Ip;
use crate::ip::doc::{Color, Doc, Value};
use crate::ip::inet::{bits, show, show_prefix};
use crate::ip::names::{DSFIELDS, PROTOCOLS, SCOPES, TABLES};
use crate::ip::nexthop;

/// A flag and its word.
const FLAGS: &[(RouteFlags, &str)] = &[
    (RouteFlags::DEAD, "dead"),
    (RouteFlags::ONLINK, "onlink"),
    (RouteFlags::PERVASIVE, "pervasive"),
    (RouteFlags::OFFLOAD, "offload"),
    (RouteFlags::TRAP, "trap"),
    (RouteFlags::NOTIFY, "notify"),
    (RouteFlags::LINKDOWN, "linkdown"),
    (RouteFlags::UNRESOLVED, "unresolved"),
    (RouteFlags::RT_OFFLOAD, "rt_offload"),
    (RouteFlags::RT_TRAP, "rt_trap"),
    (RouteFlags::OFFLOAD_FAILED, "rt_offload_failed"),
];

/// The flags of a cached IPv4 route, `RTCF_*`. Source: include/uapi/linux/in_route.h.
const CACHE_FLAGS: &[(u32, &str)] = &[
    (0x8000_0000, "local"),
    (0x2000_0000, "mc"),
    (0x1000_0000, "brd"),
    (0x0800_0000, "dst-nat"),
    (0x0080_0000, "src-nat"),
    (0x0040_0000, "masq"),
    (0x0400_0000, "dst-direct"),
    (0x0200_0000, "src-direct"),
    (0x0004_0000, "redirected"),
    (0x0100_0000, "redirect"),
    (0x0020_0000, "fastroute"),
    (0x0001_0000, "notify"),
    (0x0008_0000, "proxy"),
];

/// A route; what was selected by one value is left out of its text.
pub(in crate::ip) fn doc(ip: &mut Ip<'_>, route: &RouteView<'_>, select: &Select) -> Doc {
    let mut doc = Doc::new();
    let numeric = ip.options.numeric;
    let details = ip.options.details > 0;
    let cloned = route.flags().contains(RouteFlags::CLONED);
    destination(&mut doc, route, details, numeric);
    if let (Some(encap), kind) = (route.encap(), route.encap_type()) {
        let _ = encap;
        show_encap(&mut doc, kind.map(EncapType));
    }
    if route.tos() != 0 && select.tos.is_none() {
        let tos = match DSFIELDS.name(route.tos().into()) {
            Some(name) if !numeric => name.to_owned(),
            _ => format!("{:#04x}", route.tos()),
        };
        doc.shown("tos", "tos", tos);
    }
    if let Some(id) = route.nh_id() {
        doc.shown("nhid", "nhid", id);
    }
    let host = bits(route.family().0);
    let names_one = |word: Option<crate::ip::inet::PrefixWord>| {
        word.is_some_and(|word| word.addr.is_some() && word.len == host)
    };
    if !names_one(select.via) {
        if let Some(addr) = route.gateway_addr() {
            gateway(&mut doc, addr);
        }
        if let Some(addr) = route.via().and_then(|via| via.ip()) {
            via(&mut doc, addr);
        }
    }
    if let Some(oif) = route.oif()
        && select.oif.is_none()
    {
        device(&mut doc, "dev", ip.link_name(oif));
    }
    let table = route.table();
    if select.table.is_none()
        && table != RouteTable::UNSPEC
        && (table != RouteTable::MAIN || details)
    {
        doc.shown("table", "table", TABLES.show(table.0, numeric));
    }
    if !cloned {
        if (route.protocol() != RouteProtocol::BOOT || details) && select.protocol.is_none() {
            let protocol = PROTOCOLS.show(route.protocol().0.into(), numeric);
            doc.shown("protocol", "proto", protocol);
        }
        if (route.scope() != RouteScope::GLOBAL || details) && select.scope.is_none() {
            doc.shown(
                "scope",
                "scope",
                SCOPES.show(route.scope().0.into(), numeric),
            );
        }
    }
    if let Some(addr) = route.prefsrc()
        && !names_one(select.prefsrc)
    {
        doc.text("src ");
        doc.colored(
            color(addr.is_ipv6()),
            "prefsrc",
            show(addr),
            format_args!("{} ", show(addr)),
        );
    }
    if let Some(metric) = route.priority()
        && select.metric.is_none()
    {
        doc.shown("metric", "metric", metric);
    }
    flags(&mut doc, route.flags());
    if let Some(mark) = route.mark() {
        if mark >= 16 {
            doc.field("mark", mark, format_args!("mark {mark:#x} "));
        } else {
            doc.shown("mark", "mark", mark);
        }
    }
    if let Some(flow) = route.flow()
        && select.realms.is_none_or(|(_, mask)| mask != u32::MAX)
    {
        realms(&mut doc, flow, numeric);
    }
    if let Some(uid) = route.uid() {
        doc.shown("uid", "uid", uid);
    }
    if cloned && route.family() == Family::INET {
        doc.newline().text("    cache ");
        cache_flags(&mut doc, route.flags());
    }
    if let Some(info) = route.cacheinfo() {
        cacheinfo(&mut doc, info, ip.options.statistics > 0);
    }
    if let Some(view) = route.metrics() {
        doc.objects("metrics", [metrics(&view)]);
    }
    if let Some(iif) = route.iif()
        && select.iif.is_none()
    {
        device(&mut doc, "iif", ip.link_name(iif));
    }
    if let Some(pref) = route.pref() {
        let word = RoutePref(pref)
            .name()
            .map_or_else(|| pref.to_string(), str::to_owned);
        doc.field("pref", word.clone(), format_args!("pref {word}"));
    }
    if let Some(propagate) = route.ttl_propagate() {
        let word = if propagate != 0 {
            "enabled"
        } else {
            "disabled"
        };
        doc.field(
            "ttl-propagate",
            propagate != 0,
            format_args!("ttl-propagate {word}"),
        );
    }
    if let Some(id) = route.nh_id()
        && details
    {
        nexthop::info(ip, &mut doc, id);
    }
    if route.multipath().is_some() {
        let hops: Vec<Doc> = route
            .hops()
            .map_while(Result::ok)
            .map(|hop| hop_doc(ip, &hop, route.family(), numeric))
            .collect();
        doc.objects("nexthops", hops);
    }
    doc.text('\n');
    doc
}

fn destination(doc: &mut Doc, route: &RouteView<'_>, details: bool, numeric: bool) {
    if route.route_type() != RouteType::UNICAST || details {
        let word = show_type(route.route_type(), numeric);
        doc.field("type", word.clone(), format_args!("{word} "));
    }
    let len = route.header().dst_len;
    let (text, color) = match (route.dst_addr(), route.dst()) {
        (Some(addr), Some(prefix)) => (show_prefix(prefix), color(addr.is_ipv6())),
        _ if len != 0 => (format!("0/{len}"), None),
        _ => ("default".to_owned(), None),
    };
    doc.colored(color, "dst", text.as_str(), format_args!("{text} "));
    if let Some(src) = route.src() {
        let text = show_prefix(src);
        doc.text("from ");
        doc.colored(
            self::color(src.addr.is_ipv6()),
            "from",
            text.as_str(),
            format_args!("{text} "),
        );
    } else if route.header().src_len != 0 {
        doc.shown("from", "from", format!("0/{}", route.header().src_len));
    }
}

fn color(v6: bool) -> Option<Color> {
    Some(if v6 { Color::Inet6 } else { Color::Inet })
}

pub(in crate::ip) fn gateway(doc: &mut Doc, addr: std::net::IpAddr) {
    doc.text("via ");
    let text = show(addr);
    doc.colored(
        color(addr.is_ipv6()),
        "gateway",
        text.as_str(),
        format_args!("{text} "),
    );
}

fn via(doc: &mut Doc, addr: std::net::IpAddr) {
    let family = if addr.is_ipv6() { "inet6" } else { "inet" };
    let text = show(addr);
    doc.object("via", |doc| {
        doc.text("via ")
            .field("family", family, format_args!("{family} "));
        doc.colored(
            color(addr.is_ipv6()),
            "host",
            text.as_str(),
            format_args!("{text} "),
        );
    });
}

pub(in crate::ip) fn device(doc: &mut Doc, key: &'static str, name: String) {
    doc.text(format_args!("{key} "));
    let text = format!("{name} ");
    doc.colored(Some(Color::Ifname), key, name, text);
}

pub(in crate::ip) fn flags(doc: &mut Doc, flags: RouteFlags) {
    let words = FLAGS
        .iter()
        .filter(|(flag, _)| flags.contains(*flag))
        .map(|(_, word)| *word);
    let text: String = words.clone().flat_map(|word| [word, " "]).collect();
    doc.values("flags", words, text);
}

fn cache_flags(doc: &mut Doc, flags: RouteFlags) {
    let set = flags.bits() & !0xffff;
    let words: Vec<&str> = CACHE_FLAGS
        .iter()
        .filter(|(flag, _)| set & flag != 0)
        .map(|(_, word)| *word)
        .collect();
    let rest = CACHE_FLAGS.iter().fold(set, |rest, (flag, _)| rest & !flag);
    let mut words: Vec<String> = words.into_iter().map(str::to_owned).collect();
    if rest != 0 {
        words.push(format!("{rest:x}"));
    }
    let text = if words.is_empty() {
        String::new()
    } else {
        format!("<{}> ", words.join(","))
    };
    doc.values("cache", words, text);
}

fn realms(doc: &mut Doc, flow: u32, numeric: bool) {
    let (from, to) = show_realms(flow, numeric);
    doc.object("flow", |doc| {
        doc.text("realm");
        if let Some(from) = from {
            doc.field("from", from.as_str(), format_args!("s {from}/"));
        } else {
            doc.text(" ");
        }
        doc.field("to", to.as_str(), format_args!("{to} "));
    });
}

fn cacheinfo(doc: &mut Doc, info: &RtaCacheinfo, statistics: bool) {
    /// `USER_HZ`.
    const HZ: i32 = 100;
    if info.expires.get() != 0 {
        let seconds = info.expires.get() / HZ;
        doc.field("expires", seconds, format_args!("expires {seconds}sec "));
    }
    let error = info.error.get().cast_signed();
    if error != 0 {
        doc.shown("error", "error", error);
    }
    if statistics {
        if info.clntref.get() != 0 {
            doc.shown("users", "users", info.clntref.get());
        }
        if info.used.get() != 0 {
            doc.shown("used", "used", info.used.get());
        }
        if info.lastuse.get() != 0 {
            let age = info.lastuse.get() / HZ.cast_unsigned();
            doc.field("age", age, format_args!("age {age}sec "));
        }
    }
}

fn metrics(view: &MetricsView<'_>) -> Doc {
    let mut doc = Doc::new();
    let lock = view.lock().unwrap_or(0);
    let last = METRIC_NAMES.iter().map(|(_, metric)| *metric).max();
    for metric in RTAX_LOCK + 1..=last.unwrap_or(RTAX_LOCK) {
        let number = view
            .attrs()
            .flatten()
            .filter(|attr| attr.number() == metric)
            .last()
            .and_then(|attr| attr.payload.try_into().ok())
            .map(u32::from_ne_bytes);
        let algorithm = (metric == RTAX_CC_ALGO).then(|| view.cc_algo()).flatten();
        let locked = lock & (1 << metric) != 0;
        if number.is_none() && algorithm.is_none() && !locked
            || metric == RTAX_HOPLIMIT && number == Some(u32::MAX)
        {
            continue;
        }
        let name = METRIC_NAMES
            .iter()
            .find(|(_, known)| *known == metric)
            .map_or("metric", |(name, _)| *name);
        doc.text(format_args!("{name} "));
        if locked {
            doc.text("lock ");
        }
        one_metric(&mut doc, name, metric, number.unwrap_or(0), algorithm);
    }
    doc
}

fn one_metric(
    doc: &mut Doc,
    name: &'static str,
    metric: u16,
    number: u32,
    algorithm: Option<&str>,
) {
    match metric {
        RTAX_CC_ALGO => {
            let name = algorithm.unwrap_or_default();
            doc.field("congestion", name, format_args!("{name} "));
        }
        RTAX_FEATURES => {
            if number & RTAX_FEATURE_ECN != 0 {
                doc.field("ecn", Value::Null, "ecn ");
            }
            let rest = number & !RTAX_FEATURE_ECN;
            if rest != 0 {
                doc.field("features", format!("{rest:#x}"), format_args!("{rest:#x} "));
            }
        }
        RTAX_RTT | RTAX_RTTVAR | RTAX_RTO_MIN => {
            let time = match metric {
                RTAX_RTT => number / 8,
                RTAX_RTTVAR => number / 4,
                _ => number,
            };
            if time >= 1000 {
                let seconds = f64::from(time) / 1000.0;
                doc.field(name, time, format_args!("{seconds}s "));
            } else {
                doc.field(name, time, format_args!("{time}ms "));
            }
        }
        _ => {
            doc.field(name, number, format_args!("{number} "));
        }
    }
}

fn hop_doc(ip: &mut Ip<'_>, hop: &Hop<'_>, family: Family, numeric: bool) -> Doc {
    let mut doc = Doc::new();
    doc.newline().text("\tnexthop ");
    if hop.encap().is_some() {
        show_encap(&mut doc, hop.encap_type());
    }
    if let Some(addr) = hop.gateway() {
        if hop.is_via() && addr.is_ipv6() != (family == Family::INET6) {
            via(&mut doc, addr);
        } else {
            gateway(&mut doc, addr);
        }
    }
    if let Some(flow) = hop.flow() {
        realms(&mut doc, flow, numeric);
    }
    // ip leaves the colour out here.
    doc.shown("dev", "dev", ip.link_name(hop.ifindex()));
    doc.shown("weight", "weight", hop.weight());
    flags(&mut doc, hop.flags());
    doc
}

/// A lightweight tunnel, by its kind.
pub(in crate::ip) fn show_encap(doc: &mut Doc, kind: Option<EncapType>) {
    let kind = kind.unwrap_or(EncapType::NONE).to_string();
    doc.field("encap", kind.as_str(), format_args!(" encap {kind} "));
}
