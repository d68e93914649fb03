//! Expressions to [`Rule`].

use std::fmt;
use std::net::IpAddr;

use super::matches::{Limit, MarkMatch, Match, NfLog, Target};
use super::rule::{Address, Counters, Interface, Protocol, Rule};
use crate::data::{Data, Verdict};
use crate::expr::{
    Bitwise, Cmp, CmpOp, Expr, LimitFlags, LimitType, MetaKey, Payload, PayloadBase, Range,
    RangeOp, XtMatch, XtTarget,
};
use crate::nfgen::Family;
use crate::userdata;
use crate::xt::{self, Info, Tcp, Udp};

/// A rule that iptables has no words for. `nft` can list it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incompatible;

impl fmt::Display for Incompatible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rule that iptables has no words for")
    }
}

impl std::error::Error for Incompatible {}

impl Rule {
    /// Reads a rule's expressions, and the comment in its userdata.
    ///
    /// # Errors
    ///
    /// [`Incompatible`] if iptables cannot say what they do.
    pub fn from_exprs(
        family: Family,
        exprs: &[Expr],
        userdata: &[u8],
    ) -> Result<Self, Incompatible> {
        let mut reader = Reader {
            family,
            rule: Self::default(),
            loaded: None,
            trace: false,
        };
        for expr in exprs {
            reader.read(expr)?;
        }
        let mut rule = reader.rule;
        if let Some(comment) = userdata::find_str(userdata, userdata::COMMENT) {
            rule.matches.push(Match::Comment(xt::Comment::new(comment)));
        }
        Ok(rule)
    }
}

const ICMP: Option<u8> = Some(1);
const TCP: Option<u8> = Some(6);
const ICMPV6: Option<u8> = Some(58);

/// Says a thing of which iptables has one in a rule.
fn say<T: PartialEq>(place: &mut Option<T>, value: T) -> Result<(), Incompatible> {
    match place {
        Some(said) if *said != value => Err(Incompatible),
        _ => {
            *place = Some(value);
            Ok(())
        }
    }
}

/// What the register holds.
struct Loaded {
    what: What,
    mask: Option<Vec<u8>>,
}

#[derive(Clone, Copy)]
enum What {
    Meta(MetaKey),
    Payload {
        base: PayloadBase,
        offset: u32,
        len: u32,
    },
}

struct Reader {
    family: Family,
    rule: Rule,
    loaded: Option<Loaded>,
    trace: bool,
}

impl Reader {
    fn read(&mut self, expr: &Expr) -> Result<(), Incompatible> {
        if self.rule.target != Target::None {
            // A target is the last thing that iptables knows.
            return Err(Incompatible);
        }
        match expr {
            Expr::Meta(meta) => match (meta.dreg, meta.sreg) {
                (Some(_), None) => self.load(What::Meta(meta.key)),
                (None, Some(_)) if meta.key == MetaKey::NFTRACE && self.trace => {
                    self.rule.target = Target::Trace;
                }
                _ => return Err(Incompatible),
            },
            Expr::Payload(Payload {
                dreg: Some(_),
                base,
                offset,
                len,
                ..
            }) => self.load(What::Payload {
                base: *base,
                offset: *offset,
                len: *len,
            }),
            Expr::Bitwise(bitwise) => self.mask(bitwise)?,
            Expr::Cmp(cmp) => self.compare(cmp)?,
            Expr::Range(range) => self.range(range)?,
            Expr::Counter(counter) => {
                self.rule.counters = Counters {
                    packets: counter.packets.unwrap_or_default(),
                    bytes: counter.bytes.unwrap_or_default(),
                };
            }
            Expr::Limit(limit) => {
                let inverted = limit
                    .flags
                    .is_some_and(|flags| flags.contains(LimitFlags::INV));
                if inverted || limit.kind.is_some_and(|kind| kind != LimitType::PACKETS) {
                    return Err(Incompatible);
                }
                self.rule.matches.push(Match::Limit(Limit {
                    rate: limit.rate,
                    unit: limit.unit,
                    burst: limit.burst.unwrap_or_default(),
                }));
            }
            Expr::Immediate(immediate) => match &immediate.data {
                Data::Verdict(
                    verdict @ (Verdict::Accept
                    | Verdict::Drop
                    | Verdict::Return
                    | Verdict::Jump(_)
                    | Verdict::Goto(_)),
                ) => self.rule.target = Target::Verdict(verdict.clone()),
                Data::Value(bytes) if bytes.first() == Some(&1) => self.trace = true,
                _ => return Err(Incompatible),
            },
            Expr::Log(log) => {
                let Some(group) = log.group else {
                    return Err(Incompatible);
                };
                self.rule.target = Target::NfLog(NfLog {
                    group,
                    prefix: log.prefix.clone(),
                    size: log.snaplen,
                    threshold: log.qthreshold,
                });
            }
            Expr::XtMatch(expr) => {
                let found = read_match(expr);
                let protocol = found.protocol();
                if protocol.is_some() && self.rule.transport() != protocol {
                    return Err(Incompatible);
                }
                self.rule.matches.push(found);
            }
            Expr::XtTarget(expr) => self.rule.target = read_target(self.family, expr),
            _ => return Err(Incompatible),
        }
        Ok(())
    }

