//! Where a rule is put that was told of.
//!
//! The kernel says which rule stands before a new one, but not if the new one is the first or the
//! last of its chain: then flags of the message tell which (Linux 5.15; before, every rule but the
//! first says what is before it). What it says is true of the chain as it is after the commit, though
//! with the rules that are told to be gone only later: the one before may be told of later, too.
//!
//! The flags tell how the rule was put there, and that is misleading where a neighbour was deleted by the same
//! commit: one that was appended to the deleted first is the first now, one that was inserted before the deleted
//! last is the last. What cannot be told apart is listed.

use std::collections::BTreeMap;

use nl_core::header::{NLM_F_APPEND, NLM_F_CREATE};

use super::ruleset::Doubt;
use crate::rule::{RuleInfo, RuleView};

/// What has been seen of a commit.
#[derive(Debug, Default)]
pub(super) struct Commit {
    /// Rules that are behind one that is not known yet.
    pub(super) waiting: Vec<Waiting>,
    gone: Option<Gone>,
    /// Of chains that lost their first or last rule.
    ends: BTreeMap<u64, Ends>,
}

#[derive(Debug, Default)]
struct Ends {
    first_gone: bool,
    last_gone: bool,
    /// A rule that has nothing before it or nothing behind.
    end: Option<u64>,
    /// That what was there already begins with the first, ends with the last.
    first_known: bool,
    last_known: bool,
}

#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) info: RuleInfo,
    pub(super) chain: u64,
    pub(super) behind: u64,
}

/// The rule that was told last to be gone.
#[derive(Clone, Copy, Debug)]
struct Gone {
    chain: u64,
    place: usize,
}

pub(super) enum Placement {
    /// So many rules are before it.
    At(usize),
    /// Behind this rule, which is to be told of still.
    Later(u64),
}

impl Commit {
    /// The rule at this place of a chain is gone, and `left` are there still.
    pub(super) fn gone(&mut self, chain: u64, place: usize, left: usize) {
        self.gone = Some(Gone { chain, place });
        if place == 0 || place == left {
            let ends = self.ends.entry(chain).or_default();
            if place == 0 {
                (ends.first_gone, ends.first_known) = (true, false);
            }
            if place == left {
                (ends.last_gone, ends.last_known) = (true, false);
            }
        }
    }

    /// A rule that was made is gone before it found its place; whether there is one.
    pub(super) fn forget(&mut self, handle: u64) -> bool {
        let found = |rule: &Waiting| rule.info.view().handle() == Some(handle);
        let Some(at) = self.waiting.iter().position(found) else {
            return false;
        };
        let ends = self.ends.entry(self.waiting.remove(at).chain);
        let ends = ends.or_default();
        *ends = Ends {
            first_gone: true,
            last_gone: true,
            ..Ends::default()
        };
        true
    }

    /// Where a rule goes among the known `rules` of its chain.
    pub(super) fn place(
        &mut self,
        rules: &[u64],
        chain: u64,
        rule: &RuleView<'_>,
        flags: u16,
    ) -> Result<Placement, Doubt> {
        let appended = flags & NLM_F_APPEND != 0;
        // Only a replacement can do without.
        let replaces = appended && flags & NLM_F_CREATE == 0;
        let ends = self.ends.get_mut(&chain);
        if let Some(behind) = rule.position() {
            if let Some(ends) = ends {
                // So that one has something behind.
                ends.first_known |= ends.end == Some(behind);
            }
            let known = rules.iter().rposition(|&other| other == behind);
            return Ok(match known {
                Some(place) => Placement::At(place + 1),
                None => Placement::Later(behind),
            });
        }
        if replaces && let Some(gone) = self.gone.filter(|gone| gone.chain == chain) {
            let first = gone.place == 0;
            if let Some(ends) = ends.filter(|_| !rules.is_empty()) {
                ends.first_known |= first;
                ends.last_known |= !first;
            }
            return Ok(Placement::At(if first { 0 } else { rules.len() }));
        }
        if let Some(ends) = ends {
            let doubtful = if appended {
                ends.first_gone && !ends.first_known
            } else {
                ends.last_gone && !ends.last_known
            };
            if doubtful && !rules.is_empty() {
                return Err(Doubt::Everything);
            }
            if ends.end.is_none() {
                ends.end = rule.handle();
            }
        }
        Ok(Placement::At(if appended { rules.len() } else { 0 }))
    }
}
