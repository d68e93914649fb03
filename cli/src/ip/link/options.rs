//! The options that `add`, `set`, `delete` and a veth's `peer` share.

use std::os::fd::OwnedFd;

use nl_route::link::{Flags, LinkSettings, Netns};

use super::parse::{self, is_altname, is_ifname, link_addr, on_off, value};
use super::words::{ADDR_GEN_MODES, OPER_STATES};
use crate::failure::Failure;
use crate::ip::Ip;
use crate::ip::names::number;
use crate::ip::session::open_netns;
use crate::words::{Words, duplicate, duplicate_or_garbage, wrong};

/// What the options said.
#[derive(Debug, Default)]
pub(super) struct LinkOptions<'w> {
    /// The device's name as it is, or as it shall be.
    pub(super) dev: Option<&'w str>,
    /// `name`: the name it shall have.
    pub(super) name: Option<&'w str>,
    /// `link`: the name of the device below.
    pub(super) link: Option<&'w str>,
    /// `type`, behind which the kind's own options follow.
    pub(super) kind: Option<&'w str>,
    /// `index`.
    pub(super) ifindex: Option<i32>,
    /// `group`: where nothing else names a device, which devices are meant.
    pub(super) group: Option<u32>,
    /// Everything that becomes an attribute.
    pub(super) settings: LinkSettings,
    /// Open namespaces that the settings refer to.
    pub(super) open: Vec<OwnedFd>,
}

/// Reads options until `type KIND` or the end.
pub(super) fn read<'w>(ip: &mut Ip<'_>, words: &mut Words<'w>) -> Result<LinkOptions<'w>, Failure> {
    let mut options = LinkOptions::default();
    while let Some(word) = words.next() {
        if word == "type" || (word.len() > 1 && crate::words::matches(word, "type")) {
            options.kind = Some(words.required()?);
            break;
        }
        option(ip, &mut options, word, words)?;
    }
    Ok(options)
}

