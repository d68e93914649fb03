//! `IFLA_LINKINFO`: driver name and settings, of the link and of it as a port.

use nl_core::kind::{Bytes, Text};

use super::kind;

nl_core::attrs! {
    /// `IFLA_INFO_*`: driver name and settings. Source: include/uapi/linux/if_link.h.
    pub table LINK_INFO_ATTRS: (), view LinkInfoView, writer LinkInfoWriter;
    values {
        /// Driver name: "veth", "bridge".
        IFLA_INFO_KIND = 1, kind: Text;
        /// Statistics of the driver's own shape.
        IFLA_INFO_XSTATS = 3, xstats: Bytes;
        /// Driver of the master: "bridge", "bond", "vrf".
        IFLA_INFO_SLAVE_KIND = 4, slave_kind: Text;
    }
    chosen {
        /// The driver's settings, attributes of its own table; see the modules of [`kind`](crate::link::kind).
        IFLA_INFO_DATA = 2, data: by IFLA_INFO_KIND, kind::data_table;
        /// The link's settings as a port, attributes of its master's port table.
        IFLA_INFO_SLAVE_DATA = 5, slave_data: by IFLA_INFO_SLAVE_KIND, kind::slave_data_table;
    }
}
