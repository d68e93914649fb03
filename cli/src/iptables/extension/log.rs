//! `-j LOG` and `-j NFLOG`.

use nl_netfilter::iptables::NfLog;
use nl_netfilter::xt::Log;

use super::super::problem::{Problem, parameter};
use super::super::value;
use super::comment::c_text;
use super::{Extension, Given, Opt, Style, flag, opt};

/// Levels as they are given; two have a second name.
const LEVELS: [(&str, u8); 9] = [
    ("emerg", 0),
    ("panic", 0),
    ("alert", 1),
    ("crit", 2),
    ("error", 3),
    ("warning", 4),
    ("notice", 5),
    ("info", 6),
    ("debug", 7),
];

/// Levels as they are shown.
const SHOWN: [&str; 8] = [
    "emerg", "alert", "crit", "err", "warn", "notice", "info", "debug",
];

/// Options in the order of what they show, with their bits.
const FLAGS: [(&str, &str, u8); 5] = [
    ("log-tcp-sequence", "tcp-sequence", 1),
    ("log-tcp-options", "tcp-options", 2),
    ("log-ip-options", "ip-options", 4),
    ("log-uid", "uid", 8),
    ("log-macdecode", "macdecode", 32),
];

/// `-j LOG` without options.
pub(super) fn warning() -> Log {
    Log {
        level: 4,
        ..Log::default()
    }
}

impl Extension for Log {
    fn name(&self) -> &'static str {
        "LOG"
    }

    fn options(&self) -> &'static [Opt] {
        const {
            &[
                opt("log-level"),
                opt("log-prefix"),
                flag("log-tcp-sequence"),
                flag("log-tcp-options"),
                flag("log-ip-options"),
                flag("log-uid"),
                flag("log-macdecode"),
            ]
        }
    }

    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
        match given.id {
            "log-level" => {
                let number =
                    value::number(given.value, 7).and_then(|level| u8::try_from(level).ok());
                let named = LEVELS.iter().find(|(name, _)| *name == given.value);
                self.level = number
                    .or(named.map(|(_, level)| *level))
                    .ok_or_else(|| parameter!("log level \"{}\" unknown\n", given.value))?;
            }
            "log-prefix" => {
                if given.value.is_empty() {
                    return Err(parameter!(
                        "Argument must have a minimum length of 1 characters\n"
                    ));
                }
                if given.value.contains('\n') {
                    return Err(parameter!("Newlines not allowed in --log-prefix"));
                }
                self.prefix = [0; 30];
                let slots = self.prefix.iter_mut().take(29);
                slots
                    .zip(given.value.bytes())
                    .for_each(|(slot, byte)| *slot = byte);
            }
            id => {
                let known = FLAGS.iter().find(|(option, ..)| *option == id);
                self.flags |= known.map_or(0, |(_, _, bit)| *bit);
            }
        }
        Ok(())
    }

    fn list(&self, style: Style) -> String {
        let mut out = String::from(" LOG");
        if style.numeric {
            out += &format!(" flags {} level {}", self.flags, self.level);
        } else {
            match SHOWN.get(usize::from(self.level)) {
                Some(level) => out += &format!(" level {level}"),
                None => out += &format!(" UNKNOWN level {}", self.level),
            }
            for (_, shown, bit) in FLAGS {
                if self.flags & bit != 0 {
                    out += &format!(" {shown}");
                }
            }
            if self.flags & !0x2f != 0 {
                out += " unknown-flags";
            }
        }
        let prefix = c_text(&self.prefix);
        if !prefix.is_empty() {
            out += &format!(" prefix \"{prefix}\"");
        }
        out
    }

    fn save(&self, _style: Style) -> String {
        let mut out = String::new();
        let prefix = c_text(&self.prefix);
        if !prefix.is_empty() {
            out += &format!(" --log-prefix {}", value::quoted(&prefix));
        }
        if self.level != 4 {
            out += &format!(" --log-level {}", self.level);
        }
        for (option, _, bit) in FLAGS {
            if self.flags & bit != 0 {
                out += &format!(" --{option}");
            }
        }
        out
    }
}

impl Extension for NfLog {
    fn name(&self) -> &'static str {
        "NFLOG"
    }

    fn options(&self) -> &'static [Opt] {
        const {
            &[
                opt("nflog-group"),
                opt("nflog-prefix"),
                opt("nflog-size"),
                opt("nflog-threshold"),
            ]
        }
    }

    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
        let bad = || given.bad_integer("NFLOG");
        match given.id {
            "nflog-group" => self.group = value::number_u16(given.value).ok_or_else(bad)?,
            "nflog-prefix" => {
                if given.value.is_empty() {
                    return Err(parameter!(
                        "Argument must have a minimum length of 1 characters\n"
                    ));
                }
                if given.value.contains('\n') {
                    return Err(parameter!("Newlines not allowed in --log-prefix"));
                }
                self.prefix = Some(given.value.chars().take(63).collect());
            }
            "nflog-size" => self.size = Some(value::number_u32(given.value).ok_or_else(bad)?),
            _ => self.threshold = Some(value::number_u16(given.value).ok_or_else(bad)?),
        }
        Ok(())
    }

    fn list(&self, _style: Style) -> String {
        self.words("")
    }

    fn save(&self, _style: Style) -> String {
        self.words("--")
    }
}

trait Words {
    fn words(&self, dashes: &str) -> String;
}

impl Words for NfLog {
    fn words(&self, dashes: &str) -> String {
        let mut out = String::new();
        if let Some(prefix) = self.prefix.as_deref().filter(|prefix| !prefix.is_empty()) {
            out += &format!(" {dashes}nflog-prefix {}", value::quoted(prefix));
        }
        if self.group != 0 {
            out += &format!(" {dashes}nflog-group {}", self.group);
        }
        if let Some(size) = self.size.filter(|size| *size != 0) {
            out += &format!(" {dashes}nflog-size {size}");
        }
        // The kernel says 1 where nothing was said... and 0 means the same.
        if let Some(threshold) = self.threshold.filter(|threshold| *threshold > 1) {
            out += &format!(" {dashes}nflog-threshold {threshold}");
        }
        out
    }
}