    fn load(&mut self, what: What) {
        self.loaded = Some(Loaded { what, mask: None });
    }

    fn mask(&mut self, bitwise: &Bitwise) -> Result<(), Incompatible> {
        let xor = bitwise.xor.as_ref().and_then(Data::value).unwrap_or(&[]);
        match (&mut self.loaded, &bitwise.mask) {
            (Some(loaded), Some(Data::Value(mask))) if xor.iter().all(|byte| *byte == 0) => {
                loaded.mask = Some(mask.clone());
                Ok(())
            }
            _ => Err(Incompatible),
        }
    }

    fn compare(&mut self, cmp: &Cmp) -> Result<(), Incompatible> {
        let Some(Loaded { what, mask }) = &self.loaded else {
            return Err(Incompatible);
        };
        let bytes = cmp.data.value().ok_or(Incompatible)?.to_vec();
        let (what, mask) = (*what, mask.clone());
        let equality = match cmp.op {
            CmpOp::EQ => Some(false),
            CmpOp::NEQ => Some(true),
            _ => None,
        };
        match (what, equality) {
            (What::Meta(key), Some(inverted)) => self.meta(key, mask, &bytes, inverted),
            (
                What::Payload {
                    base: PayloadBase::NETWORK,
                    offset,
                    len,
                },
                Some(inverted),
            ) => self.network(offset, len, mask, &bytes, inverted),
            (
                What::Payload {
                    base: PayloadBase::TRANSPORT,
                    offset,
                    len,
                },
                _,
            ) => self.transport(offset, len, mask, cmp.op, &bytes),
            _ => Err(Incompatible),
        }
    }

    fn meta(
        &mut self,
        key: MetaKey,
        mask: Option<Vec<u8>>,
        bytes: &[u8],
        inverted: bool,
    ) -> Result<(), Incompatible> {
        match (key, mask) {
            (MetaKey::IIFNAME, None) => {
                say(&mut self.rule.input, read_interface(bytes, inverted)?)?
            }
            (MetaKey::OIFNAME, None) => {
                say(&mut self.rule.output, read_interface(bytes, inverted)?)?
            }
            (MetaKey::L4PROTO, None) => {
                let [number] = *bytes else {
                    return Err(Incompatible);
                };
                say(&mut self.rule.protocol, Protocol { number, inverted })?;
            }
            (MetaKey::MARK, mask) => {
                let number = |bytes: &[u8]| bytes.try_into().map(u32::from_ne_bytes).ok();
                let mask = match mask {
                    Some(mask) => number(&mask).ok_or(Incompatible)?,
                    None => u32::MAX,
                };
                self.rule.matches.push(Match::Mark(MarkMatch {
                    mark: number(bytes).ok_or(Incompatible)?,
                    mask,
                    inverted,
                }));
            }
            _ => return Err(Incompatible),
        }
        Ok(())
    }

    fn network(
        &mut self,
        offset: u32,
        len: u32,
        mask: Option<Vec<u8>>,
        bytes: &[u8],
        inverted: bool,
    ) -> Result<(), Incompatible> {
        let len = usize::try_from(len).map_err(|_| Incompatible)?;
        match (self.family, offset) {
            (Family::IP, 12) => say(&mut self.rule.source, read_v4(len, mask, bytes, inverted)?)?,
            (Family::IP, 16) => say(
                &mut self.rule.destination,
                read_v4(len, mask, bytes, inverted)?,
            )?,
            (Family::IP6, 8) => say(&mut self.rule.source, read_v6(len, mask, bytes, inverted)?)?,
            (Family::IP6, 24) => say(
                &mut self.rule.destination,
                read_v6(len, mask, bytes, inverted)?,
            )?,
            (Family::IP, 9) | (Family::IP6, 6) if mask.is_none() => {
                let [number] = *bytes else {
                    return Err(Incompatible);
                };
                say(&mut self.rule.protocol, Protocol { number, inverted })?;
            }
            (Family::IP, 6) if mask.as_deref() == Some(&[0x1f, 0xff]) && bytes == [0, 0] => {
                say(&mut self.rule.fragment, inverted)?;
            }
            _ => return Err(Incompatible),
        }
        Ok(())
    }

