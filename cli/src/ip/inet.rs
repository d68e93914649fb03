//! Addresses and prefixes as ip reads and prints them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nl_route::Prefix;

use super::names::number;
use super::options::{AF_BRIDGE, AF_INET, AF_INET6, AF_MPLS, AF_PACKET, AF_UNSPEC};
use crate::failure::Failure;

/// A prefix as it was written: `10/8`, `fd00::1`, `default`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrefixWord {
    /// Its family; of `default` and `any` the one that was expected, which may be [`AF_UNSPEC`].
    pub family: u8,
    /// Its address; none for `default`, `any` and `all`.
    pub addr: Option<IpAddr>,
    /// Its length in bits.
    pub len: u8,
}

impl PrefixWord {
    /// The prefix; of `default` the one of all addresses, IPv4 if no family is known.
    pub fn prefix(self) -> Prefix {
        match self.addr {
            Some(addr) => Prefix::new(addr, self.len),
            None => Prefix::new(unspecified(self.family), self.len),
        }
    }

    /// Whether `addr` has the same first `bits` bits; whatever has no address fits.
    pub fn covers(self, addr: IpAddr, bits: u8) -> bool {
        self.addr
            .is_none_or(|own| Prefix::new(own, bits).contains(addr))
    }
}

/// The address of all zeros.
pub fn unspecified(family: u8) -> IpAddr {
    match family {
        AF_INET6 => Ipv6Addr::UNSPECIFIED.into(),
        _ => Ipv4Addr::UNSPECIFIED.into(),
    }
}

/// The `AF_*` of an address.
pub fn family_of(addr: IpAddr) -> u8 {
    match addr {
        IpAddr::V4(_) => AF_INET,
        IpAddr::V6(_) => AF_INET6,
    }
}

/// How many bits an address of a family has; 128 beyond IPv4.
pub fn bits(family: u8) -> u8 {
    match family {
        AF_INET => 32,
        _ => 128,
    }
}

/// The family that `via` and `-family` know by this word.
pub fn family_word(word: &str) -> Option<u8> {
    match word {
        "inet" => Some(AF_INET),
        "inet6" => Some(AF_INET6),
        "link" => Some(AF_PACKET),
        "mpls" => Some(AF_MPLS),
        "bridge" => Some(AF_BRIDGE),
        _ => None,
    }
}

fn family_name(family: u8) -> &'static str {
    match family {
        AF_UNSPEC => "any valid",
        AF_INET => "inet",
        AF_INET6 => "inet6",
        AF_PACKET => "link",
        AF_MPLS => "mpls",
        AF_BRIDGE => "bridge",
        _ => "???",
    }
}

/// Reads an address of a family, [`AF_UNSPEC`] for IPv4 or IPv6.
///
/// # Errors
///
/// iproute2's sentence, with exit code 1.
pub fn addr(word: &str, family: u8) -> Result<IpAddr, Failure> {
    parse_addr(word, family).ok_or_else(|| {
        Failure::fatal(
            1,
            format!(
                "Error: {} address is expected rather than \"{word}\".",
                family_name(family)
            ),
        )
    })
}

/// Reads a prefix of a family, [`AF_UNSPEC`] for IPv4 or IPv6. Host bits stay.
///
/// # Errors
///
/// iproute2's sentence, with exit code 1.
pub fn prefix(word: &str, family: u8) -> Result<PrefixWord, Failure> {
    if family == AF_PACKET {
        return Err(Failure::fatal(
            1,
            format!("Error: \"{word}\" may be inet prefix, but it is not allowed in this context."),
        ));
    }
    parse_prefix(word, family).ok_or_else(|| {
        Failure::fatal(
            1,
            format!(
                "Error: {} prefix is expected rather than \"{word}\".",
                family_name(family)
            ),
        )
    })
}

fn is_any(word: &str) -> bool {
    matches!(word, "default" | "any" | "all")
}

fn parse_addr(word: &str, family: u8) -> Option<IpAddr> {
    if is_any(word) {
        return (family != AF_MPLS).then(|| unspecified(family));
    }
    if word.contains(':') {
        let addr = word.parse::<Ipv6Addr>().ok()?;
        return matches!(family, AF_UNSPEC | AF_INET6).then(|| addr.into());
    }
    let addr = dotted(word)?;
    matches!(family, AF_UNSPEC | AF_INET).then(|| addr.into())
}

fn parse_prefix(word: &str, family: u8) -> Option<PrefixWord> {
    if is_any(word) {
        return (family != AF_MPLS).then_some(PrefixWord {
            family,
            addr: None,
            len: 0,
        });
    }
    let (addr, len) = match word.split_once('/') {
        None => (word, None),
        Some((addr, _)) if is_any(addr) => return None,
        Some((addr, len)) => (addr, Some(len)),
    };
    let addr = parse_addr(addr, family)?;
    let family = family_of(addr);
    let len = match len {
        None => bits(family),
        Some(len) => netmask(len).filter(|len| *len <= bits(family))?,
    };
    Some(PrefixWord {
        family,
        addr: Some(addr),
        len,
    })
}

