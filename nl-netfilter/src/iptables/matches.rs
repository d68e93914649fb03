//! [`Match`] and [`Target`]: the extensions of a rule.

use crate::data::Verdict;
use crate::expr::{XtMatch, XtTarget};
use crate::xt;

/// `-m NAME …`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(
    clippy::large_enum_variant,
    reason = "a rule has few matches, and lives for one command"
)]
pub enum Match {
    /// `-m tcp`.
    Tcp(xt::Tcp),
    /// `-m udp`.
    Udp(xt::Udp),
    /// `-m icmp`.
    Icmp(xt::Icmp),
    /// `-m icmp6`.
    Icmp6(xt::Icmp6),
    /// `-m conntrack`, and `-m state`.
    Conntrack(xt::Conntrack),
    /// `-m comment`.
    Comment(xt::Comment),
    /// `-m multiport`.
    Multiport(xt::Multiport),
    /// `-m addrtype`.
    AddrType(xt::AddrType),
    /// `-m mac`.
    Mac(xt::Mac),
    /// `-m mark`.
    Mark(MarkMatch),
    /// `-m connmark`.
    Connmark(xt::ConnmarkMatch),
    /// `-m limit`.
    Limit(Limit),
    /// `-m owner`.
    Owner(xt::Owner),
    /// `-m statistic`.
    Statistic(xt::Statistic),
    /// `-m iprange`.
    IpRange(xt::IpRange),
    /// `-m pkttype`.
    PktType(xt::PktType),
    /// `-m length`.
    Length(xt::Length),
    /// A match that this library has no type for, as it is in the rule.
    Other(XtMatch),
}

impl Match {
    /// The protocol whose packets alone the kernel has it for.
    #[must_use]
    pub fn protocol(&self) -> Option<u8> {
        match self {
            Self::Icmp(_) => Some(1),
            Self::Tcp(_) => Some(6),
            Self::Udp(_) => Some(17),
            Self::Icmp6(_) => Some(58),
            _ => None,
        }
    }
}

/// `-m mark --mark MARK/MASK`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkMatch {
    /// The mark.
    pub mark: u32,
    /// Bits of the packet's mark that are looked at.
    pub mask: u32,
    /// `!`: any but this.
    pub inverted: bool,
}

/// `-m limit --limit RATE/UNIT --limit-burst BURST`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Packets per unit of time.
    pub rate: u64,
    /// The unit of time in seconds.
    pub unit: u64,
    /// How many more at once.
    pub burst: u32,
}

/// `-j TARGET …` or `-g CHAIN`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// None: the rule only counts.
    #[default]
    None,
    /// `-j ACCEPT`, `-j DROP`, `-j RETURN`, `-j CHAIN`, `-g CHAIN`; no other verdict.
    Verdict(Verdict),
    /// `-j MASQUERADE` of iptables.
    MasqueradeV4(xt::MasqueradeV4),
    /// `-j MASQUERADE` of ip6tables.
    MasqueradeV6(xt::MasqueradeV6),
    /// `-j SNAT` of iptables.
    SnatV4(xt::SnatV4),
    /// `-j SNAT` of ip6tables.
    SnatV6(xt::SnatV6),
    /// `-j DNAT`.
    Dnat(xt::Dnat),
    /// `-j REDIRECT` of iptables.
    RedirectV4(xt::RedirectV4),
    /// `-j REDIRECT` of ip6tables.
    RedirectV6(xt::RedirectV6),
    /// `-j REJECT` of iptables.
    RejectV4(xt::RejectV4),
    /// `-j REJECT` of ip6tables.
    RejectV6(xt::RejectV6),
    /// `-j LOG`.
    Log(xt::Log),
    /// `-j MARK`.
    Mark(xt::Mark),
    /// `-j CONNMARK`.
    Connmark(xt::ConnmarkTarget),
    /// `-j TCPMSS`.
    TcpMss(xt::TcpMss),
    /// `-j NFQUEUE`.
    NfQueue(xt::NfQueue),
    /// `-j CT`, and `-j NOTRACK`.
    Ct(xt::CtTarget),
    /// `-j NFLOG`.
    NfLog(NfLog),
    /// `-j TRACE`.
    Trace,
    /// A target that this library has no type for, as it is in the rule.
    Other(XtTarget),
}

/// `-j NFLOG`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NfLog {
    /// Group of nfnetlink_log.
    pub group: u16,
    /// What the message starts with.
    pub prefix: Option<String>,
    /// How many bytes of the packet are copied.
    pub size: Option<u32>,
    /// How many packets are gathered.
    pub threshold: Option<u16>,
}
