//! Matches and targets: the options of each, how they change its data, and how it is shown.
//!
//! The data are the library's, in the kernel's layout; here is only their grammar. A new extension is a file with an
//! [`Extension`] and a row in [`new_match`] or [`new_target`] and in [`match_extension`] or [`target_extension`].

mod addresses;
mod addrtype;
mod comment;
mod conntrack;
mod ct;
mod icmp;
mod limit;
mod log;
mod mac;
mod mark;
mod multiport;
mod nat;
mod owner;
mod packet;
mod ports;
mod queue;
mod reject;
mod statistic;
mod tcpmss;

use nl_netfilter::iptables::{MarkMatch, Match, NfLog, Protocol, Target};
use nl_netfilter::xt::{self, Tcp, Udp};

use super::problem::{Problem, parameter};

/// An option of an extension.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opt {
    /// The word behind the two dashes.
    pub name: &'static str,
    /// What it is called in messages, and in [`Extension::set`]: another spelling has the same.
    pub id: &'static str,
    /// How many words follow: 0, 1 or 2.
    pub values: u8,
    /// Whether `!` may stand before it.
    pub invertible: bool,
    /// Whether the extension is nothing without it.
    pub mandatory: bool,
    /// Options that it cannot be given together with.
    pub excludes: &'static [&'static str],
}

/// An option with one value.
const fn opt(name: &'static str) -> Opt {
    Opt {
        name,
        id: name,
        values: 1,
        invertible: false,
        mandatory: false,
        excludes: &[],
    }
}

/// An option without a value.
const fn flag(name: &'static str) -> Opt {
    Opt {
        values: 0,
        ..opt(name)
    }
}

impl Opt {
    /// Another spelling of `id`.
    const fn spells(self, id: &'static str) -> Self {
        Self { id, ..self }
    }

    const fn invertible(self) -> Self {
        Self {
            invertible: true,
            ..self
        }
    }

    const fn mandatory(self) -> Self {
        Self {
            mandatory: true,
            ..self
        }
    }

    const fn excludes(self, excludes: &'static [&'static str]) -> Self {
        Self { excludes, ..self }
    }
}

/// An option as it was given.
pub(super) struct Given<'a> {
    /// [`Opt::id`].
    pub id: &'static str,
    /// The word behind it, empty if it takes none.
    pub value: &'a str,
    /// The word behind that one, for an option with two.
    pub second: &'a str,
    /// Whether `!` stood before it.
    pub inverted: bool,
    /// `-p`, as far as the command line was read.
    pub protocol: Option<Protocol>,
    /// Whether this is ip6tables.
    pub v6: bool,
    /// The options of this extension that were given before.
    pub before: &'a [&'static str],
}

impl Given<'_> {
    /// The protocol, if `-p` names one.
    fn transport(&self) -> Option<u8> {
        self.protocol
            .filter(|protocol| !protocol.inverted)
            .map(|protocol| protocol.number)
    }

    /// Fails as iptables does for a number that is none, or too large.
    fn bad_integer(&self, extension: &str) -> Problem {
        parameter!(
            "{extension}: bad integer value for option \"--{}\", or out of range.\n",
            self.id
        )
    }
}

/// How things are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Style {
    /// `-n`: numbers instead of names.
    pub numeric: bool,
    /// The rule's protocol, for the names of its ports.
    pub transport: Option<u8>,
    /// Whether this is ip6tables: some layouts hold addresses of both families.
    pub v6: bool,
}

/// What an extension is to the command line.
pub(super) trait Extension {
    /// Its name behind `-m` or `-j`.
    fn name(&self) -> &'static str;

    /// Its options.
    fn options(&self) -> &'static [Opt];

    /// Whether an option may be given twice, and options that exclude each other are its own business.
    fn lenient(&self) -> bool {
        false
    }

    /// Takes an option.
    ///
    /// # Errors
    ///
    /// A value that is none.
    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem>;

