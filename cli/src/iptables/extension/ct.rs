//! `-j CT` and `-j NOTRACK`.

use nl_netfilter::xt::CtTarget;

use super::super::problem::Problem;
use super::super::value;
use super::comment::c_text;
use super::{Extension, Given, Opt, Style, flag, opt};

const NOTRACK: u16 = 1;
const ALIAS: u16 = 2;

/// `-j NOTRACK`.
pub(super) fn notrack() -> CtTarget {
    CtTarget {
        flags: (NOTRACK | ALIAS).into(),
        ..CtTarget::default()
    }
}

impl Extension for CtTarget {
    fn name(&self) -> &'static str {
        if self.flags.get() & ALIAS != 0 {
            "NOTRACK"
        } else {
            "CT"
        }
    }

    fn options(&self) -> &'static [Opt] {
        if self.flags.get() & ALIAS != 0 {
            &[]
        } else {
            const { &[flag("notrack"), opt("zone"), opt("helper")] }
        }
    }

    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
        match given.id {
            "notrack" => self.flags = (self.flags.get() | NOTRACK).into(),
            "zone" => {
                let zone = value::number_u16(given.value);
                self.zone = zone.ok_or_else(|| given.bad_integer("CT"))?.into();
            }
            _ => {
                let slots = self.helper.iter_mut().take(15);
                slots
                    .zip(given.value.bytes())
                    .for_each(|(slot, byte)| *slot = byte);
            }
        }
        Ok(())
    }

    fn list(&self, _style: Style) -> String {
        if self.flags.get() & ALIAS != 0 {
            return " NOTRACK".to_owned();
        }
        format!(" CT{}", self.words(""))
    }

    fn save(&self, _style: Style) -> String {
        if self.flags.get() & ALIAS != 0 {
            return String::new();
        }
        self.words("--")
    }
}

trait Words {
    fn words(&self, dashes: &str) -> String;
}

impl Words for CtTarget {
    fn words(&self, dashes: &str) -> String {
        let mut out = String::new();
        if self.flags.get() & NOTRACK != 0 {
            out += &format!(" {dashes}notrack");
        }
        let helper = c_text(&self.helper);
        if !helper.is_empty() {
            out += &format!(" {dashes}helper {helper}");
        }
        if self.zone.get() != 0 {
            out += &format!(" {dashes}zone {}", self.zone);
        }
        out
    }
}