    fn transport(
        &mut self,
        offset: u32,
        len: u32,
        mask: Option<Vec<u8>>,
        op: CmpOp,
        bytes: &[u8],
    ) -> Result<(), Incompatible> {
        let inverted = op == CmpOp::NEQ;
        let equality = inverted || op == CmpOp::EQ;
        match (offset, len, mask.as_deref(), bytes) {
            (0, 1, None, [kind]) if equality && self.rule.transport() == ICMP => {
                self.rule.matches.push(Match::Icmp(xt::Icmp {
                    icmp_type: *kind,
                    codes: [0, 0xff],
                    invert: inverted.into(),
                }));
            }
            (0, 1, None, [kind]) if equality && self.rule.transport() == ICMPV6 => {
                self.rule.matches.push(Match::Icmp6(xt::Icmp6 {
                    icmp_type: *kind,
                    codes: [0, 0xff],
                    invert: inverted.into(),
                }));
            }
            (13, 1, Some([flag_mask]), [flags]) if equality && self.rule.transport() == TCP => {
                let tcp = self.tcp();
                tcp.flag_mask = *flag_mask;
                tcp.flag_cmp = *flags;
                tcp.invert |= u8::from(inverted) << 2;
            }
            (0, 4, None, [s1, s2, d1, d2]) if equality => {
                let (source, dest) = (
                    u16::from_be_bytes([*s1, *s2]),
                    u16::from_be_bytes([*d1, *d2]),
                );
                self.port(true, Some(source), Some(source), inverted)?;
                self.port(false, Some(dest), Some(dest), inverted)?;
            }
            (0 | 2, 2, None, [high, low]) => {
                let port = u16::from_be_bytes([*high, *low]);
                let below = port.checked_sub(1).ok_or(Incompatible);
                let above = port.checked_add(1).ok_or(Incompatible);
                let (min, max) = match op {
                    CmpOp::EQ | CmpOp::NEQ => (Some(port), Some(port)),
                    CmpOp::LT => (None, Some(below?)),
                    CmpOp::LTE => (None, Some(port)),
                    CmpOp::GT => (Some(above?), None),
                    CmpOp::GTE => (Some(port), None),
                    _ => return Err(Incompatible),
                };
                self.port(offset == 0, min, max, inverted)?;
            }
            _ => return Err(Incompatible),
        }
        Ok(())
    }

    fn range(&mut self, range: &Range) -> Result<(), Incompatible> {
        let Some(Loaded {
            what:
                What::Payload {
                    base: PayloadBase::TRANSPORT,
                    offset: offset @ (0 | 2),
                    len: 2,
                },
            mask: None,
        }) = self.loaded
        else {
            return Err(Incompatible);
        };
        let port = |data: &Data| {
            let bytes = data.value().and_then(|bytes| bytes.try_into().ok());
            bytes.map(u16::from_be_bytes).ok_or(Incompatible)
        };
        let inverted = match range.op {
            RangeOp::EQ => false,
            RangeOp::NEQ => true,
            _ => return Err(Incompatible),
        };
        let (min, max) = (port(&range.from)?, port(&range.to)?);
        self.port(offset == 0, Some(min), Some(max), inverted)
    }

    /// Sets ports in the rule's TCP or UDP match, which it gets if it has none.
    fn port(
        &mut self,
        source: bool,
        min: Option<u16>,
        max: Option<u16>,
        inverted: bool,
    ) -> Result<(), Incompatible> {
        let (ports, invert) = match self.rule.transport() {
            Some(6) => {
                let tcp = self.tcp();
                let ports = if source {
                    &mut tcp.source_ports
                } else {
                    &mut tcp.dest_ports
                };
                (ports, &mut tcp.invert)
            }
            Some(17) => {
                let udp = self.udp();
                let ports = if source {
                    &mut udp.source_ports
                } else {
                    &mut udp.dest_ports
                };
                (ports, &mut udp.invert)
            }
            _ => return Err(Incompatible),
        };
        let [lowest, highest] = ports;
        if let Some(min) = min {
            *lowest = min.into();
        }
        if let Some(max) = max {
            *highest = max.into();
        }
        if inverted {
            *invert |= if source { 1 } else { 2 };
        }
        Ok(())
    }

