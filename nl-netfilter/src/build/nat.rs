//! Network address translation.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use crate::expr::{Expr, Immediate, Masq, Nat, NatFlags, NatType, Redir};
use crate::nfgen::Family;
use crate::register::Register;
use crate::rule::NewRule;

/// What source or destination NAT changes to: an address or a range of them, ports, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NatTo {
    /// Lowest and highest address.
    pub addrs: Option<(IpAddr, IpAddr)>,
    /// Lowest and highest port.
    pub ports: Option<RangeInclusive<u16>>,
    /// How they are chosen; that ports are given follows by itself.
    pub flags: NatFlags,
}

impl NatTo {
    /// One address.
    #[must_use]
    pub fn addr(addr: impl Into<IpAddr>) -> Self {
        let addr = addr.into();
        Self::addrs(addr, addr)
    }

    /// A range of addresses of one family.
    #[must_use]
    pub fn addrs(first: impl Into<IpAddr>, last: impl Into<IpAddr>) -> Self {
        Self {
            addrs: Some((first.into(), last.into())),
            ..Self::default()
        }
    }

    /// Sets the port.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        self.ports(port..=port)
    }

    /// Sets a range of ports.
    #[must_use]
    pub fn ports(mut self, ports: RangeInclusive<u16>) -> Self {
        self.ports = Some(ports);
        self
    }

    /// Sets flags.
    #[must_use]
    pub fn flags(mut self, flags: NatFlags) -> Self {
        self.flags |= flags;
        self
    }
}

/// Loads constants, each into 16 bytes of its own.
struct Loads<'a> {
    exprs: &'a mut Vec<Expr>,
    next: Register,
}

impl Loads<'_> {
    fn load(&mut self, bytes: impl Into<Vec<u8>>) -> Register {
        let register = self.next;
        self.next = register.after(16);
        self.exprs.push(Immediate::load(register, bytes).into());
        register
    }

    /// Both ends of a range; the second only if it is another.
    fn range<const N: usize>(
        &mut self,
        first: [u8; N],
        last: [u8; N],
    ) -> (Register, Option<Register>) {
        let low = self.load(first);
        (low, (first != last).then(|| self.load(last)))
    }

    fn ports(
        &mut self,
        ports: Option<&RangeInclusive<u16>>,
    ) -> (Option<Register>, Option<Register>) {
        let Some(ports) = ports else {
            return (None, None);
        };
        let (low, high) = self.range(ports.start().to_be_bytes(), ports.end().to_be_bytes());
        (Some(low), high)
    }
}

impl NewRule {
    fn loads(&mut self) -> Loads<'_> {
        self.known.mergeable = None;
        Loads {
            exprs: &mut self.exprs,
            next: Register::R1,
        }
    }

    /// `masquerade`: source NAT to the address of the output device.
    #[must_use]
    pub fn masquerade(self) -> Self {
        self.masquerade_to(None, NatFlags::empty())
    }

    /// `masquerade to :PORTS FLAGS`.
    #[must_use]
    pub fn masquerade_to(mut self, ports: Option<RangeInclusive<u16>>, flags: NatFlags) -> Self {
        let (low, high) = self.loads().ports(ports.as_ref());
        let masq = Masq {
            flags: port_flags(flags, low),
            reg_proto_min: low,
            reg_proto_max: high,
        };
        self.expr(masq)
    }

    /// `redirect to :PORTS`: destination NAT to this host.
    #[must_use]
    pub fn redirect(mut self, ports: Option<RangeInclusive<u16>>) -> Self {
        let (low, high) = self.loads().ports(ports.as_ref());
        let redir = Redir {
            reg_proto_min: low,
            reg_proto_max: high,
            flags: port_flags(NatFlags::empty(), low),
        };
        self.expr(redir)
    }

    /// `snat to …`.
    #[must_use]
    pub fn snat(self, to: NatTo) -> Self {
        self.nat(NatType::SNAT, &to)
    }

    /// `dnat to …`.
    #[must_use]
    pub fn dnat(self, to: NatTo) -> Self {
        self.nat(NatType::DNAT, &to)
    }

    fn nat(mut self, kind: NatType, to: &NatTo) -> Self {
        let mut family = self.family;
        let mut loads = self.loads();
        let addrs = match to.addrs {
            Some((IpAddr::V4(first), IpAddr::V4(last))) => {
                family = Family::IP;
                Some(loads.range(first.octets(), last.octets()))
            }
            Some((first, last)) => {
                family = Family::IP6;
                Some(loads.range(to_ipv6(first), to_ipv6(last)))
            }
            None => None,
        };
        let (low, high) = loads.ports(to.ports.as_ref());
        let nat = Nat {
            kind,
            family: family.0.into(),
            reg_addr_min: addrs.map(|(low, _)| low),
            reg_addr_max: addrs.and_then(|(_, high)| high),
            reg_proto_min: low,
            reg_proto_max: high,
            flags: port_flags(to.flags, low),
        };
        self.expr(nat)
    }
}

fn port_flags(flags: NatFlags, port: Option<Register>) -> Option<NatFlags> {
    let given = match port {
        Some(_) => NatFlags::PROTO_SPECIFIED,
        None => NatFlags::empty(),
    };
    Some(flags | given).filter(|flags| !flags.is_empty())
}

fn to_ipv6(addr: IpAddr) -> [u8; 16] {
    match addr {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}
