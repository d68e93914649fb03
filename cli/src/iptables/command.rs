//! A command line, read: what is to be done, where, and with which rules.

use nl_netfilter::iptables::{Address, Rule};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// `-A`.
    Append,
    /// `-I`.
    Insert,
    /// `-D CHAIN RULE`.
    Delete,
    /// `-D CHAIN NUMBER`.
    DeleteNumber,
    /// `-R`.
    Replace,
    /// `-C`.
    Check,
    /// `-L`.
    List,
    /// `-S`.
    ListRules,
    /// `-F`.
    Flush,
    /// `-Z`.
    Zero,
    /// `-Z CHAIN NUMBER`.
    ZeroNumber,
    /// `-N`.
    NewChain,
    /// `-X`.
    DeleteChain,
    /// `-E`.
    RenameChain,
    /// `-P`.
    SetPolicy,
}

impl Action {
    /// Its letter, for messages.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Append => 'A',
            Self::Insert => 'I',
            Self::Delete | Self::DeleteNumber => 'D',
            Self::Replace => 'R',
            Self::Check => 'C',
            Self::List => 'L',
            Self::ListRules => 'S',
            Self::Flush => 'F',
            Self::Zero | Self::ZeroNumber => 'Z',
            Self::NewChain => 'N',
            Self::DeleteChain => 'X',
            Self::RenameChain => 'E',
            Self::SetPolicy => 'P',
        }
    }

    /// Whether a rule goes with it.
    #[must_use]
    pub fn takes_rule(self) -> bool {
        matches!(
            self,
            Self::Append | Self::Insert | Self::Delete | Self::Replace | Self::Check
        )
    }

    /// The options, by their letters, that mean nothing to it.
    #[must_use]
    pub(super) fn illegal(self) -> &'static str {
        match self {
            Self::Append | Self::Insert | Self::Replace => "nx0",
            Self::Delete | Self::Check => "nx0c",
            Self::List => "sdpjiocf",
            Self::SetPolicy => "nsdpjxio0f",
            _ => "nsdpjxio0cf",
        }
    }
}

/// A command line, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What is to be done.
    pub action: Action,
    /// Whether counters are set back after a listing, `-L -Z`.
    pub zero: bool,
    /// `-t`.
    pub table: String,
    /// The chain, if one is named.
    pub chain: Option<String>,
    /// The number of a rule, from 1.
    pub number: Option<u32>,
    /// The new name of `-E`, or the policy of `-P`.
    pub word: Option<String>,
    /// The rule, without addresses and without a jump to a chain.
    pub rule: Rule,
    /// The chain that the rule leads to, and whether by `-g`.
    pub jump: Option<Jump>,
    /// Each of `-s`; none for any.
    pub sources: Vec<Address>,
    /// Each of `-d`.
    pub destinations: Vec<Address>,
    /// How it is shown.
    pub show: Show,
}

/// `-j CHAIN` or `-g CHAIN`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jump {
    /// The chain.
    pub chain: String,
    /// `-g`: the rules behind this one are skipped.
    pub goto: bool,
}

/// How a listing looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Show {
    /// `-n`.
    pub numeric: bool,
    /// How many `-v`.
    pub verbose: u32,
    /// `-x`.
    pub exact: bool,
    /// `--line-numbers`.
    pub line_numbers: bool,
}
