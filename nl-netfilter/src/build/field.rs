//! [`Field`]s of packets, and [`Match`]es that compare them.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::build::{Needs, Network, load};
use crate::data::Data;
use crate::expr::{
    Bitwise, Byteorder, ByteorderOp, Cmp, CmpOp, Ct, CtKey, Expr, Lookup, LookupFlags, Meta,
    MetaKey, Payload, PayloadBase, Range, RangeOp,
};
use crate::register::Register;
use crate::rule::NewRule;
use crate::set::SetRef;

/// Where a field is loaded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Bytes of the packet.
    Payload {
        /// Header from whose start `offset` counts.
        base: PayloadBase,
        /// Where it starts.
        offset: u32,
    },
    /// A property of the packet.
    Meta(MetaKey),
    /// A property of its connection.
    Ct(CtKey),
}

/// A field that a rule can compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Where it is loaded from.
    pub source: Source,
    /// Length in bytes.
    pub len: u32,
    /// Whether it is a number in host order.
    pub host_order: bool,
    /// What must be true for it to be there.
    pub needs: Needs,
}

/// A condition on a field, for [`NewRule::matching`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    field: Field,
    condition: Condition,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    Cmp(CmpOp, Vec<u8>),
    /// A prefix: address and number of leading bits.
    Prefix(bool, Vec<u8>, u8),
    Range(RangeOp, Vec<u8>, Vec<u8>),
    /// `field & mask op value`.
    Masked(CmpOp, Vec<u8>, Vec<u8>),
    Lookup(SetRef, bool),
}

impl Field {
    const fn payload(base: PayloadBase, offset: u32, len: u32, needs: Needs) -> Self {
        Self {
            source: Source::Payload { base, offset },
            len,
            host_order: false,
            needs,
        }
    }

    const fn meta(key: MetaKey, len: u32, host_order: bool) -> Self {
        Self {
            source: Source::Meta(key),
            len,
            host_order,
            needs: Needs {
                network: None,
                transport: None,
            },
        }
    }

    const fn matching(self, condition: Condition) -> Match {
        Match {
            field: self,
            condition,
        }
    }

    /// The field has this value: as many bytes as it is long, in its byte order.
    #[must_use]
    pub fn is(self, value: impl Into<Vec<u8>>) -> Match {
        self.matching(Condition::Cmp(CmpOp::EQ, value.into()))
    }

    /// The field has another value.
    #[must_use]
    pub fn is_not(self, value: impl Into<Vec<u8>>) -> Match {
        self.matching(Condition::Cmp(CmpOp::NEQ, value.into()))
    }

    /// The field compares with this value; numbers in host order are turned around first.
    #[must_use]
    pub fn cmp(self, op: CmpOp, value: impl Into<Vec<u8>>) -> Match {
        self.matching(Condition::Cmp(op, value.into()))
    }

    /// The first `bits` of the field are those of `value`.
    #[must_use]
    pub fn starts_with(self, value: impl Into<Vec<u8>>, bits: u8) -> Match {
        self.matching(Condition::Prefix(true, value.into(), bits))
    }

    /// The first `bits` of the field are others than those of `value`.
    #[must_use]
    pub fn starts_not_with(self, value: impl Into<Vec<u8>>, bits: u8) -> Match {
        self.matching(Condition::Prefix(false, value.into(), bits))
    }

    /// The field is from `first` to `last`, both included.
    #[must_use]
    pub fn between(self, first: impl Into<Vec<u8>>, last: impl Into<Vec<u8>>) -> Match {
        self.matching(Condition::Range(RangeOp::EQ, first.into(), last.into()))
    }

    /// The field is below `first` or above `last`.
    #[must_use]
    pub fn not_between(self, first: impl Into<Vec<u8>>, last: impl Into<Vec<u8>>) -> Match {
        self.matching(Condition::Range(RangeOp::NEQ, first.into(), last.into()))
    }

    /// `field & mask op value`.
    #[must_use]
    pub fn masked(self, mask: impl Into<Vec<u8>>, op: CmpOp, value: impl Into<Vec<u8>>) -> Match {
        self.matching(Condition::Masked(op, mask.into(), value.into()))
    }

    /// The field is in a set.
    #[must_use]
    pub fn in_set(self, set: impl Into<SetRef>) -> Match {
        self.matching(Condition::Lookup(set.into(), false))
    }

    /// The field is not in a set.
    #[must_use]
    pub fn not_in_set(self, set: impl Into<SetRef>) -> Match {
        self.matching(Condition::Lookup(set.into(), true))
    }

