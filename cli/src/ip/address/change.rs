//! `ip address add`, `change`, `replace` and `delete`.

use nl_core::Writer;
use nl_route::addr::{AddrFlags, AddrWriter, Broadcast, DelAddr, FOREVER, IfAddrMsg, NewAddr};
use nl_route::protocol::{RTM_DELADDR, RTM_NEWADDR};
use nl_route::route::RouteScope;
use nl_route::{Mode, Prefix, RawRequest};

use crate::failure::Failure;
use crate::ip::Ip;
use crate::ip::inet;
use crate::ip::names::{SCOPES, number};
use crate::ip::options::{AF_INET, AF_UNSPEC};
use crate::words::{Words, duplicate, duplicate_or_garbage, matches, wrong};

/// Flags that a user may set; `true` for those of IPv6 alone.
const FLAGS: &[(&str, AddrFlags, bool)] = &[
    ("nodad", AddrFlags::NODAD, true),
    ("optimistic", AddrFlags::OPTIMISTIC, true),
    ("home", AddrFlags::HOMEADDRESS, true),
    ("mngtmpaddr", AddrFlags::MANAGETEMPADDR, true),
    ("noprefixroute", AddrFlags::NOPREFIXROUTE, false),
    ("autojoin", AddrFlags::MCAUTOJOIN, false),
];

/// Flags that only the kernel sets.
const KERNEL_FLAGS: &[&str] = &[
    "secondary",
    "temporary",
    "dadfailed",
    "deprecated",
    "tentative",
    "permanent",
    "stable-privacy",
];

#[derive(Default)]
struct Said<'w> {
    dev: Option<&'w str>,
    local: Option<(Prefix, bool)>,
    peer: Option<Prefix>,
    broadcast: Option<Broadcast>,
    anycast: Option<std::net::IpAddr>,
    label: Option<&'w str>,
    scope: Option<RouteScope>,
    metric: Option<u32>,
    flags: AddrFlags,
    flag_words: Vec<&'w str>,
    valid: Option<u32>,
    preferred: Option<u32>,
}

/// `add IFADDR dev IFNAME …`.
pub(super) fn make(ip: &mut Ip<'_>, words: Words<'_>, mode: Mode) -> Result<(), Failure> {
    let Some((ifindex, read)) = read(ip, words)? else {
        return Err(no_device());
    };
    let Some(mut request) = request(ifindex, &read) else {
        return without_address(ip, ifindex, RTM_NEWADDR, mode.flags());
    };
    request.mode = mode;
    ip.post(&request)
}

/// `delete IFADDR dev IFNAME`.
pub(super) fn delete(ip: &mut Ip<'_>, words: Words<'_>) -> Result<(), Failure> {
    let Some((ifindex, read)) = read(ip, words)? else {
        return Err(no_device());
    };
    let Some(request) = request(ifindex, &read) else {
        return without_address(ip, ifindex, RTM_DELADDR, 0);
    };
    match read.local {
        Some((local, false)) if local.addr.is_ipv4() && read.peer.is_none() => {
            ip.warn(format_args!(
                "Warning: Executing wildcard deletion to stay compatible with old scripts.\n         \
                 Explicitly specify the prefix length ({local}) to avoid this warning.\n         \
                 This special behaviour is likely to disappear in further releases,\n         \
                 fix your scripts!"
            ));
            // Without IFA_ADDRESS the length does not matter.
            let mut out = Writer::new();
            let header = IfAddrMsg {
                family: AF_INET,
                prefix_len: local.len,
                ifindex: ifindex.cast_unsigned().into(),
                ..IfAddrMsg::default()
            };
            let mut attrs = AddrWriter::new(&mut out, &header);
            attrs.local(local.addr);
            if let Some(label) = read.label {
                attrs.label(label);
            }
            ip.post(&RawRequest {
                message_type: RTM_DELADDR,
                flags: 0,
                payload: out.bytes(),
            })
        }
        _ => ip.post(&DelAddr(request)),
    }
}

/// What the kernel says to a request without an address.
fn without_address(
    ip: &mut Ip<'_>,
    ifindex: i32,
    message_type: u16,
    flags: u16,
) -> Result<(), Failure> {
    let mut out = Writer::new();
    let header = IfAddrMsg {
        family: ip.options.family,
        ifindex: ifindex.cast_unsigned().into(),
        ..IfAddrMsg::default()
    };
    AddrWriter::new(&mut out, &header);
    ip.post(&RawRequest {
        message_type,
        flags,
        payload: out.bytes(),
    })
}

fn request(ifindex: i32, read: &Said<'_>) -> Option<NewAddr> {
    let mut request = NewAddr::new(ifindex, read.local?.0);
    request.peer = read.peer;
    request.broadcast = read.broadcast;
    request.anycast = read.anycast;
    request.label = read.label.map(str::to_owned);
    request.scope = read.scope;
    request.metric = read.metric;
    request.flags = read.flags;
    request.valid = read.valid;
    request.preferred = read.preferred;
    Some(request)
}

