//! Values on the command line: numbers, protocols, ports, addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nl_netfilter::iptables::Address;

use super::names;
use super::problem::{Problem, parameter};

/// A number as strtoul(3) reads it with base 0: decimal, `0x` hexadecimal, `0` octal.
pub(super) fn number(text: &str, max: u64) -> Option<u64> {
    let value = if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        digits(hex, 16)
    } else if text.len() > 1 && text.starts_with('0') {
        digits(text.get(1..)?, 8)
    } else {
        digits(text, 10)
    }?;
    (value <= max).then_some(value)
}

/// Digits without a sign, which `from_str_radix` would take.
fn digits(text: &str, radix: u32) -> Option<u64> {
    let unsigned = text.bytes().next()?.is_ascii_hexdigit();
    u64::from_str_radix(text, radix).ok().filter(|_| unsigned)
}

/// A number that fits 32 bits.
pub(super) fn number_u32(text: &str) -> Option<u32> {
    number(text, u32::MAX.into()).and_then(|number| number.try_into().ok())
}

/// A number that fits 16 bits.
pub(super) fn number_u16(text: &str) -> Option<u16> {
    number(text, u16::MAX.into()).and_then(|number| number.try_into().ok())
}

/// A protocol by name or number; 0 is all.
pub(super) fn protocol(text: &str) -> Option<u8> {
    match number(text, u8::MAX.into()) {
        Some(number) => u8::try_from(number).ok(),
        None => names::protocol_number(text),
    }
}

/// A port by number or name of a service.
pub(super) fn port(text: &str, protocol: Option<&str>) -> Result<u16, Problem> {
    number_u16(text)
        .or_else(|| names::service_port(text, protocol))
        .ok_or_else(|| parameter!("invalid port/service `{text}' specified"))
}

/// `PORT`, `MIN:MAX`, `:MAX` or `MIN:`.
pub(super) fn port_range(text: &str, protocol: Option<&str>) -> Result<[u16; 2], Problem> {
    let Some((low, high)) = text.split_once(':') else {
        let single = port(text, protocol)?;
        return Ok([single, single]);
    };
    let min = if low.is_empty() {
        0
    } else {
        port(low, protocol)?
    };
    let max = if high.is_empty() {
        u16::MAX
    } else {
        port(high, protocol)?
    };
    if min > max {
        return Err(parameter!("invalid portrange (min > max)"));
    }
    Ok([min, max])
}

/// `VALUE` or `VALUE/MASK`.
pub(super) fn number_and_mask(text: &str) -> Option<(u32, u32)> {
    match text.split_once('/') {
        Some((value, mask)) => Some((number_u32(value)?, number_u32(mask)?)),
        None => Some((number_u32(text)?, u32::MAX)),
    }
}

/// The addresses of a comma list, each `ADDRESS`, `ADDRESS/PREFIX`, `ADDRESS/MASK` or a host's name.
pub(super) fn addresses(text: &str, v6: bool) -> Result<Vec<Address>, Problem> {
    let mut found: Vec<Address> = Vec::new();
    for part in text.split(',') {
        let part = part.trim_start_matches(' ');
        let (host, mask) = match part.split_once('/') {
            Some((host, mask)) => (host, Some(mask)),
            None => (part, None),
        };
        let mask = match mask {
            Some(text) => {
                parse_mask(text, v6).ok_or_else(|| parameter!("invalid mask `{text}' specified"))?
            }
            None if v6 => IpAddr::from([0xff; 16]),
            None => IpAddr::from([0xff; 4]),
        };
        for addr in hosts(host, v6)? {
            let address = Address::masked(addr, mask);
            if !found.contains(&address) {
                found.push(address);
            }
        }
    }
    Ok(found)
}

fn hosts(host: &str, v6: bool) -> Result<Vec<IpAddr>, Problem> {
    let numeric = if v6 {
        host.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
    } else {
        loose_v4(host).map(IpAddr::V4)
    };
    if let Some(addr) = numeric {
        return Ok(vec![addr]);
    }
    let found = names::host_addresses(host, v6);
    if found.is_empty() || host.is_empty() {
        return Err(parameter!("host/network `{host}' not found"));
    }
    Ok(found)
}

/// An IPv4 address whose trailing zeroes may be left out: `10`, `10.1`.
fn loose_v4(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0u8; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        match parts.next() {
            Some(part) => *octet = u8::try_from(number(part, 255)?).ok()?,
            None => break,
        }
    }
    parts.next().is_none().then(|| octets.into())
}

fn parse_mask(text: &str, v6: bool) -> Option<IpAddr> {
    let bits = if v6 { 128 } else { 32 };
    if let Some(len) = number(text, bits) {
        let ones = IpAddr::from([0xff; 16]);
        let ones = if v6 { ones } else { IpAddr::from([0xff; 4]) };
        return Some(Address::new(ones, u8::try_from(len).ok()?).mask);
    }
    if v6 {
        text.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
    } else {
        // All four parts this time: `/10` is a prefix.
        let mask = text.parse::<Ipv4Addr>().ok()?;
        Some(IpAddr::V4(mask))
    }
}

/// A text that stands in a line of `iptables -S`, quoted as it must be.
pub(super) fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '\'') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// `ADDRESS`, `ADDRESS/PREFIX` or `ADDRESS/MASK`; a whole address has no mask unless `full`.
pub(super) fn show_address(address: &Address, full: bool) -> String {
    format!("{}{}", address.addr, show_mask(address, full))
}

/// The part of an address from the `/` on.
pub(super) fn show_mask(address: &Address, full: bool) -> String {
    let all = if address.addr.is_ipv6() { 128 } else { 32 };
    match address.prefix_len() {
        Some(len) if len == all && !full => String::new(),
        Some(len) => format!("/{len}"),
        None => format!("/{}", address.mask),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_strtoul_reads_them() {
        assert_eq!(number("010", 99), Some(8));
        assert_eq!(number("0x1f", 99), Some(31));
        assert_eq!(number("0", 99), Some(0));
        assert_eq!(number("100", 99), None);
        for bad in ["", "+1", "-1", "0x", "08", "1 ", "x", "0x+1"] {
            assert_eq!(number(bad, 99), None, "{bad}");
        }
    }

    #[test]
    fn addresses_are_kept_as_networks() {
        let shown = |text: &str, v6| {
            let found = addresses(text, v6).unwrap();
            let shown: Vec<String> = found.iter().map(|a| show_address(a, true)).collect();
            shown.join(" ")
        };
        assert_eq!(shown("192.168.20.102/24", false), "192.168.20.0/24");
        assert_eq!(shown("10/8,10.1", false), "10.0.0.0/8 10.1.0.0/32");
        assert_eq!(shown("1.2.3.4/255.0.255.0", false), "1.0.3.0/255.0.255.0");
        assert_eq!(shown("2001:db8::1/ffff::", true), "2001::/16");
        for bad in [
            "1.2.3.256",
            "1.2.3.4/33",
            "1.2.3.4/255.255.0.255.0",
            "",
            ",",
            "::1",
        ] {
            assert!(addresses(bad, false).is_err(), "{bad}");
        }
    }

    #[test]
    fn text_is_quoted_where_a_shell_or_iptables_restore_needs_it() {
        assert_eq!(quoted("hello_x-1"), "hello_x-1");
        assert_eq!(quoted(""), "\"\"");
        assert_eq!(
            quoted(r#"he "llo" wor'ld \ x"#),
            r#""he \"llo\" wor\'ld \\ x""#
        );
    }
}
