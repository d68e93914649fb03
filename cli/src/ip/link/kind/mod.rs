//! What `-details` shows of a link's kind: `IFLA_LINKINFO`, one table of fields per kind.

mod bridge;
mod macvlan;
mod port;
mod small;
mod vxlan;

use nl_core::Attrs;
use nl_route::link::LinkView;

use crate::ip::doc::{Color, Doc, Value};
use crate::ip::session::Ip;

/// Shows the settings in a nest of a kind's attributes.
type Show = fn(&mut Ip<'_>, &[u8], &mut Doc);

/// The kinds whose settings have a form.
const KINDS: &[(&str, Show)] = &[
    ("bridge", bridge::show),
    ("ipvlan", small::ipvlan),
    ("ipvtap", small::ipvlan),
    ("macvlan", macvlan::show),
    ("macvtap", macvlan::show),
    ("vlan", small::vlan),
    ("vrf", small::vrf),
    ("vxlan", vxlan::show),
];

/// The same for ports, by the kind of their master.
const PORT_KINDS: &[(&str, Show)] = &[("bridge", port::show), ("vrf", small::vrf_port)];

/// The lines of the link's kind and of its master's.
pub(super) fn show(ip: &mut Ip<'_>, link: &LinkView<'_>, doc: &mut Doc) {
    let Some(info) = link.link_info() else {
        return;
    };
    doc.object("linkinfo", |doc| {
        if let Some(kind) = info.kind() {
            doc.newline()
                .field("info_kind", kind, format_args!("    {kind} "));
            if let (Some(data), Some((_, show))) =
                (info.data(), KINDS.iter().find(|(name, _)| *name == kind))
            {
                doc.object("info_data", |doc| show(ip, data, doc));
            }
        }
        if let Some(kind) = info.slave_kind() {
            doc.newline()
                .field("info_slave_kind", kind, format_args!("    {kind}_slave "));
            if let (Some(data), Some((_, show))) = (
                info.slave_data(),
                PORT_KINDS.iter().find(|(name, _)| *name == kind),
            ) {
                doc.object("info_slave_data", |doc| show(ip, data, doc));
            }
        }
    });
}

/// How the value of a field looks.
#[derive(Clone, Copy)]
enum Look {
    /// The number, of any size.
    Number,
    /// `on` or `off`; `true` or `false` in JSON.
    OnOff,
    /// `on` or `off`, not in JSON.
    OnOffText,
    /// Hundredths of a second, as seconds.
    Timer,
    /// A number in hexadecimal, `0x1`.
    Hex,
    /// A number in hexadecimal but plain `0`, as text in JSON.
    HexOrZero,
    /// A bridge's priority and address.
    BridgeId,
    /// An Ethernet address.
    Mac,
    /// The name of the link with this index.
    Device,
    /// The name of an EtherType of VLAN tags.
    VlanProtocol,
    /// Anything else.
    Own(fn(&[u8], &mut Doc)),
}

/// One field: the attribute, the JSON key, the word before the value in text.
type Field = (u16, &'static str, &'static str, Look);

/// Shows the fields that are there, in the order of their table.
fn fields(ip: &mut Ip<'_>, table: &[Field], data: &[u8], doc: &mut Doc) {
    for (number, key, word, look) in table {
        if let Some(payload) = attr(data, *number) {
            field(ip, key, word, *look, payload, doc);
        }
    }
}

fn field(
    ip: &mut Ip<'_>,
    key: &'static str,
    word: &str,
    look: Look,
    payload: &[u8],
    doc: &mut Doc,
) {
    let number = number(payload).unwrap_or(0);
    let on_off = if number == 0 { "off" } else { "on" };
    match look {
        Look::Number => doc.shown(key, word, number),
        Look::OnOff => doc.field(key, number != 0, format_args!("{word} {on_off} ")),
        Look::OnOffText => doc.text(format_args!("{word} {on_off} ")),
        Look::Timer => {
            let seconds = format!("{}.{:02}", number / 100, number % 100);
            doc.field(
                key,
                Value::Hundredths(number),
                format_args!("{word} {seconds:>7} "),
            )
        }
        Look::Hex => doc.shown(key, word, format!("{number:#x}")),
        Look::HexOrZero => doc.shown(key, word, hex_or_zero(number)),
        Look::BridgeId => doc.shown(key, word, bridge_id(payload)),
        Look::Mac => {
            let mac = super::words::link_addr(payload, 1);
            doc.field(key, mac.as_str(), format_args!("{word} "));
            doc.colored_text(Some(Color::Mac), format_args!("{mac} "))
        }
        Look::Device => {
            let name = ip.link_name(i32::try_from(number).unwrap_or(0));
            doc.shown(key, word, name)
        }
        Look::VlanProtocol => doc.shown(key, word, vlan_protocol(payload)),
        Look::Own(show) => {
            show(payload, doc);
            doc
        }
    };
}

/// The payload of the last attribute with this number.
fn attr(data: &[u8], number: u16) -> Option<&[u8]> {
    Attrs::new(data)
        .flatten()
        .filter(|attr| attr.number() == number)
        .last()
        .map(|attr| attr.payload)
}

/// The number in a payload of 1, 2, 4 or 8 bytes.
fn number(payload: &[u8]) -> Option<u64> {
    if let Ok(bytes) = <[u8; 1]>::try_from(payload) {
        Some(u8::from_ne_bytes(bytes).into())
    } else if let Ok(bytes) = <[u8; 2]>::try_from(payload) {
        Some(u16::from_ne_bytes(bytes).into())
    } else if let Ok(bytes) = <[u8; 4]>::try_from(payload) {
        Some(u32::from_ne_bytes(bytes).into())
    } else {
        <[u8; 8]>::try_from(payload).ok().map(u64::from_ne_bytes)
    }
}

/// The number of an attribute in big-endian order.
fn be16(payload: &[u8]) -> Option<u16> {
    payload.try_into().ok().map(u16::from_be_bytes)
}

/// `%#x` of C.
fn hex_or_zero(number: u64) -> String {
    if number == 0 {
        "0".to_owned()
    } else {
        format!("{number:#x}")
    }
}

/// `8000.aa:bb:0:1:2:3`: the address's bytes without leading zeroes.
fn bridge_id(payload: &[u8]) -> String {
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:x}"))
            .collect::<Vec<_>>()
            .join(":")
    };
    match payload {
        [high, low, address @ ..] => format!("{high:02x}{low:02x}.{}", hex(address)),
        _ => String::new(),
    }
}

/// The name of an EtherType of VLAN tags.
fn vlan_protocol(payload: &[u8]) -> String {
    match be16(payload) {
        Some(0x8100) => "802.1Q".to_owned(),
        Some(0x88a8) => "802.1ad".to_owned(),
        Some(other) => format!("[{other:04x}]"),
        None => String::new(),
    }
}
