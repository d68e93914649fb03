//! What a link tells, beyond its attributes.

use super::{Flags, LinkView, OperState};

impl<'a> LinkView<'a> {
    /// Interface index.
    #[must_use]
    pub fn ifindex(&self) -> i32 {
        self.header().ifindex.get()
    }

    /// Flags, `IFF_*`.
    #[must_use]
    pub fn flags(&self) -> Flags {
        Flags::from_bits_retain(self.header().flags.get())
    }

    /// Whether the administrator has set it up.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.flags().contains(Flags::UP)
    }

    /// Operational state.
    #[must_use]
    pub fn oper_state(&self) -> Option<OperState> {
        self.operstate().map(OperState)
    }

    /// Name of the driver, for links that were made by a request: "veth".
    #[must_use]
    pub fn kind(&self) -> Option<&'a str> {
        self.link_info()?.kind()
    }

    /// Interface index of the other end, if this is a veth; in the namespace
    /// [`link_netnsid`](Self::link_netnsid) if that is set.
    #[must_use]
    pub fn peer_ifindex(&self) -> Option<i32> {
        self.link()
            .filter(|&ifindex| ifindex != 0 && self.kind() == Some("veth"))
    }

    /// Alternative names.
    pub fn altnames(&self) -> impl Iterator<Item = &'a str> {
        self.prop_list()
            .into_iter()
            .flat_map(|list| list.altnames())
    }
}