fn option<'w>(
    ip: &mut Ip<'_>,
    options: &mut LinkOptions<'w>,
    word: &'w str,
    words: &mut Words<'w>,
) -> Result<(), Failure> {
    const FLAGS: &[(&str, Flags, bool)] = &[
        ("multicast", Flags::MULTICAST, false),
        ("allmulticast", Flags::ALLMULTI, false),
        ("promisc", Flags::PROMISC, false),
        ("trailers", Flags::NOTRAILERS, true),
        ("arp", Flags::NOARP, true),
        ("dynamic", Flags::DYNAMIC, false),
    ];
    let is = |keyword: &str| crate::words::matches(word, keyword);
    let settings = &mut options.settings;
    if let Some((keyword, flag, negative)) = FLAGS.iter().find(|(keyword, ..)| *keyword == word) {
        let on = on_off(keyword, words.required()?)?;
        settings.change |= *flag;
        settings.flags.set(*flag, on != *negative);
        return Ok(());
    }
    match word {
        "up" | "down" => {
            settings.change |= Flags::UP;
            settings.flags.set(Flags::UP, word == "up");
        }
        "name" => {
            let name = words.required()?;
            if options.name.is_some() {
                return Err(duplicate("name", name));
            }
            if !is_ifname(name) {
                return Err(wrong(name, "\"name\" not a valid ifname"));
            }
            options.name = Some(name);
        }
        "index" => {
            let index = words.required()?;
            if options.ifindex.is_some() {
                return Err(duplicate("index", index));
            }
            let ifindex = number::<i32>(index).filter(|index| *index > 0);
            options.ifindex = Some(ifindex.ok_or_else(|| wrong(index, "Invalid \"index\" value"))?);
        }
        "mtu" => once(&mut settings.mtu, "mtu", words)?,
        "netns" => {
            let name = words.required()?;
            if settings.netns.is_some() {
                return Err(duplicate("netns", name));
            }
            settings.netns = Some(match open_netns(name) {
                Ok(file) => {
                    let netns = Netns::of(&file);
                    options.open.push(file.into());
                    netns
                }
                Err(_) => Netns::Pid(value("netns", name)?),
            });
        }
        "vrf" => {
            let name = words.required()?;
            settings.master =
                Some(parse::vrf(ip, name).ok_or_else(|| wrong(name, "Not a valid VRF name\n"))?);
        }
        "group" => {
            let group = words.required()?;
            if options.group.is_some() {
                return Err(duplicate("group", group));
            }
            options.group = Some(parse::group(group)?);
        }
        "mode" => {
            settings.linkmode = Some(match words.required()? {
                "default" => 0,
                "dormant" => 1,
                other => return Err(wrong(other, "Invalid link mode\n")),
            });
        }
        "state" => {
            let state = words.required()?;
            let position = OPER_STATES
                .iter()
                .position(|name| name.eq_ignore_ascii_case(state));
            let known = position.and_then(|position| u8::try_from(position).ok());
            let state = known
                .or_else(|| number(state).filter(|state| *state < 7))
                .ok_or_else(|| wrong(state, "Invalid operstate\n"))?;
            settings.operstate = Some(state);
        }
        "carrier" => {
            settings.carrier = Some(one_of_off_on("carrier", words.required()?, 22)?.into())
        }
        "protodown" => {
            settings.proto_down = Some(one_of_off_on("protodown", words.required()?, 22)?.into())
        }
        "link-netns" => {
            let name = words.required()?;
            let nsid = ip.nsid(name).filter(|nsid| *nsid >= 0);
            settings.link_netnsid =
                Some(nsid.ok_or_else(|| wrong(name, "Invalid \"link-netns\" value\n"))?);
        }
        "gso_max_size" => settings.gso_max_size = Some(value(word, words.required()?)?),
        "gso_max_segs" => settings.gso_max_segs = Some(value(word, words.required()?)?),
        "gro_max_size" => settings.gro_max_size = Some(value(word, words.required()?)?),
        "vf" | "xdp" | "xdpgeneric" | "xdpdrv" | "xdpoffload" | "parentdev"
        | "protodown_reason" => {
            return Err(Failure::new(
                1,
                format!("nlctl does not have \"ip link … {word}\" yet."),
            ));
        }
        _ if is("link") => options.link = Some(words.required()?),
        _ if is("address") => settings.address = Some(link_addr(words.required()?)?),
        _ if is("broadcast") || word == "brd" => {
            settings.broadcast = Some(link_addr(words.required()?)?)
        }
        _ if is("txqueuelen") || word == "qlen" || is("txqlen") => {
            let len = words.required()?;
            if settings.txqueuelen.is_some() {
                return Err(duplicate("txqueuelen", len));
            }
            // A negative length goes out as it is; the kernel takes it.
            let negative = len.parse::<i32>().ok().map(i32::cast_unsigned);
            settings.txqueuelen = Some(match negative {
                Some(len) => len,
                None => value("txqueuelen", len)?,
            });
        }
        _ if is("master") => {
            let name = words.required()?;
            settings.master = Some(
                ip.ifindex(name)
                    .ok_or_else(|| wrong(name, "Device does not exist\n"))?,
            );
        }
        _ if is("nomaster") => settings.master = Some(0),
        _ if is("alias") => {
            let alias = words.required()?;
            if alias.len() >= 256 {
                return Err(wrong(alias, "alias too long\n"));
            }
            settings.alias = Some(alias.to_owned());
        }
        _ if is("numtxqueues") => once(&mut settings.num_tx_queues, "numtxqueues", words)?,
        _ if is("numrxqueues") => once(&mut settings.num_rx_queues, "numrxqueues", words)?,
        _ if is("addrgenmode") => {
            let mode = words.required()?;
            let found = ADDR_GEN_MODES.iter().find(|(_, name)| *name == mode);
            let number = found.and_then(|(number, _)| u8::try_from(*number).ok());
            settings.addr_gen_mode =
                Some(number.ok_or_else(|| wrong(mode, "Invalid address generation mode\n"))?);
        }
        _ if is("link-netnsid") => once(&mut settings.link_netnsid, "link-netnsid", words)?,
        _ => {
            if is("help") {
                return Err(super::usage::failure());
            }
            let name = if word == "dev" {
                words.required()?
            } else {
                word
            };
            if options.dev.is_some() {
                return Err(duplicate_or_garbage("dev", name));
            }
            if !is_altname(name) {
                return Err(wrong(name, "\"dev\" not a valid ifname"));
            }
            options.dev = Some(name);
        }
    }
    Ok(())
}

/// A number that may be given once.
fn once<N: TryFrom<u64>>(
    slot: &mut Option<N>,
    keyword: &str,
    words: &mut Words<'_>,
) -> Result<(), Failure> {
    let word = words.required()?;
    if slot.is_some() {
        return Err(duplicate(keyword, word));
    }
    *slot = Some(value(keyword, word)?);
    Ok(())
}

/// `on` or `off`, with the other sentence that ip has for it, and the exit code that it has at this place.
pub(super) fn one_of_off_on(keyword: &str, word: &str, code: u8) -> Result<bool, Failure> {
    match word {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(Failure::new(
            code,
            format!(
                "Error: argument of \"{keyword}\" must be one of \"off\", \"on\", not \"{word}\""
            ),
        )),
    }
}
