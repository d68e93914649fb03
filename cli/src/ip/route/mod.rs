//! `ip route`: routes, ip-route(8).

mod flush;
mod get;
pub(super) mod load;
mod modify;
pub(super) mod print;
mod save;
pub(super) mod select;
mod show;
mod words;

use nl_core::{Errno, Error};
use nl_route::Mode;
use nl_route::route::{RouteEntry, RouteTable};

use self::modify::Change;
pub(super) use self::modify::{gateway_word, no_encap, protocol, vrf_device};
pub(super) use self::print::{device, flags, gateway, show_encap};
use self::select::Select;
pub(super) use self::words::{dsfield, invalid, realms, route_type, show_realms, show_type};
use super::Ip;
use crate::failure::Failure;
use crate::words::{Words, matches};

const USAGE: &str = "\
Usage: ip route { list | flush } SELECTOR
       ip route save SELECTOR
       ip route restore
       ip route showdump
       ip route get [ ROUTE_GET_FLAGS ] ADDRESS
                            [ from ADDRESS iif STRING ]
                            [ oif STRING ] [ tos TOS ]
                            [ mark NUMBER ] [ vrf NAME ]
                            [ uid NUMBER ] [ ipproto PROTOCOL ]
                            [ sport NUMBER ] [ dport NUMBER ]
       ip route { add | del | change | append | replace } ROUTE
SELECTOR := [ root PREFIX ] [ match PREFIX ] [ exact PREFIX ]
            [ table TABLE_ID ] [ vrf NAME ] [ proto RTPROTO ]
            [ type TYPE ] [ scope SCOPE ]
ROUTE := NODE_SPEC [ INFO_SPEC ]
NODE_SPEC := [ TYPE ] PREFIX [ tos TOS ]
             [ table TABLE_ID ] [ proto RTPROTO ]
             [ scope SCOPE ] [ metric METRIC ]
             [ ttl-propagate { enabled | disabled } ]
INFO_SPEC := { NH | nhid ID } OPTIONS FLAGS [ nexthop NH ]...
NH := [ encap ENCAPTYPE ENCAPHDR ] [ via [ FAMILY ] ADDRESS ]
      [ dev STRING ] [ weight NUMBER ] NHFLAGS
FAMILY := [ inet | inet6 | mpls | bridge | link ]
OPTIONS := FLAGS [ mtu NUMBER ] [ advmss NUMBER ] [ as [ to ] ADDRESS ]
           [ rtt TIME ] [ rttvar TIME ] [ reordering NUMBER ]
           [ window NUMBER ] [ cwnd NUMBER ] [ initcwnd NUMBER ]
           [ ssthresh NUMBER ] [ realms REALM ] [ src ADDRESS ]
           [ rto_min TIME ] [ hoplimit NUMBER ] [ initrwnd NUMBER ]
           [ features FEATURES ] [ quickack BOOL ] [ congctl NAME ]
           [ pref PREF ] [ expires TIME ] [ fastopen_no_cookie BOOL ]
TYPE := { unicast | local | broadcast | multicast | throw |
          unreachable | prohibit | blackhole | nat }
TABLE_ID := [ local | main | default | all | NUMBER ]
SCOPE := [ host | link | global | NUMBER ]
NHFLAGS := [ onlink | pervasive ]
RTPROTO := [ kernel | boot | static | NUMBER ]
PREF := [ low | medium | high ]
TIME := NUMBER[s|ms]
BOOL := [1|0]
FEATURES := ecn
ENCAPTYPE := [ mpls | ip | ip6 | seg6 | seg6local | rpl | ioam6 | xfrm ]
ENCAPHDR := [ MPLSLABEL | SEG6HDR | SEG6LOCAL | IOAM6HDR | XFRMINFO ]
SEG6HDR := [ mode SEGMODE ] segs ADDR1,ADDRi,ADDRn [hmac HMACKEYID] [cleanup]
SEGMODE := [ encap | encap.red | inline | l2encap | l2encap.red ]
SEG6LOCAL := action ACTION [ OPTIONS ] [ count ]
ACTION := { End | End.X | End.T | End.DX2 | End.DX6 | End.DX4 |
            End.DT6 | End.DT4 | End.DT46 | End.B6 | End.B6.Encaps |
            End.BM | End.S | End.AS | End.AM | End.BPF }
