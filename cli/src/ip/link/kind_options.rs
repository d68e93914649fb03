//! The options behind `type KIND`: one table per kind.

mod bridge;
mod other;

use std::net::IpAddr;

use nl_core::Writer;
use nl_core::attr::NLA_F_NESTED;
use nl_route::link::kind::macvlan::{IFLA_MACVLAN_FLAGS, IFLA_MACVLAN_MODE};
use nl_route::link::kind::vlan::IFLA_VLAN_QOS_MAPPING;
use nl_route::link::kind::vxlan::{
    IFLA_VXLAN_COLLECT_METADATA, IFLA_VXLAN_ID, IFLA_VXLAN_LEARNING, IFLA_VXLAN_PORT,
};

use super::options::one_of_off_on;
use super::parse::{link_addr, on_off};
use super::usage;
use crate::failure::{self, Failure};
use crate::ip::Ip;
use crate::ip::names::{TABLES, number};
use crate::words::{Words, matches, wrong};

/// What the options of a kind said.
pub(super) enum Data {
    /// Nothing.
    None,
    /// Settings of a link of this kind.
    Kind(String, Attributes),
    /// Settings of a port of a master of this kind.
    Port(String, Attributes),
}

/// Attributes to be written into the kind's nest.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    attrs: Vec<(u16, Vec<u8>)>,
    /// `struct br_boolopt_multi`: values and mask.
    bool_options: (u32, u32),
}

impl Attributes {
    /// Appends them.
    pub(super) fn write(&self, out: &mut Writer) {
        for (number, payload) in &self.attrs {
            out.raw(*number, payload);
        }
        let (values, mask) = self.bool_options;
        if mask != 0 {
            let payload = [values.to_ne_bytes(), mask.to_ne_bytes()].concat();
            out.raw(
                nl_route::link::kind::bridge::IFLA_BR_MULTI_BOOLOPT,
                &payload,
            );
        }
    }

    /// What ip adds to the options of a new vxlan, or refuses, before it asks the kernel.
    pub(super) fn complete_vxlan(&mut self) -> Result<(), Failure> {
        let has = |data: &Self, number| data.attrs.iter().any(|(known, _)| *known == number);
        let external = self.attrs.iter().any(|(number, payload)| {
            *number == IFLA_VXLAN_COLLECT_METADATA && payload.as_slice() == [1]
        });
        if external && has(self, IFLA_VXLAN_ID) {
            return Err(Failure::new(
                1,
                "vxlan: both 'external' and vni cannot be specified",
            ));
        }
        if !external && !has(self, IFLA_VXLAN_ID) {
            return Err(Failure::new(1, "vxlan: missing virtual network identifier"));
        }
        if external && !has(self, IFLA_VXLAN_LEARNING) {
            self.put(IFLA_VXLAN_LEARNING, [0]);
        }
        if !has(self, IFLA_VXLAN_PORT) {
            failure::say(
                "vxlan: destination port not specified\n\
                 Will use Linux kernel default (non-standard value)\n\
                 Use 'dstport 4789' to get the IANA assigned value\n\
                 Use 'dstport 0' to get default and quiet this message",
            );
        }
        Ok(())
    }

    /// Whether an attribute has this value.
    fn is(&self, number: u16, value: u32) -> bool {
        self.attrs.iter().any(|(known, payload)| {
            let found = match *payload.as_slice() {
                [a, b] => u16::from_ne_bytes([a, b]).into(),
                [a, b, c, d] => u32::from_ne_bytes([a, b, c, d]),
                _ => return false,
            };
            *known == number && found == value
        })
    }

    fn put(&mut self, number: u16, payload: impl AsRef<[u8]>) {
        self.attrs.push((number, payload.as_ref().to_vec()));
    }
}

/// What stands behind a keyword, and what is sent.
#[derive(Clone, Copy)]
enum Take {
    U8,
    U16,
    U32,
    U64,
    /// 16 bits, most significant byte first.
    Be16,
    /// 32 bits, most significant byte first, at most 20 of them used.
    Label,
    /// `on` or `off`, 8 bits.
    OnOff,
    /// Nothing; the attribute is empty.
    Flag,
    /// Nothing; the attribute is this number, 8 bits.
    Is(u8),
    /// Nothing; the attribute is this number, 16 bits.
    Fixed16(u16),
    /// An Ethernet address.
    Mac,
    /// The name of a link.
    Device,
    /// Nothing; no link.
    NoDevice,
    /// An address; the second attribute is for IPv6.
    Addr(u16),
    /// A word of a table, 8, 16 or 32 bits by the size given.
    Word(&'static [(&'static str, u32)], u8),
    /// A number or a word of a table, 8 bits.
    WordOrU8(&'static [(&'static str, u32)]),
    /// 0 or 1, one bit of the bridge's options.
    BoolOption(u32),
    /// Bit of `struct ifla_vlan_flags`, `on` or `off`.
    VlanFlag(u32),
    /// The name of a routing table.
    Table,
    /// `FROM:TO` as often as there are any: a nest of `struct ifla_vlan_qos_mapping`.
    QosMap,
    /// Two ports.
    PortRange,
}