/// A prefix length, or a mask with dots.
fn netmask(word: &str) -> Option<u8> {
    number(word).or_else(|| {
        let mask = u32::from(dotted(word)?);
        let len = mask.leading_ones();
        (mask.count_ones() == len)
            .then(|| u8::try_from(len).ok())
            .flatten()
    })
}

/// An IPv4 address of one to four numbers as C writes them; those that are not there are 0: `10.1` is 10.1.0.0.
fn dotted(word: &str) -> Option<Ipv4Addr> {
    let mut bytes = [0; 4];
    let mut slots = bytes.iter_mut();
    for part in word.split('.') {
        *slots.next()? = number(part)?;
    }
    Some(bytes.into())
}

/// An address as inet_ntop(3) writes it.
pub fn show(addr: IpAddr) -> String {
    match addr {
        // Addresses that only embed an IPv4 address: `::10.0.0.1`. Rust writes them in hexadecimal.
        IpAddr::V6(v6) => match v6.segments() {
            [0, 0, 0, 0, 0, 0, high, _] if high != 0 => {
                let [.., a, b, c, d] = v6.octets();
                format!("::{a}.{b}.{c}.{d}")
            }
            _ => v6.to_string(),
        },
        IpAddr::V4(v4) => v4.to_string(),
    }
}

/// An address and its prefix length, which is left out if all bits count.
pub fn show_prefix(prefix: Prefix) -> String {
    if prefix.is_host() {
        show(prefix.addr)
    } else {
        format!("{}/{}", show(prefix.addr), prefix.len)
    }
}

/// Reads a link-layer address: bytes in hexadecimal with colons, or an IPv4 address for tunnels.
///
/// # Errors
///
/// iproute2's sentence, with exit code 1.
pub fn lladdr(word: &str) -> Result<Vec<u8>, Failure> {
    /// `MAX_ADDR_LEN` is 32; ip stops at 20.
    const MAX: usize = 20;
    let invalid = |part: &str| Failure::new(1, format!("\"{part}\" is invalid lladdr."));
    if word.contains('.') {
        return match dotted(word) {
            Some(addr) => Ok(addr.octets().to_vec()),
            None => Err(invalid(word)),
        };
    }
    let mut bytes = Vec::new();
    for part in word.split(':').take(MAX) {
        let digits = part
            .find(|c: char| !c.is_ascii_hexdigit())
            .map_or(part, |end| part.get(..end).unwrap_or_default());
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| invalid(part))?);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(word: &str, family: u8) -> Option<String> {
        parse_prefix(word, family).map(|word| word.prefix().to_string())
    }

    #[test]
    fn prefixes() {
        for (word, family, want) in [
            ("10/8", AF_UNSPEC, Some("10.0.0.0/8")),
            ("10.1", AF_UNSPEC, Some("10.1.0.0/32")),
            ("0x0a.010.1.1", AF_INET, Some("10.8.1.1/32")),
            ("10.0.0.1/255.255.0.0", AF_UNSPEC, Some("10.0.0.1/16")),
            ("10.0.0.1/255.0.255.0", AF_UNSPEC, None),
            ("fd00::/8", AF_UNSPEC, Some("fd00::/8")),
            ("fd00::/8", AF_INET, None),
            ("10/8", AF_INET6, None),
            ("default", AF_UNSPEC, Some("0.0.0.0/0")),
            ("any", AF_INET6, Some("::/0")),
            ("default/8", AF_UNSPEC, None),
            ("10.0.0.0/33", AF_UNSPEC, None),
            ("10.0.0.0.0", AF_UNSPEC, None),
            ("10..1", AF_UNSPEC, None),
            ("256", AF_UNSPEC, None),
            ("", AF_UNSPEC, None),
            ("/8", AF_UNSPEC, None),
            ("10/", AF_UNSPEC, None),
        ] {
            assert_eq!(text(word, family).as_deref(), want, "{word}");
        }
    }

    #[test]
    fn addresses_print_as_in_c() {
        for text in [
            "::1",
            "::",
            "::10.0.0.1",
            "::ffff:10.0.0.1",
            "fd00::1:0:0:1",
            "::1:2:3",
        ] {
            let addr: IpAddr = text.parse().unwrap();
            assert_eq!(show(addr), text);
        }
    }

    #[test]
    fn link_layer_addresses() {
        assert_eq!(lladdr("1:2:ff"), Ok(vec![1, 2, 255]));
        assert_eq!(lladdr("10.0.0.1"), Ok(vec![10, 0, 0, 1]));
        assert_eq!(lladdr("5g"), Ok(vec![5]));
        let failure = lladdr("1:2:600").unwrap_err();
        assert_eq!(
            (failure.code(), failure.text()),
            (1, "\"600\" is invalid lladdr.")
        );
        assert!(lladdr("").is_err() && lladdr("1.x").is_err() && lladdr("ä").is_err());
    }
}
