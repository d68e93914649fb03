//! Kind `bond`: several links as one.

use nl_core::kind::{Bytes, I32, LinkAddr, U8, U16, U32};

nl_core::attrs! {
    /// `IFLA_BOND_*`: settings of a bond. Source: include/uapi/linux/if_link.h; Documentation/networking/bonding.rst.
    pub table BOND_ATTRS: (), view BondView, writer BondWriter;
    values {
        /// 0 balance-rr, 1 active-backup, 2 balance-xor, 3 broadcast, 4 802.3ad, 5 balance-tlb, 6 balance-alb.
        IFLA_BOND_MODE = 1, mode: U8;
        /// Interface index of the active port.
        IFLA_BOND_ACTIVE_SLAVE = 2, active_slave: U32;
        /// Time between carrier checks, in milliseconds; 0 for none.
        IFLA_BOND_MIIMON = 3, miimon: U32;
        /// How long a port waits before use, in milliseconds.
        IFLA_BOND_UPDELAY = 4, updelay: U32;
        /// How long a lost port is still used, in milliseconds.
        IFLA_BOND_DOWNDELAY = 5, downdelay: U32;
        /// 1 if the driver's carrier is believed.
        IFLA_BOND_USE_CARRIER = 6, use_carrier: U8;
        /// Time between ARP checks, in milliseconds; 0 for none.
        IFLA_BOND_ARP_INTERVAL = 7, arp_interval: U32;
        /// Whom ARP checks ask: attributes of one IPv4 address each.
        IFLA_BOND_ARP_IP_TARGET = 8, arp_ip_target: Bytes;
        /// 0 none, 1 active, 2 backup, 3 all; 4 to 6 filter.
        IFLA_BOND_ARP_VALIDATE = 9, arp_validate: U32;
        /// 0 any target must answer, 1 all.
        IFLA_BOND_ARP_ALL_TARGETS = 10, arp_all_targets: U32;
        /// Interface index of the preferred port.
        IFLA_BOND_PRIMARY = 11, primary: U32;
        /// 0 always, 1 if better, 2 on failure.
        IFLA_BOND_PRIMARY_RESELECT = 12, primary_reselect: U8;
        /// 0 none, 1 active, 2 follow.
        IFLA_BOND_FAIL_OVER_MAC = 13, fail_over_mac: U8;
        /// 0 layer2, 1 layer3+4, 2 layer2+3, 3 encap2+3, 4 encap3+4, 5 vlan+srcmac.
        IFLA_BOND_XMIT_HASH_POLICY = 14, xmit_hash_policy: U8;
        /// Membership reports after a failover.
        IFLA_BOND_RESEND_IGMP = 15, resend_igmp: U32;
        /// Gratuitous ARPs after a failover.
        IFLA_BOND_NUM_PEER_NOTIF = 16, num_peer_notif: U8;
        /// 1 if packets from inactive ports are taken.
        IFLA_BOND_ALL_SLAVES_ACTIVE = 17, all_slaves_active: U8;
        /// Ports with carrier that the bond needs.
        IFLA_BOND_MIN_LINKS = 18, min_links: U32;
        /// Time between learning packets, in seconds.
        IFLA_BOND_LP_INTERVAL = 19, lp_interval: U32;
        /// Packets before the next port, in balance-rr; 0 random.
        IFLA_BOND_PACKETS_PER_SLAVE = 20, packets_per_slave: U32;
        /// 0 slow, 1 fast.
        IFLA_BOND_AD_LACP_RATE = 21, ad_lacp_rate: U8;
        /// 0 stable, 1 bandwidth, 2 count.
        IFLA_BOND_AD_SELECT = 22, ad_select: U8;
        /// System priority, 1 to 65535.
        IFLA_BOND_AD_ACTOR_SYS_PRIO = 24, ad_actor_sys_prio: U16;
        /// Upper bits of the port key, 0 to 1023.
        IFLA_BOND_AD_USER_PORT_KEY = 25, ad_user_port_key: U16;
        /// System address.
        IFLA_BOND_AD_ACTOR_SYSTEM = 26, ad_actor_system: LinkAddr;
        /// 1 if flows are moved by load.
        IFLA_BOND_TLB_DYNAMIC_LB = 27, tlb_dynamic_lb: U8;
        /// Time between gratuitous ARPs, in milliseconds.
        IFLA_BOND_PEER_NOTIF_DELAY = 28, peer_notif_delay: U32;
        /// 1 if LACP packets are sent unasked.
        IFLA_BOND_AD_LACP_ACTIVE = 29, ad_lacp_active: U8;
        /// Failed ARP checks before a port is down.
        IFLA_BOND_MISSED_MAX = 30, missed_max: U8;
        /// Whom neighbour checks ask: attributes of one IPv6 address each.
        IFLA_BOND_NS_IP6_TARGET = 31, ns_ip6_target: Bytes;
        /// 1 if collecting and distributing go together.
        IFLA_BOND_COUPLED_CONTROL = 32, coupled_control: U8;
        /// 1 if ARP and neighbour discovery go out by all ports, in 802.3ad (kernel 6.17).
        IFLA_BOND_BROADCAST_NEIGH = 33, broadcast_neigh: U8;
    }
    nests {
        /// The aggregator, in 802.3ad.
        IFLA_BOND_AD_INFO = 23, ad_info: BondAdInfoView, BondAdInfoWriter, BOND_AD_INFO_ATTRS;
    }
}

