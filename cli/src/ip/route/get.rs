//! `ip route get`: which way a packet would go.

use nl_route::Prefix;
use nl_route::route::GetRoute;

use super::modify::{settle, vrf};
use super::print::doc;
use super::select::Select;
use super::usage;
use super::words::dsfield;
use crate::failure::Failure;
use crate::ip::Ip;
use crate::ip::inet::{PrefixWord, bits, prefix};
use crate::ip::names::number;
use crate::ip::protocols;
use crate::ip::session::refused;
use crate::words::{Words, matches, wrong};

pub(super) fn get(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    let mut family = ip.options.family;
    let mut request = GetRoute::new(std::net::Ipv4Addr::UNSPECIFIED.into());
    let (mut dst, mut iif, mut oif) = (None, None, None);
    let mut connected = false;
    while let Some(word) = words.next() {
        match word {
            _ if word == "tos" || matches(word, "dsfield") => {
                let value = words.required()?;
                let tos = dsfield(value).ok_or_else(|| wrong(value, "TOS value is invalid\n"));
                request.tos = tos?;
            }
            _ if matches(word, "from") => {
                let value = words.required()?;
                if matches(value, "help") {
                    return Err(usage());
                }
                let src = prefix(value, family)?;
                settle(&mut family, src.family);
                request.src = src.addr.map(|addr| Prefix::new(addr, src.len));
            }
            _ if matches(word, "iif") => iif = Some(words.required()?),
            _ if matches(word, "mark") => {
                let value = words.required()?;
                let mark = number(value).ok_or_else(|| wrong(value, "invalid mark value"));
                request.mark = Some(mark?);
            }
            _ if matches(word, "oif") || word == "dev" => oif = Some(words.required()?),
            _ if matches(word, "notify") => {}
            _ if matches(word, "connected") => connected = true,
            _ if matches(word, "vrf") => {
                let name = words.required()?;
                vrf(ip, name).ok_or_else(|| wrong(name, "Invalid VRF\n"))?;
                oif = Some(name);
            }
            _ if matches(word, "uid") => {
                let value = words.required()?;
                request.uid = Some(number(value).ok_or_else(|| wrong(value, "invalid UID\n"))?);
            }
            _ if matches(word, "fibmatch") => request.fib_match = true,
            "sport" => {
                let value = words.required()?;
                let port = number(value).ok_or_else(|| wrong(value, "invalid sport\n"));
                request.sport = Some(port?);
            }
            "dport" => {
                let value = words.required()?;
                let port = number(value).ok_or_else(|| wrong(value, "invalid dport\n"));
                request.dport = Some(port?);
            }
            _ if matches(word, "ipproto") => {
                request.ip_proto = Some(protocols::number(words.required()?)?);
            }
            _ => {
                let value = if word == "to" {
                    words.required()?
                } else {
                    word
                };
                if matches(value, "help") {
                    return Err(usage());
                }
                let found = prefix(value, family)?;
                settle(&mut family, found.family);
                dst = Some(found);
            }
        }
    }
    let dst = dst.ok_or_else(|| Failure::new(1, "need at least a destination address"))?;
    if let Some(name) = iif {
        request.iif = Some(ip.device(name)?);
    }
    if let Some(name) = oif {
        request.oif = Some(ip.device(name)?);
    }
    let host = bits(family);
    if dst.len != host {
        ip.warn(format_args!(
            "Warning: /{} as prefix is invalid, only /{host} (or none) is supported.",
            dst.len
        ));
    }
    let addr = PrefixWord { family, ..dst }.prefix().addr;
    request.dst = Prefix::host(addr);
    // A connected socket asks twice; ip sends the same question and shows both answers.
    let asked = if connected && request.src.is_none() {
        2
    } else {
        1
    };
    let mut docs = Vec::new();
    for _ in 0..asked {
        let answer = ip
            .connection()
            .get(&request)
            .map_err(|error| refused(&error))?;
        docs.push(doc(ip, &answer.view(), &Select::any()));
    }
    ip.print(&docs)
}