    fn load(self, register: Register) -> Expr {
        match self.source {
            Source::Payload { base, offset } => {
                Payload::load(base, offset, self.len, register).into()
            }
            Source::Meta(key) => Meta::load(key, register).into(),
            Source::Ct(key) => Ct::load(key, register).into(),
        }
    }
}

impl NewRule {
    /// Adds a condition, and what it needs to be true first.
    #[must_use]
    pub fn matching(mut self, condition: Match) -> Self {
        let Match { field, condition } = condition;
        if let Condition::Prefix(_, _, 0) = condition {
            return self;
        }
        self = self.depend(field.needs);
        let before = self.known.mergeable.take();
        let start = self.exprs.len();
        match condition {
            Condition::Cmp(op, value) => {
                if op == CmpOp::EQ {
                    self.learn(field, &value);
                }
                if op == CmpOp::EQ && self.merge(field, before, &value) {
                    return self;
                }
                self.exprs.push(field.load(Register::R1));
                if op != CmpOp::EQ && op != CmpOp::NEQ {
                    self.turn(field);
                } else if op == CmpOp::EQ {
                    self.known.mergeable = Some(start);
                }
                self.exprs.push(Cmp::new(Register::R1, op, value).into());
            }
            Condition::Prefix(inside, value, bits) => self.prefix(field, inside, value, bits),
            Condition::Range(op, first, last) => {
                self.exprs.push(field.load(Register::R1));
                self.turn(field);
                if op == RangeOp::NEQ {
                    let range = Range {
                        sreg: Register::R1,
                        op,
                        from: Data::Value(first),
                        to: Data::Value(last),
                    };
                    self.exprs.push(range.into());
                } else {
                    let ends = [(CmpOp::GTE, first), (CmpOp::LTE, last)];
                    self.exprs
                        .extend(ends.map(|(op, value)| Cmp::new(Register::R1, op, value).into()));
                }
            }
            Condition::Masked(op, mask, value) => {
                self.exprs.push(field.load(Register::R1));
                self.exprs.push(Bitwise::mask(Register::R1, mask).into());
                self.exprs.push(Cmp::new(Register::R1, op, value).into());
            }
            Condition::Lookup(set, inverted) => {
                self.exprs.push(field.load(Register::R1));
                self.exprs
                    .push(lookup(&set, Register::R1, None, inverted).into());
            }
        }
        self
    }

    /// Loads a concatenation of fields into registers from the first on, and looks it up:
    /// `ip saddr . tcp dport @SET`.
    #[must_use]
    pub fn concat_in_set(mut self, fields: &[Field], set: impl Into<SetRef>) -> Self {
        self = self.load_concat(fields);
        self.exprs
            .push(lookup(&set.into(), Register::R1, None, false).into());
        self
    }

    /// Decides by a verdict map: `FIELD . FIELD vmap @MAP`.
    #[must_use]
    pub fn vmap(mut self, fields: &[Field], map: impl Into<SetRef>) -> Self {
        self = self.load_concat(fields);
        let verdict = Some(Register::VERDICT);
        self.exprs
            .push(lookup(&map.into(), Register::R1, verdict, false).into());
        self
    }

    /// Loads what a map has for a key into the first register: `FIELD . FIELD map @MAP`.
    #[must_use]
    pub fn map(mut self, fields: &[Field], map: impl Into<SetRef>) -> Self {
        self = self.load_concat(fields);
        let data = Some(Register::R1);
        self.exprs
            .push(lookup(&map.into(), Register::R1, data, false).into());
        self
    }

    fn load_concat(mut self, fields: &[Field]) -> Self {
        for field in fields {
            self = self.depend(field.needs);
        }
        self.known.mergeable = None;
        let mut register = Register::R1;
        for field in fields {
            self.exprs.push(field.load(register));
            register = register.after(field.len);
        }
        self
    }

    /// Remembers protocols that the rule names itself.
    fn learn(&mut self, field: Field, value: &[u8]) {
        let &[protocol] = value else { return };
        if field == meta::L4PROTO || field == ip::PROTOCOL || field == ip6::NEXTHDR {
            self.known.transport = Some(protocol);
        }
    }

    /// Comparisons of size look at bytes from the first on: numbers must be big-endian.
    fn turn(&mut self, field: Field) {
        if field.host_order {
            let turn = Byteorder {
                sreg: Register::R1,
                dreg: Register::R1,
                op: ByteorderOp::HTON,
                len: field.len,
                size: field.len,
            };
            self.exprs.push(turn.into());
        }
    }