/// One option: the keyword, its attribute, its value, and what is said of a wrong one.
struct KindOption {
    word: &'static str,
    attr: u16,
    take: Take,
    error: &'static str,
}

const fn option(word: &'static str, attr: u16, take: Take, error: &'static str) -> KindOption {
    KindOption {
        word,
        attr,
        take,
        error,
    }
}

/// A kind with options.
struct Kind {
    name: &'static str,
    options: &'static [KindOption],
    /// What is unknown: "command" or "option".
    unknown: &'static str,
    usage: &'static str,
}

const KINDS: &[Kind] = &[
    Kind {
        name: "bridge",
        options: bridge::BRIDGE,
        unknown: "command",
        usage: usage::BRIDGE,
    },
    Kind {
        name: "bridge_slave",
        options: bridge::PORT,
        unknown: "option",
        usage: usage::BRIDGE_SLAVE,
    },
    Kind {
        name: "vlan",
        options: other::VLAN,
        unknown: "command",
        usage: usage::VLAN,
    },
    Kind {
        name: "vxlan",
        options: other::VXLAN,
        unknown: "command",
        usage: usage::VXLAN,
    },
    Kind {
        name: "macvlan",
        options: other::MACVLAN,
        unknown: "option",
        usage: usage::MACVLAN,
    },
    Kind {
        name: "macvtap",
        options: other::MACVLAN,
        unknown: "option",
        usage: usage::MACVLAN,
    },
    Kind {
        name: "ipvlan",
        options: other::IPVLAN,
        unknown: "option",
        usage: usage::IPVLAN,
    },
    Kind {
        name: "ipvtap",
        options: other::IPVLAN,
        unknown: "option",
        usage: usage::IPVLAN,
    },
    Kind {
        name: "vrf",
        options: other::VRF,
        unknown: "option",
        usage: usage::VRF,
    },
    Kind {
        name: "bond",
        options: other::BOND,
        unknown: "command",
        usage: usage::BOND,
    },
];

/// Reads the options of `kind`.
pub(super) fn read(
    ip: &mut Ip<'_>,
    kind: Option<&str>,
    mut words: Words<'_>,
) -> Result<Data, Failure> {
    let Some(name) = kind else {
        return Ok(Data::None);
    };
    let mut data = Attributes::default();
    let Some(kind) = KINDS.iter().find(|kind| kind.name == name) else {
        return match words.next() {
            // `dummy` and `ifb` have none and do not mind.
            None => Ok(Data::None),
            Some(_) if matches!(name, "dummy" | "ifb" | "nlmon" | "vcan") => Ok(Data::None),
            Some(word) => Err(Failure::new(
                1,
                format!("Garbage instead of arguments \"{word} ...\". Try \"ip link help\"."),
            )),
        };
    };
    if words.is_empty() {
        return Ok(Data::None);
    }
    while let Some(word) = words.next() {
        if word == "help" {
            return Err(Failure::new(1, kind.usage));
        }
        let Some(option) = find(kind.options, word) else {
            return Err(Failure::new(
                1,
                format!(
                    "{name}: unknown {} \"{word}\"?\n{}",
                    kind.unknown, kind.usage
                ),
            ));
        };
        take(ip, option, &mut data, &mut words)?;
    }
    if name.starts_with("macv") && data.is(IFLA_MACVLAN_FLAGS, 1) && !data.is(IFLA_MACVLAN_MODE, 8)
    {
        return Err(Failure::new(
            1,
            format!("{name}: nopromisc flag only valid in passthru mode"),
        ));
    }
    Ok(match name.strip_suffix("_slave") {
        Some(master) => Data::Port(master.to_owned(), data),
        None => Data::Kind(name.to_owned(), data),
    })
}

