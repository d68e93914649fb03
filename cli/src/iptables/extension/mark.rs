//! `-m mark`, `-m connmark`, `-j MARK` and `-j CONNMARK`.

use nl_netfilter::iptables::MarkMatch;
use nl_netfilter::xt::{ConnmarkMatch, ConnmarkTarget, Mark};

use super::super::problem::{Problem, parameter};
use super::super::value;
use super::ports::not;
use super::{Extension, Given, Opt, Style, flag, opt};

/// `-j CONNMARK` before its options.
pub(super) fn connmark() -> ConnmarkTarget {
    ConnmarkTarget {
        ctmask: u32::MAX.into(),
        nfmask: u32::MAX.into(),
        ..ConnmarkTarget::default()
    }
}

/// `0x5`, or `0x5/0x7`.
fn show(mark: u32, mask: u32) -> String {
    match mask {
        u32::MAX => format!("{mark:#x}"),
        _ => format!("{mark:#x}/{mask:#x}"),
    }
}

impl Extension for MarkMatch {
    fn name(&self) -> &'static str {
        "mark"
    }

    fn options(&self) -> &'static [Opt] {
        const { &[opt("mark").invertible().mandatory()] }
    }

    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
        (self.mark, self.mask) =
            value::number_and_mask(given.value).ok_or_else(|| given.bad_integer("mark"))?;
        self.inverted = given.inverted;
        Ok(())
    }

    fn list(&self, _style: Style) -> String {
        let not = not(self.inverted);
        format!(" mark match{not} {}", show(self.mark, self.mask))
    }

    fn save(&self, _style: Style) -> String {
        format!(
            "{} --mark {}",
            not(self.inverted),
            show(self.mark, self.mask)
        )
    }
}

impl Extension for ConnmarkMatch {
    fn name(&self) -> &'static str {
        "connmark"
    }

    fn options(&self) -> &'static [Opt] {
        const { &[opt("mark").invertible().mandatory()] }
    }

    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
        let (mark, mask) =
            value::number_and_mask(given.value).ok_or_else(|| given.bad_integer("connmark"))?;
        (self.mark, self.mask) = (mark.into(), mask.into());
        self.invert = given.inverted.into();
        Ok(())
    }

    fn list(&self, _style: Style) -> String {
        let not = if self.invert != 0 { "!" } else { "" };
        format!(
            " connmark match {not} {}",
            show(self.mark.get(), self.mask.get())
        )
    }

    fn save(&self, _style: Style) -> String {
        let shown = show(self.mark.get(), self.mask.get());
        format!("{} --mark {shown}", not(self.invert != 0))
    }
}

const SETS: &[&str] = &["set-xmark", "set-mark", "and-mark", "or-mark", "xor-mark"];

/// What an option of [`SETS`] turns over and what it clears before.
fn turned_and_cleared(given: &Given<'_>, extension: &str) -> Result<(u32, u32), Problem> {
    let bad = || given.bad_integer(extension);
    let masked = || value::number_and_mask(given.value).ok_or_else(bad);
    let plain = || value::number_u32(given.value).ok_or_else(bad);
    Ok(match given.id {
        "set-xmark" => masked()?,
        "set-mark" => {
            let (mark, mask) = masked()?;
            (mark, mark | mask)
        }
        "and-mark" => (0, !plain()?),
        "or-mark" => {
            let bits = plain()?;
            (bits, bits)
        }
        _ => (plain()?, 0),
    })
}

