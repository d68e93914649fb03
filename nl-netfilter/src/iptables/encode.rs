//! [`Rule`] to expressions, as iptables-nft 1.8.9 writes them.

use std::net::IpAddr;

use super::matches::{Limit, MarkMatch, Match, NfLog, Target};
use super::rule::{Address, Interface, Rule};
use crate::expr::{
    Bitwise, Cmp, CmpOp, Counter, Expr, Immediate, LimitFlags, LimitType, Log, Meta, MetaKey,
    Payload, PayloadBase, Range, RangeOp,
};
use crate::nfgen::Family;
use crate::register::Register;
use crate::rule::{Compat, NewRule};
use crate::xt::{Info, Tcp, Udp};
use crate::{Data, expr};

/// A value that no device is called: `! -i +` never holds.
const NO_INTERFACE: &[u8] = b"INVAL/D\0";

impl Rule {
    /// A request that adds this rule at the end of a chain.
    #[must_use]
    pub fn to_new_rule(&self, family: Family, table: &str, chain: &str) -> NewRule {
        let mut rule = NewRule::new(family, table, chain);
        rule.exprs = self.to_exprs(family);
        let protocol = self.protocol;
        rule.compat = Some(Compat {
            proto: protocol.map_or(0, |protocol| protocol.number.into()),
            flags: protocol.map_or(0, |protocol| u32::from(protocol.inverted) << 1),
        });
        rule
    }

    fn to_exprs(&self, family: Family) -> Vec<Expr> {
        let mut out = Exprs(Vec::new());
        out.interface(MetaKey::IIFNAME, self.input.as_ref());
        out.interface(MetaKey::OIFNAME, self.output.as_ref());
        if let Some(protocol) = self.protocol {
            out.push(Meta::load(MetaKey::L4PROTO, Register::R1));
            out.compare(protocol.inverted, [protocol.number]);
        }
        let (source, destination) = match family {
            Family::IP6 => (8, 24),
            _ => (12, 16),
        };
        out.address(source, self.source.as_ref());
        out.address(destination, self.destination.as_ref());
        if let Some(fragment) = self.fragment {
            out.load(PayloadBase::NETWORK, 6, 2);
            out.push(Bitwise::mask(Register::R1, [0x1f, 0xff]));
            out.compare(fragment, [0, 0]);
        }
        for extension in &self.matches {
            out.extension(extension);
        }
        out.push(Counter {
            bytes: Some(self.counters.bytes),
            packets: Some(self.counters.packets),
        });
        out.target(&self.target);
        out.0
    }
}

struct Exprs(Vec<Expr>);

impl Exprs {
    fn push(&mut self, expr: impl Into<Expr>) {
        self.0.push(expr.into());
    }

    fn load(&mut self, base: PayloadBase, offset: u32, len: u32) {
        self.push(Payload::load(base, offset, len, Register::R1));
    }

    fn compare(&mut self, inverted: bool, bytes: impl Into<Vec<u8>>) {
        let op = if inverted { CmpOp::NEQ } else { CmpOp::EQ };
        self.push(Cmp::new(Register::R1, op, bytes));
    }

    fn interface(&mut self, key: MetaKey, interface: Option<&Interface>) {
        let Some(Interface { name, inverted }) = interface else {
            return;
        };
        self.push(Meta::load(key, Register::R1));
        match (name.strip_suffix('+'), inverted) {
            (Some(""), false) => {}
            (Some(""), true) => self.compare(false, NO_INTERFACE),
            (Some(start), _) => self.compare(*inverted, start),
            (None, _) => {
                let mut bytes = name.clone().into_bytes();
                bytes.push(0);
                self.compare(*inverted, bytes);
            }
        }
    }

    fn address(&mut self, offset: u32, address: Option<&Address>) {
        let Some(address) = address else { return };
        let octets = |addr| match addr {
            IpAddr::V4(addr) => addr.octets().to_vec(),
            IpAddr::V6(addr) => addr.octets().to_vec(),
        };
        let (mut bytes, mask) = (octets(address.addr), octets(address.mask));
        match address.prefix_len() {
            Some(bits) if bits.is_multiple_of(8) => {
                let len = bits / 8;
                bytes.truncate(mask.iter().filter(|byte| **byte != 0).count());
                self.load(PayloadBase::NETWORK, offset, len);
            }
            _ => {
                self.load(
                    PayloadBase::NETWORK,
                    offset,
                    if bytes.len() == 4 { 4 } else { 16 },
                );
                self.push(Bitwise::mask(Register::R1, mask));
            }
        }
        self.compare(address.inverted, bytes);
    }