/// The option of a word; the first that it abbreviates if there is none of its own.
fn find(options: &'static [KindOption], word: &str) -> Option<&'static KindOption> {
    options
        .iter()
        .find(|option| option.word == word)
        .or_else(|| options.iter().find(|option| matches(word, option.word)))
}

fn take(
    ip: &mut Ip<'_>,
    option: &KindOption,
    data: &mut Attributes,
    words: &mut Words<'_>,
) -> Result<(), Failure> {
    let attr = option.attr;
    let mut next = || words.required();
    let bad = |word: &str| match option.error.strip_prefix('!') {
        Some(sentence) => Failure::new(1, sentence.replace("{}", word)),
        None => wrong(word, option.error),
    };
    match option.take {
        Take::Flag => data.put(attr, []),
        Take::Is(value) => data.put(attr, [value]),
        Take::Fixed16(value) => data.put(attr, value.to_ne_bytes()),
        Take::NoDevice => data.put(attr, 0u32.to_ne_bytes()),
        Take::U8 => {
            let word = next()?;
            data.put(attr, [number::<u8>(word).ok_or_else(|| bad(word))?]);
        }
        Take::U16 => {
            let word = next()?;
            data.put(
                attr,
                number::<u16>(word).ok_or_else(|| bad(word))?.to_ne_bytes(),
            );
        }
        Take::U32 => {
            let word = next()?;
            data.put(
                attr,
                number::<u32>(word).ok_or_else(|| bad(word))?.to_ne_bytes(),
            );
        }
        Take::U64 => {
            let word = next()?;
            data.put(
                attr,
                number::<u64>(word).ok_or_else(|| bad(word))?.to_ne_bytes(),
            );
        }
        Take::Be16 => {
            let word = next()?;
            data.put(
                attr,
                number::<u16>(word).ok_or_else(|| bad(word))?.to_be_bytes(),
            );
        }
        Take::Label => {
            let word = next()?;
            let label = number::<u32>(word).filter(|label| *label < 1 << 20);
            data.put(attr, label.ok_or_else(|| bad(word))?.to_be_bytes());
        }
        Take::OnOff => data.put(attr, [u8::from(one_of_off_on(option.word, next()?, 1)?)]),
        Take::Mac => data.put(attr, link_addr(next()?)?),
        Take::Device => {
            let word = next()?;
            let ifindex = ip.ifindex(word).ok_or_else(|| match option.error {
                "" => Failure::new(255, format!("Cannot find device \"{word}\"")),
                error => wrong(word, error),
            })?;
            data.put(attr, ifindex.to_ne_bytes());
        }
        Take::Addr(attr6) => {
            let word = next()?;
            match word.parse() {
                Ok(IpAddr::V4(addr)) => data.put(attr, addr.octets()),
                Ok(IpAddr::V6(addr)) => data.put(attr6, addr.octets()),
                Err(_) if word == "any" => {}
                Err(_) => {
                    return Err(Failure::new(
                        1,
                        format!("Error: any valid address is expected rather than \"{word}\"."),
                    ));
                }
            }
        }
        Take::Word(table, size) => {
            let word = next()?;
            let found = table.iter().find(|(name, _)| *name == word);
            let (_, value) = found.ok_or_else(|| bad(word))?;
            // The tables hold what fits.
            let bytes = match size {
                1 => u8::try_from(*value).unwrap_or(0).to_ne_bytes().to_vec(),
                2 => u16::try_from(*value).unwrap_or(0).to_ne_bytes().to_vec(),
                _ => value.to_ne_bytes().to_vec(),
            };
            data.put(attr, bytes);
        }
        Take::WordOrU8(table) => {
            let word = next()?;
            let found = table.iter().find(|(name, _)| *name == word);
            let value = found.and_then(|(_, value)| u8::try_from(*value).ok());
            data.put(
                attr,
                [value.or_else(|| number(word)).ok_or_else(|| bad(word))?],
            );
        }
        Take::BoolOption(bit) => {
            let word = next()?;
            let on = number::<u8>(word).ok_or_else(|| bad(word))? != 0;
            data.bool_options.1 |= bit;
            data.bool_options.0 &= !bit;
            data.bool_options.0 |= if on { bit } else { 0 };
        }
        Take::VlanFlag(bit) => {
            let on = on_off(option.word, next()?)?;
            let position = data.attrs.iter().position(|(number, _)| *number == attr);
            let (_, payload) = match position {
                Some(position) => data.attrs.remove(position),
                None => (attr, vec![0; 8]),
            };
            let half = |range| {
                let bytes = payload
                    .get(range)
                    .and_then(|bytes: &[u8]| <[u8; 4]>::try_from(bytes).ok());
                u32::from_ne_bytes(bytes.unwrap_or_default())
            };
            let flags = half(0..4) & !bit | if on { bit } else { 0 };
            let mask = half(4..8) | bit;
            data.put(attr, [flags.to_ne_bytes(), mask.to_ne_bytes()].concat());
        }
        Take::Table => {
            let word = next()?;
            data.put(
                attr,
                TABLES.number(word).ok_or_else(|| bad(word))?.to_ne_bytes(),
            );
        }
        Take::QosMap => {
            let mut out = Writer::new();
            while let Some((from, to)) = words.peek().and_then(|word| word.split_once(':')) {
                let (from, to) = number::<u32>(from)
                    .zip(number::<u32>(to))
                    .ok_or_else(|| Failure::new(255, option.error))?;
                words.next();
                out.raw(
                    IFLA_VLAN_QOS_MAPPING,
                    &[from.to_ne_bytes(), to.to_ne_bytes()].concat(),
                );
            }
            data.put(attr | NLA_F_NESTED, out.bytes());
        }
        Take::PortRange => {
            let low = next()?;
            let low = number::<u16>(low).ok_or_else(|| wrong(low, "min port"))?;
            let high = next()?;
            let high = number::<u16>(high).ok_or_else(|| wrong(high, "max port"))?;
            data.put(attr, [low.to_be_bytes(), high.to_be_bytes()].concat());
        }
    }
    Ok(())
}