/// Reads all words; `None` without a device.
fn read<'w>(ip: &mut Ip<'_>, mut words: Words<'w>) -> Result<Option<(i32, Said<'w>)>, Failure> {
    let mut read = Said::default();
    let mut family = ip.options.family;
    while let Some(word) = words.next() {
        match word {
            "peer" | "remote" => {
                let peer = words.required()?;
                if read.peer.is_some() {
                    return Err(duplicate("peer", peer));
                }
                let prefix = inet::prefix(peer, family)?;
                family = prefix.family;
                read.peer = Some(prefix.prefix());
            }
            "anycast" => {
                let anycast = words.required()?;
                if read.anycast.is_some() {
                    return Err(duplicate("anycast", anycast));
                }
                read.anycast = Some(inet::addr(anycast, family)?);
            }
            "scope" => {
                let scope = words.required()?;
                let known = SCOPES
                    .number(scope)
                    .and_then(|scope| u8::try_from(scope).ok());
                read.scope = Some(RouteScope(
                    known.ok_or_else(|| wrong(scope, "invalid scope value."))?,
                ));
            }
            "dev" => read.dev = Some(words.required()?),
            "label" => read.label = Some(words.required()?),
            "valid_lft" => read.valid = Some(lifetime(words.required()?, "valid_lft value")?),
            "preferred_lft" => {
                read.preferred = Some(lifetime(words.required()?, "preferred_lft value")?)
            }
            _ if matches(word, "broadcast") || word == "brd" => {
                let brd = words.required()?;
                if read.broadcast.is_some() {
                    return Err(duplicate("broadcast", brd));
                }
                read.broadcast = Some(match brd {
                    "+" => Broadcast::Last,
                    "-" => Broadcast::First,
                    _ => Broadcast::Addr(inet::addr(brd, family)?),
                });
            }
            _ if matches(word, "metric")
                || matches(word, "priority")
                || matches(word, "preference") =>
            {
                let metric = words.required()?;
                read.metric = Some(
                    number(metric).ok_or_else(|| wrong(metric, "\"metric\" value is invalid\n"))?,
                );
            }
            _ if KERNEL_FLAGS.contains(&word) => read.flag_words.push(word),
            _ if let Some((_, flag, _)) = FLAGS.iter().find(|(known, ..)| *known == word) => {
                read.flags |= *flag;
                read.flag_words.push(word);
            }
            _ => {
                let local = if word == "local" {
                    words.required()?
                } else {
                    word
                };
                if matches(local, "help") {
                    return Err(super::usage());
                }
                if read.local.is_some() {
                    return Err(duplicate_or_garbage("local", local));
                }
                let prefix = inet::prefix(local, family)?;
                family = prefix.family;
                read.local = prefix.addr.map(|_| (prefix.prefix(), local.contains('/')));
            }
        }
    }
    let Some(dev) = read.dev else {
        return Ok(None);
    };
    check(ip, &mut read, family)?;
    Ok(Some((ip.device(dev)?, read)))
}

/// What ip checks before it asks the kernel.
fn check(ip: &mut Ip<'_>, read: &mut Said<'_>, family: u8) -> Result<(), Failure> {
    for word in &read.flag_words {
        if KERNEL_FLAGS.contains(word) {
            ip.warn(format_args!(
                "Warning: {word} option is not mutable from userspace"
            ));
        } else if family == AF_INET
            && let Some((_, flag, true)) = FLAGS.iter().find(|(known, ..)| known == word)
        {
            ip.warn(format_args!(
                "Warning: {word} option can be set only for IPv6 addresses"
            ));
            read.flags &= !*flag;
        }
    }
    if matches!(read.broadcast, Some(Broadcast::Last | Broadcast::First))
        && family != AF_INET
        && family != AF_UNSPEC
    {
        return Err(Failure::new(
            1,
            "Broadcast can be set only for IPv4 addresses",
        ));
    }
    if read.flags.contains(AddrFlags::MCAUTOJOIN)
        && read
            .local
            .is_some_and(|(local, _)| !local.addr.is_multicast())
    {
        return Err(Failure::new(1, "autojoin needs multicast address"));
    }
    if read.valid == Some(0) {
        return Err(Failure::new(1, "valid_lft is zero"));
    }
    let valid = read.valid.unwrap_or(FOREVER);
    if (read.valid.is_some() || read.preferred.is_some())
        && valid < read.preferred.unwrap_or(FOREVER)
    {
        return Err(Failure::new(1, "preferred_lft is greater than valid_lft"));
    }
    Ok(())
}

/// Seconds, or `forever`.
fn lifetime(word: &str, error: &str) -> Result<u32, Failure> {
    match word {
        "forever" => Ok(FOREVER),
        _ => number(word).ok_or_else(|| wrong(word, error)),
    }
}

fn no_device() -> Failure {
    Failure::new(1, "Not enough information: \"dev\" argument is required.")
}