    /// Looks at the whole; `given` are the options that were set.
    ///
    /// # Errors
    ///
    /// What must not stay so.
    fn check(&mut self, given: &[&'static str]) -> Result<(), Problem> {
        let _ = given;
        Ok(())
    }

    /// What `-L` shows behind the destination, with a space before each word.
    fn list(&self, style: Style) -> String;

    /// What `-S` shows behind its name, with a space before each word.
    fn save(&self, style: Style) -> String;
}

/// Takes an option after the checks that are alike for all extensions.
pub(super) fn set(
    extension: &mut dyn Extension,
    option: &'static Opt,
    given: &Given<'_>,
) -> Result<(), Problem> {
    let name = extension.name();
    if !extension.lenient() {
        if given.before.contains(&option.id) {
            return Err(parameter!(
                "{name}: option \"--{}\" can only be used once.\n",
                option.id
            ));
        }
        if given.inverted && !option.invertible {
            return Err(parameter!(
                "{name}: option \"--{}\" cannot be inverted.\n",
                option.id
            ));
        }
        let conflict =
            |other: &&&'static str| option.excludes.contains(other) && **other != option.id;
        if let Some(other) = given.before.iter().find(conflict) {
            // The message names them in the order of the extension's table.
            let place = |id: &str| extension.options().iter().position(|opt| opt.id == id);
            let (first, second) = if place(option.id) < place(other) {
                (option.id, *other)
            } else {
                (*other, option.id)
            };
            return Err(parameter!(
                "{name}: option \"--{first}\" cannot be used together with \"--{second}\".\n"
            ));
        }
    }
    extension.set(given)
}

/// Looks at an extension when the command line has been read.
pub(super) fn check(extension: &mut dyn Extension, given: &[&'static str]) -> Result<(), Problem> {
    let missing = |option: &&Opt| option.mandatory && !given.contains(&option.id);
    if let Some(option) = extension.options().iter().find(missing) {
        return Err(parameter!(
            "{}: option \"--{}\" must be specified\n",
            extension.name(),
            option.id
        ));
    }
    extension.check(given)
}

/// A match as `-m NAME` begins it; `None` if this build has none of that name.
pub(super) fn new_match(name: &str, v6: bool) -> Option<Match> {
    Some(match name {
        "tcp" => Match::Tcp(Tcp::any()),
        "udp" => Match::Udp(Udp::any()),
        "icmp" if !v6 => Match::Icmp(icmp::any()),
        "icmp6" | "icmpv6" | "ipv6-icmp" if v6 => Match::Icmp6(xt::Icmp6::default()),
        "conntrack" => Match::Conntrack(xt::Conntrack::default()),
        "state" => Match::Conntrack(xt::Conntrack::state(0, true)),
        "comment" => Match::Comment(xt::Comment::default()),
        "multiport" => Match::Multiport(xt::Multiport::default()),
        "addrtype" => Match::AddrType(xt::AddrType::default()),
        "mac" => Match::Mac(xt::Mac::default()),
        "mark" => Match::Mark(MarkMatch {
            mark: 0,
            mask: u32::MAX,
            inverted: false,
        }),
        "connmark" => Match::Connmark(xt::ConnmarkMatch::default()),
        "limit" => Match::Limit(limit::DEFAULT),
        "owner" => Match::Owner(xt::Owner::default()),
        "statistic" => Match::Statistic(xt::Statistic::default()),
        "iprange" => Match::IpRange(xt::IpRange::default()),
        "pkttype" => Match::PktType(xt::PktType::default()),
        "length" => Match::Length(xt::Length::default()),
        _ => return None,
    })
}

/// The match that `-p` stands for when an option of it is used.
pub(super) fn implied_match(protocol: u8, v6: bool) -> Option<Match> {
    let name = match protocol {
        6 => "tcp",
        17 => "udp",
        1 if !v6 => "icmp",
        58 if v6 => "icmp6",
        _ => return None,
    };
    new_match(name, v6)
}

/// A target as `-j NAME` begins it; `None` if this build has none of that name. Verdicts and chains are not among them.
pub(super) fn new_target(name: &str, v6: bool) -> Option<Target> {
    Some(match name {
        "MASQUERADE" if v6 => Target::MasqueradeV6(xt::MasqueradeV6(nat::empty())),
        "MASQUERADE" => Target::MasqueradeV4(xt::MasqueradeV4(xt::NatRangeV4::default())),
        "SNAT" if v6 => Target::SnatV6(xt::SnatV6(nat::empty())),
        "SNAT" => Target::SnatV4(xt::SnatV4(xt::NatRangeV4::default())),
        "DNAT" => Target::Dnat(xt::Dnat(nat::empty2())),
        "REDIRECT" if v6 => Target::RedirectV6(xt::RedirectV6(nat::empty())),
        "REDIRECT" => Target::RedirectV4(xt::RedirectV4(xt::NatRangeV4::default())),
        "REJECT" if v6 => Target::RejectV6(xt::RejectV6 { with: 4.into() }),
        "REJECT" => Target::RejectV4(xt::RejectV4 { with: 3.into() }),
        "LOG" => Target::Log(log::warning()),
        "NFLOG" => Target::NfLog(NfLog::default()),
        "MARK" => Target::Mark(xt::Mark::default()),
        "CONNMARK" => Target::Connmark(mark::connmark()),
        "TCPMSS" => Target::TcpMss(xt::TcpMss::default()),
        "NFQUEUE" => Target::NfQueue(queue::first()),
        "CT" => Target::Ct(xt::CtTarget::default()),
        "NOTRACK" => Target::Ct(ct::notrack()),
        "TRACE" => Target::Trace,
        _ => return None,
    })
}

/// The grammar of a match; `None` for one that this build only keeps.
pub(super) fn match_extension(extension: &mut Match) -> Option<&mut dyn Extension> {
    Some(match extension {
        Match::Tcp(info) => info,
        Match::Udp(info) => info,
        Match::Icmp(info) => info,
        Match::Icmp6(info) => info,
        Match::Conntrack(info) => info,
        Match::Comment(info) => info,
        Match::Multiport(info) => info,
        Match::AddrType(info) => info,
        Match::Mac(info) => info,
        Match::Mark(info) => info,
        Match::Connmark(info) => info,
        Match::Limit(info) => info,
        Match::Owner(info) => info,
        Match::Statistic(info) => info,
        Match::IpRange(info) => info,
        Match::PktType(info) => info,
        Match::Length(info) => info,
        _ => return None,
    })
}

/// The grammar of a target; `None` for verdicts, chains, and one that this build only keeps.
pub(super) fn target_extension(target: &mut Target) -> Option<&mut dyn Extension> {
    Some(match target {
        Target::MasqueradeV4(info) => info,
        Target::MasqueradeV6(info) => info,
        Target::SnatV4(info) => info,
        Target::SnatV6(info) => info,
        Target::Dnat(info) => info,
        Target::RedirectV4(info) => info,
        Target::RedirectV6(info) => info,
        Target::RejectV4(info) => info,
        Target::RejectV6(info) => info,
        Target::Log(info) => info,
        Target::NfLog(info) => info,
        Target::Mark(info) => info,
        Target::Connmark(info) => info,
        Target::TcpMss(info) => info,
        Target::NfQueue(info) => info,
        Target::Ct(info) => info,
        _ => return None,
    })
}
