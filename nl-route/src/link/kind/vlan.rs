//! Kind `vlan`: one VLAN of a device.

use nl_core::kind::{Be16, Struct, U16};
use zerocopy::native_endian::U32 as Ne32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// `struct ifla_vlan_flags`. Source: include/uapi/linux/if_link.h, `VLAN_FLAG_*` in if_vlan.h.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct VlanFlags {
    /// 1 reorder headers, 2 GVRP, 4 loose binding, 8 MVRP, 16 bridge binding.
    pub flags: Ne32,
    /// Which of them are meant.
    pub mask: Ne32,
}

/// `struct ifla_vlan_qos_mapping`: packet priority to VLAN priority, or back. Source: include/uapi/linux/if_link.h.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct QosMapping {
    /// What is mapped.
    pub from: Ne32,
    /// To what.
    pub to: Ne32,
}

nl_core::attrs! {
    /// `IFLA_VLAN_*`: settings of a VLAN device. Source: include/uapi/linux/if_link.h; ip-link(8).
    pub table VLAN_ATTRS: (), view VlanView, writer VlanWriter;
    values {
        /// VLAN identifier, 0 to 4095.
        IFLA_VLAN_ID = 1, id: U16;
        /// Flags and which of them are meant.
        IFLA_VLAN_FLAGS = 2, flags: Struct<VlanFlags>;
        /// EtherType of the tag: 0x8100 or 0x88a8.
        IFLA_VLAN_PROTOCOL = 5, protocol: Be16;
    }
    nests {
        /// Packet priorities to VLAN priorities; repeats [`mapping`](VlanQosView::mapping).
        IFLA_VLAN_EGRESS_QOS = 3, egress_qos: VlanQosView, VlanQosWriter, VLAN_QOS_ATTRS;
        /// VLAN priorities to packet priorities; repeats [`mapping`](VlanQosView::mapping).
        IFLA_VLAN_INGRESS_QOS = 4, ingress_qos: VlanQosView, VlanQosWriter, VLAN_QOS_ATTRS;
    }
}

nl_core::attrs! {
    /// `IFLA_VLAN_QOS_*`: priority mappings. Source: include/uapi/linux/if_link.h.
    pub table VLAN_QOS_ATTRS: (), view VlanQosView, writer VlanQosWriter;
    values {
        /// One mapping; there are many, see [`mappings`](VlanQosView::mappings).
        IFLA_VLAN_QOS_MAPPING = 1, mapping: Struct<QosMapping>;
    }
}

impl<'a> VlanQosView<'a> {
    /// All mappings.
    pub fn mappings(&self) -> impl Iterator<Item = &'a QosMapping> + use<'a> {
        self.attrs()
            .flatten()
            .filter(|attr| attr.number() == IFLA_VLAN_QOS_MAPPING)
            .filter_map(|attr| <Struct<QosMapping> as nl_core::Kind>::read(attr.payload))
    }
}