nl_core::attrs! {
    /// `IFLA_BOND_AD_INFO_*`: what 802.3ad agreed on. Source: include/uapi/linux/if_link.h.
    pub table BOND_AD_INFO_ATTRS: (), view BondAdInfoView, writer BondAdInfoWriter;
    values {
        /// The aggregator's number.
        IFLA_BOND_AD_INFO_AGGREGATOR = 1, aggregator: U16;
        /// Its ports.
        IFLA_BOND_AD_INFO_NUM_PORTS = 2, num_ports: U16;
        /// Key of this side.
        IFLA_BOND_AD_INFO_ACTOR_KEY = 3, actor_key: U16;
        /// Key of the other side.
        IFLA_BOND_AD_INFO_PARTNER_KEY = 4, partner_key: U16;
        /// System address of the other side.
        IFLA_BOND_AD_INFO_PARTNER_MAC = 5, partner_mac: LinkAddr;
    }
}

nl_core::attrs! {
    /// `IFLA_BOND_SLAVE_*`: the port of a bond. Source: include/uapi/linux/if_link.h.
    pub table BOND_PORT_ATTRS: (), view BondPortView, writer BondPortWriter;
    values {
        /// 0 active, 1 backup.
        IFLA_BOND_SLAVE_STATE = 1, state: U8;
        /// 0 up, 1 failing, 2 down, 3 coming back.
        IFLA_BOND_SLAVE_MII_STATUS = 2, mii_status: U8;
        /// How often the port failed.
        IFLA_BOND_SLAVE_LINK_FAILURE_COUNT = 3, link_failure_count: U32;
        /// The address that it had before.
        IFLA_BOND_SLAVE_PERM_HWADDR = 4, perm_hwaddr: LinkAddr;
        /// Queue number.
        IFLA_BOND_SLAVE_QUEUE_ID = 5, queue_id: U16;
        /// Its aggregator.
        IFLA_BOND_SLAVE_AD_AGGREGATOR_ID = 6, ad_aggregator_id: U16;
        /// LACP state of this side.
        IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE = 7, ad_actor_oper_port_state: U8;
        /// LACP state of the other side.
        IFLA_BOND_SLAVE_AD_PARTNER_OPER_PORT_STATE = 8, ad_partner_oper_port_state: U16;
        /// Priority among failover candidates.
        IFLA_BOND_SLAVE_PRIO = 9, prio: I32;
        /// LACP port priority.
        IFLA_BOND_SLAVE_ACTOR_PORT_PRIO = 10, actor_port_prio: U16;
        /// Churn state of this side.
        IFLA_BOND_SLAVE_AD_CHURN_ACTOR_STATE = 11, ad_churn_actor_state: U8;
        /// Churn state of the other side.
        IFLA_BOND_SLAVE_AD_CHURN_PARTNER_STATE = 12, ad_churn_partner_state: U8;
    }
}
