//! Drivers: what stands in `IFLA_INFO_DATA`, one file per kind.

use nl_core::{Table, Writer};

pub mod amt;
pub mod bareudp;
pub mod bond;
pub mod bridge;
pub mod bridge_port;
pub mod geneve;
pub mod gre;
pub mod hsr;
pub mod iptun;
pub mod ipvlan;
pub mod macsec;
pub mod macvlan;
pub mod netkit;
pub mod tun;
pub mod veth;
pub mod vlan;
pub mod vrf;
pub mod vti;
pub mod vxlan;
pub mod xfrm;

pub use bridge_port::BridgeId;

/// A driver whose settings have a table.
pub trait LinkKind {
    /// `IFLA_INFO_KIND`.
    const NAME: &'static str;
    /// Writes its settings.
    type Writer<'w>;

    /// Starts writing settings into an open nest.
    fn writer(out: &mut Writer) -> Self::Writer<'_>;
}

/// One row per kind: its marker type, its name, its table's writer.
macro_rules! kinds {
    ($($(#[$doc:meta])* $Kind:ident = $name:literal, $module:ident::$Writer:ident, $TABLE:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub enum $Kind {}

            impl LinkKind for $Kind {
                const NAME: &'static str = match str::from_utf8($name) {
                    Ok(name) => name,
                    Err(_) => "",
                };
                type Writer<'w> = $module::$Writer<'w>;

                fn writer(out: &mut Writer) -> Self::Writer<'_> {
                    $module::$Writer::new(out, &())
                }
            }
        )*

        /// The table of the settings of a kind.
        pub(super) fn data_table(kind: &[u8]) -> Option<&'static Table> {
            match trim(kind) {
                $($name => Some(&$module::$TABLE),)*
                b"vxcan" => Some(&veth::VETH_ATTRS),
                b"tun" => Some(&tun::TUN_ATTRS),
                _ => None,
            }
        }
    };
}

kinds! {
    /// `veth`: a cable; its peer is set by [`NewLink::veth`](crate::link::NewLink::veth).
    Veth = b"veth", veth::VethWriter, VETH_ATTRS;
    /// `bridge`: a switch.
    Bridge = b"bridge", bridge::BridgeWriter, BRIDGE_ATTRS;
    /// `vlan`: one VLAN of a device.
    Vlan = b"vlan", vlan::VlanWriter, VLAN_ATTRS;
    /// `vxlan`: Ethernet over UDP.
    Vxlan = b"vxlan", vxlan::VxlanWriter, VXLAN_ATTRS;
    /// `macvlan`: a second address on a device.
    Macvlan = b"macvlan", macvlan::MacvlanWriter, MACVLAN_ATTRS;
    /// `macvtap`: the same, to be read through a character device.
    Macvtap = b"macvtap", macvlan::MacvlanWriter, MACVLAN_ATTRS;
    /// `ipvlan`: a second set of IP addresses on a device.
    Ipvlan = b"ipvlan", ipvlan::IpvlanWriter, IPVLAN_ATTRS;
    /// `vrf`: a routing domain.
    Vrf = b"vrf", vrf::VrfWriter, VRF_ATTRS;
    /// `bond`: several links as one.
    Bond = b"bond", bond::BondWriter, BOND_ATTRS;
    /// `ipvtap`: an ipvlan to be read through a character device.
    Ipvtap = b"ipvtap", ipvlan::IpvlanWriter, IPVLAN_ATTRS;
    /// `geneve`: Ethernet over UDP with options.
    Geneve = b"geneve", geneve::GeneveWriter, GENEVE_ATTRS;
    /// `gre`: packets over GRE over IPv4.
    Gre = b"gre", gre::GreWriter, GRE_ATTRS;
    /// `gretap`: Ethernet over GRE over IPv4.
    Gretap = b"gretap", gre::GreWriter, GRE_ATTRS;
    /// `erspan`: mirrored Ethernet over GRE over IPv4.
    Erspan = b"erspan", gre::GreWriter, GRE_ATTRS;
    /// `ip6gre`: packets over GRE over IPv6.
    Ip6gre = b"ip6gre", gre::GreWriter, GRE_ATTRS;
    /// `ip6gretap`: Ethernet over GRE over IPv6.
    Ip6gretap = b"ip6gretap", gre::GreWriter, GRE_ATTRS;
    /// `ip6erspan`: mirrored Ethernet over GRE over IPv6.
    Ip6erspan = b"ip6erspan", gre::GreWriter, GRE_ATTRS;
    /// `ipip`: packets over IPv4.
    Ipip = b"ipip", iptun::IptunWriter, IPTUN_ATTRS;
    /// `sit`: IPv6 over IPv4.
    Sit = b"sit", iptun::IptunWriter, IPTUN_ATTRS;
    /// `ip6tnl`: packets over IPv6.
    Ip6tnl = b"ip6tnl", iptun::IptunWriter, IPTUN_ATTRS;
    /// `vti`: IPsec over IPv4, chosen by key.
    Vti = b"vti", vti::VtiWriter, VTI_ATTRS;
    /// `vti6`: IPsec over IPv6, chosen by key.
    Vti6 = b"vti6", vti::VtiWriter, VTI_ATTRS;
    /// `xfrm`: IPsec, chosen by interface id.
    Xfrm = b"xfrm", xfrm::XfrmWriter, XFRM_ATTRS;
    /// `macsec`: protected Ethernet.
    Macsec = b"macsec", macsec::MacsecWriter, MACSEC_ATTRS;
    /// `netkit`: a pair for BPF programs; its peer is set by [`NewLink::pair`](crate::link::NewLink::pair).
    Netkit = b"netkit", netkit::NetkitWriter, NETKIT_ATTRS;
    /// `hsr`: everything twice.
    Hsr = b"hsr", hsr::HsrWriter, HSR_ATTRS;
    /// `amt`: multicast over UDP.
    Amt = b"amt", amt::AmtWriter, AMT_ATTRS;
    /// `bareudp`: packets over UDP.
    Bareudp = b"bareudp", bareudp::BareudpWriter, BAREUDP_ATTRS;
}

/// The table of a port's settings, by the kind of its master.
pub(super) fn slave_data_table(kind: &[u8]) -> Option<&'static Table> {
    match trim(kind) {
        b"bridge" => Some(&bridge_port::BRIDGE_PORT_ATTRS),
        b"bond" => Some(&bond::BOND_PORT_ATTRS),
        b"vrf" => Some(&vrf::VRF_PORT_ATTRS),
        _ => None,
    }
}

fn trim(kind: &[u8]) -> &[u8] {
    kind.split(|&byte| byte == 0).next().unwrap_or(kind)
}
