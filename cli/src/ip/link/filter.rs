//! Which links a list shows.

use nl_route::link::LinkView;

use super::words::IFF_UP;

/// What the words after `show` ask for; all of it must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::ip) struct Filter {
    /// The link with this index.
    pub(in crate::ip) ifindex: Option<i32>,
    /// Links that are set up.
    pub(in crate::ip) up: bool,
    /// Ports of this master.
    pub(in crate::ip) master: Option<i32>,
    /// Links without a master.
    pub(in crate::ip) nomaster: bool,
    /// Links of this kind; with `_slave`, ports of a master of this kind.
    pub(in crate::ip) kind: Option<String>,
    /// Links of this group.
    pub(in crate::ip) group: Option<u32>,
}

impl Filter {
    /// Whether the link is one of those that are wanted.
    pub(in crate::ip) fn admits(&self, link: &LinkView<'_>) -> bool {
        let kind_fits = || {
            let Some(wanted) = self.kind.as_deref() else {
                return true;
            };
            let info = link.link_info();
            match wanted.strip_suffix("_slave") {
                Some(wanted) => info.and_then(|info| info.slave_kind()) == Some(wanted),
                None => info.and_then(|info| info.kind()) == Some(wanted),
            }
        };
        self.ifindex.is_none_or(|ifindex| ifindex == link.ifindex())
            && (!self.up || link.header().flags.get() & IFF_UP != 0)
            && self
                .master
                .is_none_or(|master| link.master() == Some(master))
            && (!self.nomaster || link.master().is_none_or(|master| master == 0))
            && self.group.is_none_or(|group| link.group() == Some(group))
            && kind_fits()
    }
}
