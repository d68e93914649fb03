//! Which link is meant: by interface index, name or alternative name.

use nl_core::{EncodeError, Writer};

use super::{IFLA_ALT_IFNAME, IFLA_IFNAME, Link, LinkView};

/// Longest device name in bytes, `IFNAMSIZ` less the NUL.
pub(super) const NAME_MAX: usize = 15;
/// Longest alternative name in bytes, `ALTIFNAMSIZ` less the NUL.
pub(super) const ALTNAME_MAX: usize = 127;

/// A link that exists: by interface index, or by name. A name of more than 15 bytes is looked up
/// among the alternative names only.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LinkRef {
    /// Interface index, above 0.
    Index(i32),
    /// Name or alternative name.
    Name(String),
}

impl LinkRef {
    pub(super) fn ifindex(&self) -> i32 {
        match self {
            Self::Index(ifindex) => *ifindex,
            Self::Name(_) => 0,
        }
    }

    /// Appends the name, if it is one.
    pub(super) fn write(&self, out: &mut Writer) {
        match self {
            // 0 would mean "no link in particular", which some requests take for all.
            Self::Index(..=0) => out.fail(EncodeError::BadValue {
                attr: "ifi_index",
                what: "not a positive number",
            }),
            Self::Index(_) => {}
            Self::Name(name) if name.len() > NAME_MAX => {
                write_name(out, IFLA_ALT_IFNAME, "IFLA_ALT_IFNAME", name, ALTNAME_MAX);
            }
            Self::Name(name) => write_name(out, IFLA_IFNAME, "IFLA_IFNAME", name, NAME_MAX),
        }
    }
}

/// Appends a name after checking what the kernel would refuse without a word.
pub(super) fn write_name(
    out: &mut Writer,
    number: u16,
    attr: &'static str,
    name: &str,
    max: usize,
) {
    let what = if name.is_empty() {
        Some("empty")
    } else if name.len() > max {
        Some(if max == NAME_MAX {
            "longer than 15 bytes"
        } else {
            "longer than 127 bytes"
        })
    } else if name == "." || name == ".." {
        Some("a directory's name")
    } else if name
        .bytes()
        .any(|b| matches!(b, 0 | b'/' | b':') || b.is_ascii_whitespace() || b == 0x0b)
    {
        Some("not free of '/', ':', spaces and NUL")
    } else {
        None
    };
    match what {
        Some(what) => out.fail(EncodeError::BadValue { attr, what }),
        None => out.attr::<nl_core::kind::Str>(number, name),
    }
}

impl From<i32> for LinkRef {
    fn from(ifindex: i32) -> Self {
        Self::Index(ifindex)
    }
}

impl From<&str> for LinkRef {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl From<String> for LinkRef {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl From<&String> for LinkRef {
    fn from(name: &String) -> Self {
        Self::Name(name.clone())
    }
}

impl From<&Self> for LinkRef {
    fn from(link: &Self) -> Self {
        link.clone()
    }
}

impl From<LinkView<'_>> for LinkRef {
    fn from(link: LinkView<'_>) -> Self {
        Self::Index(link.ifindex())
    }
}

impl From<&Link> for LinkRef {
    fn from(link: &Link) -> Self {
        Self::Index(link.view().ifindex())
    }
}