    fn extension(&mut self, extension: &Match) {
        match extension {
            Match::Tcp(tcp) => self.tcp(tcp),
            Match::Udp(udp) => self.udp(udp),
            Match::Icmp(info) => self.push(info.to_match()),
            Match::Icmp6(info) => self.push(info.to_match()),
            Match::Conntrack(info) => self.push(info.to_match()),
            Match::Comment(info) => self.push(info.to_match()),
            Match::Multiport(info) => self.push(info.to_match()),
            Match::AddrType(info) => self.push(info.to_match()),
            Match::Mac(info) => self.push(info.to_match()),
            Match::Connmark(info) => self.push(info.to_match()),
            Match::Owner(info) => self.push(info.to_match()),
            Match::Statistic(info) => self.push(info.to_match()),
            Match::IpRange(info) => self.push(info.to_match()),
            Match::PktType(info) => self.push(info.to_match()),
            Match::Length(info) => self.push(info.to_match()),
            Match::Mark(MarkMatch {
                mark,
                mask,
                inverted,
            }) => {
                self.push(Meta::load(MetaKey::MARK, Register::R1));
                if *mask != u32::MAX {
                    self.push(Bitwise::mask(Register::R1, mask.to_ne_bytes()));
                }
                self.compare(*inverted, mark.to_ne_bytes());
            }
            Match::Limit(Limit { rate, unit, burst }) => self.push(expr::Limit {
                rate: *rate,
                unit: *unit,
                burst: Some(*burst),
                kind: Some(LimitType::PACKETS),
                flags: Some(LimitFlags::empty()),
            }),
            Match::Other(expr) => self.push(expr.clone()),
        }
    }

    fn tcp(&mut self, tcp: &Tcp) {
        // Without anything to compare iptables says so with its own match; a TCP option has no
        // native form there.
        if *tcp == Tcp::any() || tcp.option != 0 || tcp.invert & 8 != 0 {
            return self.push(tcp.to_match());
        }
        if tcp.flag_mask != 0 || tcp.invert & 4 != 0 {
            self.load(PayloadBase::TRANSPORT, 13, 1);
            self.push(Bitwise::mask(Register::R1, [tcp.flag_mask]));
            self.compare(tcp.invert & 4 != 0, [tcp.flag_cmp]);
        }
        self.ports(
            tcp.source_ports.map(Into::into),
            tcp.dest_ports.map(Into::into),
            tcp.invert,
        );
    }

    fn udp(&mut self, udp: &Udp) {
        if *udp == Udp::any() {
            return self.push(udp.to_match());
        }
        self.ports(
            udp.source_ports.map(Into::into),
            udp.dest_ports.map(Into::into),
            udp.invert,
        );
    }

    fn ports(&mut self, source: [u16; 2], dest: [u16; 2], invert: u8) {
        let (not_source, not_dest) = (invert & 1 != 0, invert & 2 != 0);
        if let ([s, s2], [d, d2]) = (source, dest)
            && s == s2
            && d == d2
            && not_source == not_dest
        {
            self.load(PayloadBase::TRANSPORT, 0, 4);
            let ports = [s.to_be_bytes(), d.to_be_bytes()].concat();
            return self.compare(not_source, ports);
        }
        self.port(0, source, not_source);
        self.port(2, dest, not_dest);
    }

    fn port(&mut self, offset: u32, [min, max]: [u16; 2], inverted: bool) {
        if (min, max) == (0, u16::MAX) {
            return;
        }
        self.load(PayloadBase::TRANSPORT, offset, 2);
        let [low, high] = [min, max].map(|port| port.to_be_bytes().to_vec());
        if min == max {
            self.compare(inverted, low);
        } else if min == 0 {
            let op = if inverted { CmpOp::GT } else { CmpOp::LTE };
            self.push(Cmp::new(Register::R1, op, high));
        } else {
            self.push(Range {
                sreg: Register::R1,
                op: if inverted { RangeOp::NEQ } else { RangeOp::EQ },
                from: Data::Value(low),
                to: Data::Value(high),
            });
        }
    }

    fn target(&mut self, target: &Target) {
        match target {
            Target::None => {}
            Target::Verdict(verdict) => self.push(Immediate::verdict(verdict.clone())),
            Target::MasqueradeV4(info) => self.push(info.to_target()),
            Target::MasqueradeV6(info) => self.push(info.to_target()),
            Target::SnatV4(info) => self.push(info.to_target()),
            Target::SnatV6(info) => self.push(info.to_target()),
            Target::Dnat(info) => self.push(info.to_target()),
            Target::RedirectV4(info) => self.push(info.to_target()),
            Target::RedirectV6(info) => self.push(info.to_target()),
            Target::RejectV4(info) => self.push(info.to_target()),
            Target::RejectV6(info) => self.push(info.to_target()),
            Target::Log(info) => self.push(info.to_target()),
            Target::Mark(info) => self.push(info.to_target()),
            Target::Connmark(info) => self.push(info.to_target()),
            Target::TcpMss(info) => self.push(info.to_target()),
            Target::NfQueue(info) => self.push(info.to_target()),
            Target::Ct(info) => self.push(info.to_target()),
            Target::NfLog(NfLog {
                group,
                prefix,
                size,
                threshold,
            }) => self.push(Log {
                prefix: prefix.clone(),
                group: Some(*group),
                snaplen: *size,
                qthreshold: *threshold,
                level: None,
                flags: None,
            }),
            Target::Trace => {
                let register = Register(9);
                self.push(Immediate::load(register, [1]));
                self.push(Meta::set(MetaKey::NFTRACE, register));
            }
            Target::Other(expr) => self.push(expr.clone()),
        }
    }
}
