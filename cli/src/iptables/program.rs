//! Which of the tools is running: `iptables` or `ip6tables`.

use nl_netfilter::Family;

/// The release of iptables whose behaviour this follows; scripts read it.
const VERSION: &str = "v1.8.9 (nf_tables)";

/// A tool of the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its name, as it stands before messages.
    pub name: &'static str,
    /// Which packets its tables see.
    pub family: Family,
}

impl Program {
    /// `iptables`, `ip6tables-save`, …: the family is in the name.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        let family = if name.starts_with("ip6") {
            Family::IP6
        } else {
            Family::IP
        };
        Self { name, family }
    }

    /// Whether it is about IPv6.
    #[must_use]
    pub fn is_v6(&self) -> bool {
        self.family == Family::IP6
    }

    /// `iptables v1.8.9 (nf_tables)`.
    #[must_use]
    pub fn version(&self) -> String {
        format!("{} {VERSION}", self.name)
    }
}