    fn tcp(&mut self) -> &mut Tcp {
        let at = self.position_or_push(|m| matches!(m, Match::Tcp(_)), Match::Tcp(Tcp::any()));
        match self.rule.matches.get_mut(at) {
            Some(Match::Tcp(tcp)) => tcp,
            _ => unreachable!("the position is that of a TCP match"),
        }
    }

    fn udp(&mut self) -> &mut Udp {
        let at = self.position_or_push(|m| matches!(m, Match::Udp(_)), Match::Udp(Udp::any()));
        match self.rule.matches.get_mut(at) {
            Some(Match::Udp(udp)) => udp,
            _ => unreachable!("the position is that of a UDP match"),
        }
    }

    fn position_or_push(&mut self, is: fn(&Match) -> bool, new: Match) -> usize {
        let matches = &mut self.rule.matches;
        matches.iter().position(is).unwrap_or_else(|| {
            matches.push(new);
            matches.len() - 1
        })
    }
}

fn read_interface(bytes: &[u8], inverted: bool) -> Result<Interface, Incompatible> {
    let (name, wildcard) = match bytes.iter().position(|byte| *byte == 0) {
        Some(end) => (bytes.get(..end).unwrap_or(bytes), ""),
        None => (bytes, "+"),
    };
    if name == b"INVAL/D" && !inverted {
        return Ok(Interface {
            name: "+".to_owned(),
            inverted: true,
        });
    }
    let name = std::str::from_utf8(name).map_err(|_| Incompatible)?;
    Ok(Interface {
        name: format!("{name}{wildcard}"),
        inverted,
    })
}

/// An address of which the rule compares the first `len` bytes, or some bits of all.
fn read_address<const N: usize>(
    len: usize,
    mask: Option<Vec<u8>>,
    bytes: &[u8],
    inverted: bool,
) -> Result<Address, Incompatible>
where
    IpAddr: From<[u8; N]>,
{
    let mut addr = [0; N];
    let mut full_mask = [0; N];
    if len > N || bytes.len() != len || mask.as_ref().is_some_and(|mask| mask.len() != len) {
        return Err(Incompatible);
    }
    let mask = mask.unwrap_or_else(|| vec![0xff; len]);
    let slots = addr.iter_mut().zip(&mut full_mask);
    for ((addr, full_mask), (byte, bits)) in slots.zip(bytes.iter().zip(mask)) {
        *addr = *byte;
        *full_mask = bits;
    }
    Ok(Address {
        addr: addr.into(),
        mask: full_mask.into(),
        inverted,
    })
}

fn read_v4(
    len: usize,
    mask: Option<Vec<u8>>,
    bytes: &[u8],
    inverted: bool,
) -> Result<Address, Incompatible> {
    read_address::<4>(len, mask, bytes, inverted)
}

fn read_v6(
    len: usize,
    mask: Option<Vec<u8>>,
    bytes: &[u8],
    inverted: bool,
) -> Result<Address, Incompatible> {
    read_address::<16>(len, mask, bytes, inverted)
}

fn read_match(expr: &XtMatch) -> Match {
    macro_rules! one_of {
        ($($Layout:ident => $Variant:ident),* $(,)?) => {
            $(if let Some(info) = xt::$Layout::from_match(expr) {
                return Match::$Variant(info);
            })*
        };
    }
    one_of!(
        Tcp => Tcp, Udp => Udp, Icmp => Icmp, Icmp6 => Icmp6, Conntrack => Conntrack,
        Comment => Comment, Multiport => Multiport, AddrType => AddrType, Mac => Mac,
        ConnmarkMatch => Connmark, Owner => Owner, Statistic => Statistic, IpRange => IpRange,
        PktType => PktType, Length => Length,
    );
    Match::Other(expr.clone())
}

fn read_target(family: Family, expr: &XtTarget) -> Target {
    macro_rules! one_of {
        ($($Layout:ident => $Variant:ident),* $(,)?) => {
            $(if let Some(info) = xt::$Layout::from_target(expr) {
                return Target::$Variant(info);
            })*
        };
    }
    if family == Family::IP6 {
        one_of!(
            MasqueradeV6 => MasqueradeV6, SnatV6 => SnatV6, RedirectV6 => RedirectV6,
            RejectV6 => RejectV6,
        );
    } else {
        one_of!(
            MasqueradeV4 => MasqueradeV4, SnatV4 => SnatV4, RedirectV4 => RedirectV4,
            RejectV4 => RejectV4,
        );
    }
    one_of!(
        Dnat => Dnat, Log => Log, Mark => Mark, ConnmarkTarget => Connmark, TcpMss => TcpMss,
        NfQueue => NfQueue, CtTarget => Ct,
    );
    Target::Other(expr.clone())
}