impl Extension for Mark {
    fn name(&self) -> &'static str {
        "MARK"
    }

    fn options(&self) -> &'static [Opt] {
        const {
            &[
                opt("set-xmark").excludes(SETS),
                opt("set-mark").excludes(SETS),
                opt("and-mark").excludes(SETS),
                opt("or-mark").excludes(SETS),
                opt("xor-mark").excludes(SETS),
            ]
        }
    }

    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
        let (mark, mask) = turned_and_cleared(given, "MARK")?;
        (self.mark, self.mask) = (mark.into(), mask.into());
        Ok(())
    }

    fn check(&mut self, given: &[&'static str]) -> Result<(), Problem> {
        if given.is_empty() {
            return Err(parameter!(
                "MARK: One of the --set-xmark, --{{and,or,xor,set}}-mark options is required"
            ));
        }
        Ok(())
    }

    fn list(&self, _style: Style) -> String {
        let (mark, mask) = (self.mark.get(), self.mask.get());
        format!(" MARK {}", in_words(mark, mask))
    }

    fn save(&self, _style: Style) -> String {
        format!(" --set-xmark {:#x}/{:#x}", self.mark, self.mask)
    }
}

/// The shortest of iptables' words for what is turned over and cleared.
fn in_words(mark: u32, mask: u32) -> String {
    if mark == 0 {
        format!("and {:#x}", !mask)
    } else if mark == mask {
        format!("or {mark:#x}")
    } else if mask == 0 {
        format!("xor {mark:#x}")
    } else if mask == u32::MAX {
        format!("set {mark:#x}")
    } else {
        format!("xset {mark:#x}/{mask:#x}")
    }
}

const ACTIONS: &[&str] = &[
    "set-xmark",
    "set-mark",
    "and-mark",
    "or-mark",
    "xor-mark",
    "save-mark",
    "restore-mark",
];

impl Extension for ConnmarkTarget {
    fn name(&self) -> &'static str {
        "CONNMARK"
    }

    fn options(&self) -> &'static [Opt] {
        const {
            &[
                opt("set-xmark").excludes(ACTIONS),
                opt("set-mark").excludes(ACTIONS),
                opt("and-mark").excludes(ACTIONS),
                opt("or-mark").excludes(ACTIONS),
                opt("xor-mark").excludes(ACTIONS),
                flag("save-mark").excludes(ACTIONS),
                flag("restore-mark").excludes(ACTIONS),
                opt("ctmask").excludes(&["mask"]),
                opt("nfmask").excludes(&["mask"]),
                opt("mask").excludes(&["ctmask", "nfmask"]),
            ]
        }
    }

    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
        let mask = || value::number_u32(given.value).ok_or_else(|| given.bad_integer("CONNMARK"));
        match given.id {
            "save-mark" => self.mode = 1,
            "restore-mark" => self.mode = 2,
            "ctmask" => self.ctmask = mask()?.into(),
            "nfmask" => self.nfmask = mask()?.into(),
            "mask" => {
                self.ctmask = mask()?.into();
                self.nfmask = self.ctmask;
            }
            _ => {
                let (mark, mask) = turned_and_cleared(given, "CONNMARK")?;
                (self.ctmark, self.ctmask) = (mark.into(), mask.into());
                self.mode = 0;
            }
        }
        Ok(())
    }

    fn check(&mut self, given: &[&'static str]) -> Result<(), Problem> {
        if !given.iter().any(|id| ACTIONS.contains(id)) {
            return Err(parameter!("CONNMARK target: No operation specified"));
        }
        Ok(())
    }

    fn list(&self, _style: Style) -> String {
        let (ctmask, nfmask) = (self.ctmask.get(), self.nfmask.get());
        let masks = if ctmask == nfmask && ctmask == u32::MAX {
            String::new()
        } else if ctmask == nfmask {
            format!(" mask {ctmask:#x}")
        } else {
            format!(" nfmask {nfmask:#x} ctmask {ctmask:#x}")
        };
        match self.mode {
            1 => format!(" CONNMARK save{masks}"),
            2 => format!(" CONNMARK restore{masks}"),
            _ => format!(" CONNMARK {}", in_words(self.ctmark.get(), ctmask)),
        }
    }

    fn save(&self, _style: Style) -> String {
        let masks = format!(" --nfmask {:#x} --ctmask {:#x}", self.nfmask, self.ctmask);
        match self.mode {
            1 => format!(" --save-mark{masks}"),
            2 => format!(" --restore-mark{masks}"),
            _ => format!(" --set-xmark {:#x}/{:#x}", self.ctmark, self.ctmask),
        }
    }
}
