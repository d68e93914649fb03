//! Words that several commands on links share.

use super::Filter;
use crate::failure::Failure;
use crate::ip::Ip;
use crate::ip::names::{GROUPS, number};
use crate::words::{Words, wrong};

/// Reads a word of a filter; whether it was one.
pub(in crate::ip) fn filter(
    ip: &mut Ip<'_>,
    filter: &mut Filter,
    word: &str,
    words: &mut Words<'_>,
) -> Result<bool, Failure> {
    match word {
        "up" => filter.up = true,
        "group" => filter.group = Some(group(words.required()?)?),
        "master" => {
            let name = words.required()?;
            filter.master = Some(
                ip.ifindex(name)
                    .ok_or_else(|| wrong(name, "Device does not exist\n"))?,
            );
        }
        "vrf" => {
            let name = words.required()?;
            filter.master =
                Some(vrf(ip, name).ok_or_else(|| wrong(name, "Not a valid VRF name\n"))?);
        }
        "nomaster" => filter.nomaster = true,
        "type" => filter.kind = Some(words.required()?.to_owned()),
        _ => return Ok(false),
    }
    Ok(true)
}

/// The index of a link that is to be shown.
pub(in crate::ip) fn existing(ip: &mut Ip<'_>, name: &str) -> Result<i32, Failure> {
    ip.ifindex(name)
        .ok_or_else(|| Failure::new(1, format!("Device \"{name}\" does not exist.")))
}

/// The index of a VRF.
pub(in crate::ip) fn vrf(ip: &mut Ip<'_>, name: &str) -> Option<i32> {
    let ifindex = ip.ifindex(name)?;
    let link = ip
        .connection()
        .get(&nl_route::link::GetLink::new(ifindex))
        .ok()?;
    (link.view().kind() == Some("vrf")).then_some(ifindex)
}

/// The number of a link group.
pub(super) fn group(word: &str) -> Result<u32, Failure> {
    GROUPS
        .number(word)
        .ok_or_else(|| wrong(word, "Invalid \"group\" value\n"))
}

/// A number after a keyword, `Invalid "mtu" value` if it is none.
pub(super) fn value<N: TryFrom<u64>>(keyword: &str, word: &str) -> Result<N, Failure> {
    number(word).ok_or_else(|| wrong(word, format_args!("Invalid \"{keyword}\" value\n")))
}

/// `on` or `off` after a keyword.
pub(super) fn on_off(keyword: &str, word: &str) -> Result<bool, Failure> {
    match word {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(Failure::new(
            1,
            format!("Error: argument of \"{keyword}\" must be \"on\" or \"off\", not \"{word}\""),
        )),
    }
}

/// A link-layer address: hexadecimal bytes between colons, or an IPv4 address.
pub(super) fn link_addr(word: &str) -> Result<Vec<u8>, Failure> {
    if word.contains('.')
        && let Ok(address) = word.parse::<std::net::Ipv4Addr>()
    {
        return Ok(address.octets().to_vec());
    }
    word.split(':')
        .map(|byte| {
            let digits = byte.len() <= 8 && byte.starts_with(|c: char| c.is_ascii_hexdigit());
            digits
                .then(|| u32::from_str_radix(byte, 16).ok())
                .flatten()
                .and_then(|byte| u8::try_from(byte).ok())
                .ok_or_else(|| Failure::new(1, format!("\"{byte}\" is invalid lladdr.")))
        })
        .collect()
}

/// Whether a device may be called so: 1 to 15 bytes, no `/`, no blanks.
pub(super) fn is_ifname(name: &str) -> bool {
    is_name(name, 15)
}

/// Whether an alternative name may be this: up to 127 bytes.
pub(super) fn is_altname(name: &str) -> bool {
    is_name(name, 127)
}

fn is_name(name: &str, max: usize) -> bool {
    !name.is_empty()
        && name.len() <= max
        && !name
            .bytes()
            .any(|byte| byte == b'/' || byte.is_ascii_whitespace())
}
