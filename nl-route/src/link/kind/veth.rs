//! Kind `veth`: a cable between two links.

use crate::link::{LINK_ATTRS, LinkInfoView, LinkView};

nl_core::attrs! {
    /// `VETH_INFO_*`: the other end of a veth. Source: include/uapi/linux/veth.h.
    pub table VETH_ATTRS: (), view VethView, writer VethWriter;
    chosen {
        /// The other end: `struct ifinfomsg` and link attributes, as in a message of its own.
        VETH_INFO_PEER = 1, peer_bytes: by VETH_INFO_PEER, |_| Some(&LINK_ATTRS);
    }
}

impl<'a> VethView<'a> {
    /// The other end, in a request; the kernel does not send it.
    #[must_use]
    pub fn peer(&self) -> Option<LinkView<'a>> {
        LinkView::parse(self.peer_bytes()?).ok()
    }
}

impl<'a> LinkInfoView<'a> {
    /// The settings, read as `parse` reads them, if the kind is `kind`.
    ///
    /// ```
    /// # fn f(info: nl_route::link::LinkInfoView<'_>) -> Option<()> {
    /// use nl_route::link::kind::bridge::BridgeView;
    /// let bridge = info.data_of("bridge", BridgeView::parse)?;
    /// println!("{:?}", bridge.ageing_time());
    /// # Some(()) }
    /// ```
    pub fn data_of<V, E>(
        &self,
        kind: &str,
        parse: impl FnOnce(&'a [u8]) -> Result<V, E>,
    ) -> Option<V> {
        let data = self.data().filter(|_| self.kind() == Some(kind))?;
        parse(data).ok()
    }
}