    /// nft compares adjacent fields at once if both fit into 4 bytes.
    fn merge(&mut self, field: Field, before: Option<usize>, value: &[u8]) -> bool {
        let Source::Payload { base, offset } = field.source else {
            return false;
        };
        let Some([Expr::Payload(payload), Expr::Cmp(cmp)]) =
            before.and_then(|before| self.exprs.get_mut(before..))
        else {
            return false;
        };
        let Data::Value(known) = &mut cmp.data else {
            return false;
        };
        let total = payload.len.saturating_add(field.len);
        if payload.base != base || total > 4 {
            return false;
        }
        if payload.offset + payload.len == offset {
            known.extend_from_slice(value);
        } else if offset + field.len == payload.offset {
            known.splice(0..0, value.iter().copied());
            payload.offset = offset;
        } else {
            return false;
        }
        payload.len = total;
        self.known.mergeable = before;
        true
    }

    fn prefix(&mut self, field: Field, inside: bool, mut value: Vec<u8>, bits: u8) {
        let op = if inside { CmpOp::EQ } else { CmpOp::NEQ };
        let whole = usize::from(bits / 8);
        let mut mask = vec![0u8; value.len()];
        for (at, byte) in mask.iter_mut().enumerate() {
            *byte = match at.cmp(&whole) {
                std::cmp::Ordering::Less => 0xff,
                std::cmp::Ordering::Equal => !(0xff_u8.checked_shr((bits % 8).into()).unwrap_or(0)),
                std::cmp::Ordering::Greater => 0,
            };
        }
        for (byte, mask) in value.iter_mut().zip(&mask) {
            *byte &= mask;
        }
        match field.source {
            Source::Payload { base, offset } if bits.is_multiple_of(8) => {
                value.truncate(whole);
                let len = u32::try_from(value.len()).unwrap_or(field.len);
                self.exprs.push(load(base, offset, len).into());
            }
            _ => {
                self.exprs.push(field.load(Register::R1));
                self.exprs.push(Bitwise::mask(Register::R1, mask).into());
            }
        }
        self.exprs.push(Cmp::new(Register::R1, op, value).into());
    }
}

pub(crate) fn lookup(
    set: &SetRef,
    sreg: Register,
    dreg: Option<Register>,
    inverted: bool,
) -> Lookup {
    Lookup {
        sreg,
        dreg,
        set: set.name.clone(),
        set_id: set.id,
        flags: inverted.then_some(LookupFlags::INV),
    }
}