OPTIONS := OPTION [ OPTIONS ]
OPTION := { flavors FLAVORS | srh SEG6HDR | nh4 ADDR | nh6 ADDR | iif DEV | oif DEV |
            table TABLEID | vrftable TABLEID | endpoint PROGNAME }
FLAVORS := { FLAVOR[,FLAVOR] }
FLAVOR := { psp | usp | usd | next-csid }
IOAM6HDR := trace prealloc type IOAM6_TRACE_TYPE ns IOAM6_NAMESPACE size IOAM6_TRACE_SIZE
XFRMINFO := if_id IF_ID [ link_dev LINK ]
ROUTE_GET_FLAGS := [ fibmatch ]";

type Run = fn(&mut Ip<'_>, Words<'_>) -> Result<(), Failure>;

const VERBS: &[(&str, Run)] = &[
    ("list", show::show),
    ("show", show::show),
    ("lst", show::show),
    ("get", get::get),
    ("add", |ip, words| {
        modify::run(ip, words, Change::Make(Mode::Add))
    }),
    ("change", |ip, words| {
        modify::run(ip, words, Change::Make(Mode::Change))
    }),
    ("chg", |ip, words| {
        modify::run(ip, words, Change::Make(Mode::Change))
    }),
    ("replace", |ip, words| {
        modify::run(ip, words, Change::Make(Mode::Replace))
    }),
    ("prepend", |ip, words| {
        modify::run(ip, words, Change::Make(Mode::Prepend))
    }),
    ("append", |ip, words| {
        modify::run(ip, words, Change::Make(Mode::Append))
    }),
    ("test", |ip, words| {
        modify::run(ip, words, Change::Make(Mode::Test))
    }),
    ("delete", |ip, words| modify::run(ip, words, Change::Delete)),
    ("flush", flush::flush),
    ("save", save::save),
    ("restore", save::restore),
    ("load", load::load),
    ("help", |_, _| Err(usage())),
];

pub(super) fn run(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    let Some(verb) = words.next() else {
        return show::show(ip, words);
    };
    match VERBS.iter().find(|(name, _)| matches(verb, name)) {
        Some((_, run)) => run(ip, words),
        None => Err(Failure::new(
            255,
            format!("Command \"{verb}\" is unknown, try \"ip route help\"."),
        )),
    }
}

fn usage() -> Failure {
    Failure::new(255, USAGE)
}

/// The routes that are selected among; whether they fit is for the caller to ask.
fn list(ip: &mut Ip<'_>, select: &Select) -> Result<Vec<RouteEntry>, Error> {
    // In a batch ip lists without strict checking, and no table is unknown.
    let in_batch = ip.backlog().is_some();
    match ip.connection().collect(&select.request()) {
        Err(error) if in_batch && is_unknown(&error) => Ok(Vec::new()),
        Err(error) if is_empty(select, &error) => Ok(Vec::new()),
        routes => routes,
    }
}

/// Whether the error says only that nothing is there: the main table is made with its first route,
/// until then it is empty, not unknown.
fn is_empty(select: &Select, error: &Error) -> bool {
    select.table == Some(RouteTable::MAIN) && is_unknown(error)
}

fn is_unknown(error: &Error) -> bool {
    error.errno() == Some(Errno(nix::libc::ENOENT))
}

/// What the kernel said to a list of routes: ip leaves with 2 then.
fn list_failed(error: &Error) -> Failure {
    Failure::new(2, super::dump_failed(error).text())
}
