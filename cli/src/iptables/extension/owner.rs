//! `-m owner`.

use nl_netfilter::xt::Owner;

use super::super::names;
use super::super::problem::{Problem, parameter};
use super::super::value;
use super::ports::not;
use super::{Extension, Given, Opt, Style, flag, opt};

const UID: u8 = 1;
const GID: u8 = 2;
const SOCKET: u8 = 4;
const SUPPLEMENTARY: u8 = 8;

impl Extension for Owner {
    fn name(&self) -> &'static str {
        "owner"
    }

    fn options(&self) -> &'static [Opt] {
        const {
            &[
                opt("uid-owner").invertible(),
                opt("gid-owner").invertible(),
                flag("socket-exists").invertible(),
                flag("suppl-groups"),
            ]
        }
    }

    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
        let bit = match given.id {
            "uid-owner" => {
                [self.uid_min, self.uid_max] = range(given, "/etc/passwd")?.map(Into::into);
                UID
            }
            "gid-owner" => {
                [self.gid_min, self.gid_max] = range(given, "/etc/group")?.map(Into::into);
                GID
            }
            "socket-exists" => SOCKET,
            _ => SUPPLEMENTARY,
        };
        self.matches |= bit;
        if given.inverted {
            self.invert |= bit;
        }
        Ok(())
    }

    fn check(&mut self, given: &[&'static str]) -> Result<(), Problem> {
        if given.is_empty() {
            return Err(parameter!(
                "owner: At least one of --uid-owner, --gid-owner or --socket-exists is required"
            ));
        }
        Ok(())
    }

    fn list(&self, style: Style) -> String {
        let name = |path, id: u32| {
            let name = if style.numeric {
                None
            } else {
                names::account_name(path, id)
            };
            name.unwrap_or_else(|| id.to_string())
        };
        let show = |path, low: u32, high: u32| match low == high {
            true => name(path, low),
            false => format!("{low}-{high}"),
        };
        let mut out = String::new();
        if self.matches & SOCKET != 0 {
            out += &format!("{} owner socket exists", self.not(SOCKET));
        }
        if self.matches & UID != 0 {
            let users = show("/etc/passwd", self.uid_min.get(), self.uid_max.get());
            out += &format!("{} owner UID match {users}", self.not(UID));
        }
        if self.matches & GID != 0 {
            let groups = show("/etc/group", self.gid_min.get(), self.gid_max.get());
            out += &format!("{} owner GID match {groups}", self.not(GID));
        }
        if self.matches & SUPPLEMENTARY != 0 {
            out += " incl. suppl. groups";
        }
        out
    }

    fn save(&self, _style: Style) -> String {
        let range = |low: u32, high: u32| match low == high {
            true => low.to_string(),
            false => format!("{low}-{high}"),
        };
        let mut out = String::new();
        if self.matches & SOCKET != 0 {
            out += &format!("{} --socket-exists", self.not(SOCKET));
        }
        if self.matches & UID != 0 {
            let users = range(self.uid_min.get(), self.uid_max.get());
            out += &format!("{} --uid-owner {users}", self.not(UID));
        }
        if self.matches & GID != 0 {
            let groups = range(self.gid_min.get(), self.gid_max.get());
            out += &format!("{} --gid-owner {groups}", self.not(GID));
        }
        if self.matches & SUPPLEMENTARY != 0 {
            out += " --suppl-groups";
        }
        out
    }
}

trait Not {
    fn not(&self, bit: u8) -> &'static str;
}

impl Not for Owner {
    fn not(&self, bit: u8) -> &'static str {
        not(self.invert & bit != 0)
    }
}

/// A name, a number, or a range of numbers.
fn range(given: &Given<'_>, path: &str) -> Result<[u32; 2], Problem> {
    if let Some(id) = names::account_id(path, given.value) {
        return Ok([id, id]);
    }
    let (low, high) = given
        .value
        .split_once('-')
        .unwrap_or((given.value, given.value));
    // The highest number means nobody.
    let id = |text| value::number(text, u64::from(u32::MAX) - 1).and_then(|id| id.try_into().ok());
    match (id(low), id(high)) {
        (Some(low), Some(high)) => Ok([low, high]),
        _ => Err(parameter!(
            "owner: Bad value for \"--{}\" option: \"{}\"",
            given.id,
            given.value
        )),
    }
}