/// Declares the fields of a protocol.
macro_rules! fields {
    ($(#[$mdoc:meta])* $module:ident: $base:ident, $network:expr, $transport:expr;
     $($(#[$doc:meta])* $NAME:ident = $offset:literal, $len:literal;)* $({ $($rest:tt)* })?) => {
        $(#[$mdoc])*
        pub mod $module {
            use super::*;

            const NEEDS: Needs = Needs { network: $network, transport: $transport };
            $(
                $(#[$doc])*
                pub const $NAME: Field = Field::payload(PayloadBase::$base, $offset, $len, NEEDS);
            )*
            $($($rest)*)?
        }
    };
}

macro_rules! address {
    ($($(#[$doc:meta])* $name:ident = $FIELD:ident, $addr:ty, $bits:literal;)*) => {$(
        $(#[$doc])*
        ///
        /// The prefix is an address and the number of its leading bits.
        #[must_use]
        pub fn $name(prefix: (impl Into<$addr>, u8)) -> Match {
            let octets = prefix.0.into().octets();
            match prefix.1 {
                $bits.. => $FIELD.is(octets),
                bits => $FIELD.starts_with(octets, bits),
            }
        }
    )*};
}

macro_rules! port {
    ($($(#[$doc:meta])* $name:ident = $FIELD:ident;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name(port: u16) -> Match {
            $FIELD.is(port.to_be_bytes())
        }
    )*};
}

fields! {
    /// Fields of the IPv4 header.
    ip: NETWORK, Some(Network::Ip), None;
    /// Differentiated services and congestion bits.
    TOS = 1, 1;
    /// Length of the packet.
    LENGTH = 2, 2;
    /// Time to live.
    TTL = 8, 1;
    /// Layer 4 protocol.
    PROTOCOL = 9, 1;
    /// Source address.
    SADDR = 12, 4;
    /// Destination address.
    DADDR = 16, 4;
    {
        address! {
            /// The source address is in a prefix.
            saddr = SADDR, Ipv4Addr, 32;
            /// The destination address is in a prefix.
            daddr = DADDR, Ipv4Addr, 32;
        }
    }
}

fields! {
    /// Fields of the IPv6 header.
    ip6: NETWORK, Some(Network::Ip6), None;
    /// The next header.
    NEXTHDR = 6, 1;
    /// Hop limit.
    HOPLIMIT = 7, 1;
    /// Source address.
    SADDR = 8, 16;
    /// Destination address.
    DADDR = 24, 16;
    {
        address! {
            /// The source address is in a prefix.
            saddr = SADDR, Ipv6Addr, 128;
            /// The destination address is in a prefix.
            daddr = DADDR, Ipv6Addr, 128;
        }
    }
}

fields! {
    /// Fields of the TCP header.
    tcp: TRANSPORT, None, Some(6);
    /// Source port.
    SPORT = 0, 2;
    /// Destination port.
    DPORT = 2, 2;
    /// Flags: 1 FIN, 2 SYN, 4 RST, 8 PSH, 16 ACK, 32 URG.
    FLAGS = 13, 1;
    {
        port! {
            /// The source port is this one.
            sport = SPORT;
            /// The destination port is this one.
            dport = DPORT;
        }
    }
}

fields! {
    /// Fields of the UDP header.
    udp: TRANSPORT, None, Some(17);
    /// Source port.
    SPORT = 0, 2;
    /// Destination port.
    DPORT = 2, 2;
    {
        port! {
            /// The source port is this one.
            sport = SPORT;
            /// The destination port is this one.
            dport = DPORT;
        }
    }
}

fields! {
    /// Ports of whatever transport protocol.
    th: TRANSPORT, None, None;
    /// Source port.
    SPORT = 0, 2;
    /// Destination port.
    DPORT = 2, 2;
}

fields! {
    /// Fields of the ICMP header.
    icmp: TRANSPORT, Some(Network::Ip), Some(1);
    /// Type.
    TYPE = 0, 1;
    /// Code.
    CODE = 1, 1;
}

fields! {
    /// Fields of the ICMPv6 header.
    icmpv6: TRANSPORT, Some(Network::Ip6), Some(58);
    /// Type.
    TYPE = 0, 1;
    /// Code.
    CODE = 1, 1;
}

fields! {
    /// Fields of the Ethernet header; in families inet and ip the rule must see Ethernet devices.
    ether: LINK, None, None;
    /// Destination address.
    DADDR = 0, 6;
    /// Source address.
    SADDR = 6, 6;
    /// EtherType.
    TYPE = 12, 2;
}

/// Properties of a packet that are not in its bytes.
pub mod meta {
    use super::*;

    /// Mark.
    pub const MARK: Field = Field::meta(MetaKey::MARK, 4, true);
    /// Ifindex of the input device.
    pub const IIF: Field = Field::meta(MetaKey::IIF, 4, true);
    /// Ifindex of the output device.
    pub const OIF: Field = Field::meta(MetaKey::OIF, 4, true);
    /// Name of the input device.
    pub const IIFNAME: Field = Field::meta(MetaKey::IIFNAME, 16, false);
    /// Name of the output device.
    pub const OIFNAME: Field = Field::meta(MetaKey::OIFNAME, 16, false);
    /// Layer 4 protocol.
    pub const L4PROTO: Field = Field::meta(MetaKey::L4PROTO, 1, false);
    /// Family.
    pub const NFPROTO: Field = Field::meta(MetaKey::NFPROTO, 1, false);
    /// EtherType.
    pub const PROTOCOL: Field = Field::meta(MetaKey::PROTOCOL, 2, false);
    /// User of the sending socket.
    pub const SKUID: Field = Field::meta(MetaKey::SKUID, 4, true);
    /// Group of the sending socket.
    pub const SKGID: Field = Field::meta(MetaKey::SKGID, 4, true);
    /// Length of the packet.
    pub const LENGTH: Field = Field::meta(MetaKey::LEN, 4, true);
}

/// Properties of a packet's connection.
pub mod ct {
    use super::*;

    const fn field(key: CtKey, len: u32) -> Field {
        Field {
            source: Source::Ct(key),
            len,
            host_order: true,
            needs: Needs {
                network: None,
                transport: None,
            },
        }
    }

    /// State.
    pub const STATE: Field = field(CtKey::STATE, 4);
    /// Status.
    pub const STATUS: Field = field(CtKey::STATUS, 4);
    /// Mark.
    pub const MARK: Field = field(CtKey::MARK, 4);
}
