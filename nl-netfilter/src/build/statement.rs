//! What a rule does with a packet.

use crate::build::field::{ct, lookup, meta};
use crate::build::{Needs, Network};
use crate::data::Verdict;
use crate::expr::{
    CmpOp, Counter, CtKey, CtState, Immediate, Limit, Log, Meta, MetaKey, Notrack, Objref, Reject,
    RejectType,
};
use crate::nfgen::Family;
use crate::object::ObjectType;
use crate::register::Register;
use crate::rule::NewRule;
use crate::set::SetRef;

impl NewRule {
    fn then(mut self, expr: impl Into<crate::expr::Expr>) -> Self {
        self.known.mergeable = None;
        self.expr(expr)
    }

    /// `iifname NAME`; a name that ends in `*` means all that start so.
    #[must_use]
    pub fn iifname(self, name: &str) -> Self {
        self.matching(meta::IIFNAME.is(device_name(name)))
    }

    /// `oifname NAME`; a name that ends in `*` means all that start so.
    #[must_use]
    pub fn oifname(self, name: &str) -> Self {
        self.matching(meta::OIFNAME.is(device_name(name)))
    }

    /// `meta l4proto PROTOCOL`.
    #[must_use]
    pub fn l4proto(self, protocol: u8) -> Self {
        self.matching(meta::L4PROTO.is([protocol]))
    }

    /// `ct state STATE,…`: the packet's connection is in one of these states.
    #[must_use]
    pub fn ct_state(self, states: CtState) -> Self {
        let mask = states.bits().to_ne_bytes();
        self.matching(ct::STATE.masked(mask, CmpOp::NEQ, [0; 4]))
    }

    /// `counter`.
    #[must_use]
    pub fn counter(self) -> Self {
        self.then(Counter::new())
    }

    /// `counter name NAME`.
    #[must_use]
    pub fn counter_named(self, name: &str) -> Self {
        self.then(Objref::named(ObjectType::COUNTER, name))
    }

    /// `limit rate …`.
    #[must_use]
    pub fn limit(self, limit: Limit) -> Self {
        self.then(limit)
    }

    /// `log`, `log prefix PREFIX`.
    #[must_use]
    pub fn log(self, prefix: Option<&str>) -> Self {
        self.then(Log::new(prefix))
    }

    /// `meta mark set MARK`.
    #[must_use]
    pub fn set_mark(self, mark: u32) -> Self {
        self.then(Immediate::load(Register::R1, mark.to_ne_bytes()))
            .expr(Meta::set(MetaKey::MARK, Register::R1))
    }

    /// `ct mark set MARK`.
    #[must_use]
    pub fn set_ct_mark(self, mark: u32) -> Self {
        self.then(Immediate::load(Register::R1, mark.to_ne_bytes()))
            .expr(crate::expr::Ct::set(CtKey::MARK, Register::R1))
    }

    /// `notrack`.
    #[must_use]
    pub fn notrack(self) -> Self {
        self.then(Notrack {})
    }

    /// `reject`: port unreachable, as ICMP or ICMPv6.
    #[must_use]
    pub fn reject(mut self) -> Self {
        let (kind, code) = match (self.family, self.known.network) {
            (Family::IP, _) => (RejectType::ICMP_UNREACH, 3),
            (Family::IP6, _) => (RejectType::ICMP_UNREACH, 4),
            (_, Some(Network::Ip)) => (RejectType::ICMP_UNREACH, 3),
            (_, Some(Network::Ip6)) => (RejectType::ICMP_UNREACH, 4),
            _ => (RejectType::ICMPX_UNREACH, 1),
        };
        self.known.mergeable = None;
        self.expr(Reject {
            kind,
            code: Some(code),
        })
    }

    /// `reject with tcp reset`.
    #[must_use]
    pub fn reject_tcp(self) -> Self {
        let tcp = Needs {
            network: None,
            transport: Some(6),
        };
        self.depend(tcp).then(Reject {
            kind: RejectType::TCP_RST,
            code: None,
        })
    }

    /// Decides.
    #[must_use]
    pub fn verdict(self, verdict: Verdict) -> Self {
        self.then(Immediate::verdict(verdict))
    }

    /// `accept`.
    #[must_use]
    pub fn accept(self) -> Self {
        self.verdict(Verdict::Accept)
    }

    /// `drop`.
    #[must_use]
    #[allow(
        clippy::should_implement_trait,
        reason = "nft's word for it; a rule needs no destructor"
    )]
    pub fn drop(self) -> Self {
        self.verdict(Verdict::Drop)
    }

    /// `return`.
    #[must_use]
    pub fn return_(self) -> Self {
        self.verdict(Verdict::Return)
    }

    /// `jump CHAIN`.
    #[must_use]
    pub fn jump(self, chain: &str) -> Self {
        self.verdict(Verdict::Jump(chain.to_owned()))
    }

    /// `goto CHAIN`.
    #[must_use]
    pub fn goto(self, chain: &str) -> Self {
        self.verdict(Verdict::Goto(chain.to_owned()))
    }

    /// Decides by a verdict map of ifnames: `iifname vmap @MAP`.
    #[must_use]
    pub fn iifname_vmap(self, map: impl Into<SetRef>) -> Self {
        let verdict = Some(Register::VERDICT);
        self.then(Meta::load(MetaKey::IIFNAME, Register::R1))
            .expr(lookup(&map.into(), Register::R1, verdict, false))
    }
}

/// A device's name as it is compared: all 16 bytes, or those before the `*`.
fn device_name(name: &str) -> Vec<u8> {
    if let Some(start) = name.strip_suffix('*') {
        return start.as_bytes().to_vec();
    }
    let mut bytes = name.as_bytes().to_vec();
    bytes.resize(16, 0);
    bytes
}
