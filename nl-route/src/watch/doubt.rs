//! What of links says that the kernel has changed others without telling.

use crate::link::{Flags, LinkView};

/// What of a link takes others along when it changes.
#[derive(Clone, Copy, Debug)]
pub(super) struct LinkState {
    flags: Flags,
    master: Option<i32>,
}

impl LinkState {
    pub(super) fn of(link: &LinkView<'_>) -> Self {
        Self {
            flags: link.flags(),
            master: link.master(),
        }
    }

    /// Whether it went down, or to another master: routes and nexthops by it may be gone.
    pub(super) fn is_left_by(self, now: Self) -> bool {
        self.lost(now, Flags::UP) || self.master != now.master
    }

    /// Whether there is no carrier any more: nexthops by it are gone, and routes by them, though it is up. Of the
    /// two flags either may be told late.
    pub(super) fn loses_carrier(self, now: Self) -> bool {
        self.lost(now, Flags::RUNNING | Flags::LOWER_UP)
    }

    fn lost(self, now: Self, flags: Flags) -> bool {
        self.flags.difference(now.flags).intersects(flags)
    }
}
