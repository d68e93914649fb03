//! What `ip link help` says.

use crate::failure::Failure;
use crate::ip::Ip;
use crate::words::Words;

/// `help [ TYPE ]`.
pub(super) fn help(_: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    let text = match words.next() {
        Some("veth" | "vxcan") => VETH,
        Some("bridge") => BRIDGE,
        Some("bridge_slave") => BRIDGE_SLAVE,
        Some("vlan") => VLAN,
        Some("vxlan") => VXLAN,
        Some("macvlan" | "macvtap") => MACVLAN,
        Some("ipvlan" | "ipvtap") => IPVLAN,
        Some("vrf") => VRF,
        Some("bond") => BOND,
        _ => LINK,
    };
    Err(Failure::new(255, text))
}

/// The usage of `ip link` as an error.
pub(super) fn failure() -> Failure {
    Failure::new(255, LINK)
}

const LINK: &str = "\
Usage: ip link add [link DEV] [ name ] NAME
		    [ txqueuelen PACKETS ] [ address LLADDR ] [ broadcast LLADDR ]
		    [ mtu MTU ] [ index IDX ] [ group GROUP ] [ alias NAME ]
		    [ numtxqueues QUEUE_COUNT ] [ numrxqueues QUEUE_COUNT ]
		    [ netns { PID | NAME } ] [ master DEVICE ]
		    type TYPE [ ARGS ]

	ip link delete { DEVICE | dev DEVICE | group DEVGROUP } type TYPE [ ARGS ]

	ip link set { DEVICE | dev DEVICE | group DEVGROUP }
			[ { up | down } ] [ type TYPE ARGS ]
		[ arp { on | off } ] [ dynamic { on | off } ] [ multicast { on | off } ]
		[ allmulticast { on | off } ] [ promisc { on | off } ]
		[ trailers { on | off } ] [ carrier { on | off } ]
		[ txqueuelen PACKETS ] [ name NEWNAME ]
		[ address LLADDR ] [ broadcast LLADDR ] [ mtu MTU ]
		[ netns { PID | NAME } ] [ link-netns NAME | link-netnsid ID ]
		[ alias NAME ] [ master DEVICE ] [ vrf NAME ] [ nomaster ]
		[ addrgenmode { eui64 | none | stable_secret | random } ]
		[ protodown { on | off } ]
		[ gso_max_size BYTES ] [ gso_max_segs PACKETS ] [ gro_max_size BYTES ]

	ip link show [ DEVICE | group GROUP ] [up] [master DEV] [vrf NAME] [type TYPE]
		[nomaster]

	ip link property add dev DEVICE [ altname NAME .. ]
	ip link property del dev DEVICE [ altname NAME .. ]

	ip link help [ TYPE ]

TYPE := { bond | bridge | bridge_slave | dummy | ifb | ipvlan | ipvtap |
          macvlan | macvtap | veth | vlan | vrf | vxlan | any kind of the kernel }";

pub(super) const VETH: &str = "\
Usage: ip link <options> type veth [peer <options>]
To get <options> type 'ip link add help'";

pub(super) const BRIDGE: &str = "\
Usage: ... bridge [ forward_delay FORWARD_DELAY ]
		[ hello_time HELLO_TIME ]
		[ max_age MAX_AGE ]
		[ ageing_time AGEING_TIME ]
		[ stp_state STP_STATE ]
		[ priority PRIORITY ]
		[ vlan_filtering VLAN_FILTERING ]
		[ vlan_protocol VLAN_PROTOCOL ]
		[ group_fwd_mask GROUP_FWD_MASK ]
		[ group_address GROUP_ADDRESS ]
		[ fdb_flush ]
		[ vlan_default_pvid VLAN_DEFAULT_PVID ]
		[ vlan_stats_enabled VLAN_STATS_ENABLED ]
		[ vlan_stats_per_port VLAN_STATS_PER_PORT ]
		[ mcast_router MCAST_ROUTER ]
		[ mcast_snooping MCAST_SNOOPING ]
		[ mcast_vlan_snooping MCAST_VLAN_SNOOPING ]
		[ mcast_query_use_ifaddr MCAST_QUERY_USE_IFADDR ]
		[ mcast_querier MCAST_QUERIER ]
		[ mcast_hash_elasticity MCAST_HASH_ELASTICITY ]
		[ mcast_hash_max MCAST_HASH_MAX ]
		[ mcast_last_member_count MCAST_LAST_MEMBER_COUNT ]
		[ mcast_startup_query_count MCAST_STARTUP_QUERY_COUNT ]
		[ mcast_last_member_interval MCAST_LAST_MEMBER_INTERVAL ]
		[ mcast_membership_interval MCAST_MEMBERSHIP_INTERVAL ]
		[ mcast_querier_interval MCAST_QUERIER_INTERVAL ]
		[ mcast_query_interval MCAST_QUERY_INTERVAL ]
		[ mcast_query_response_interval MCAST_QUERY_RESPONSE_INTERVAL ]
		[ mcast_startup_query_interval MCAST_STARTUP_QUERY_INTERVAL ]
		[ mcast_stats_enabled MCAST_STATS_ENABLED ]
		[ mcast_igmp_version MCAST_IGMP_VERSION ]
		[ mcast_mld_version MCAST_MLD_VERSION ]
		[ nf_call_iptables NF_CALL_IPTABLES ]
		[ nf_call_ip6tables NF_CALL_IP6TABLES ]
		[ nf_call_arptables NF_CALL_ARPTABLES ]
		[ no_linklocal_learn NO_LINKLOCAL_LEARN ]";

pub(super) const BRIDGE_SLAVE: &str = "\
Usage: ... bridge_slave [ fdb_flush ]
		[ state STATE ]
		[ priority PRIORITY ]
		[ cost COST ]
		[ hairpin { on | off } ]
		[ guard { on | off } ]
		[ root_block { on | off } ]
		[ fastleave { on | off } ]
		[ learning { on | off } ]
		[ flood { on | off } ]
		[ mcast_flood { on | off } ]
		[ bcast_flood { on | off } ]
		[ mcast_to_unicast { on | off } ]
		[ proxy_arp { on | off } ]
		[ proxy_arp_wifi { on | off } ]
		[ mcast_router MCAST_ROUTER ]
		[ mcast_fast_leave { on | off } ]
		[ group_fwd_mask GROUP_FWD_MASK ]
		[ neigh_suppress { on | off } ]
		[ vlan_tunnel { on | off } ]
		[ isolated { on | off } ]
		[ locked { on | off } ]
		[ backup_port BACKUP_PORT ]
		[ nobackup_port ]";

pub(super) const VLAN: &str = "\
Usage: ... vlan [ protocol PROTOCOL ]
		[ id ID ]
		[ reorder_hdr { on | off } ]
		[ gvrp { on | off } ]
		[ mvrp { on | off } ]
		[ loose_binding { on | off } ]
		[ bridge_binding { on | off } ]
		[ ingress-qos-map QOS-MAP ]
		[ egress-qos-map QOS-MAP ]

QOS-MAP := FROM:TO [ QOS-MAP ]";

pub(super) const VXLAN: &str = "\
Usage: ... vxlan [ id ID ]
		[ vni VNI ]
		[ group GROUP ]
		[ remote REMOTE ]
		[ local LOCAL ]
		[ dev DEV ]
		[ ttl TTL ]
		[ hoplimit HOPLIMIT ]
		[ tos TOS ]
		[ dsfield DSFIELD ]
		[ df DF ]
		[ flowlabel FLOWLABEL ]
		[ ageing AGEING ]
		[ maxaddress MAXADDRESS ]
		[ port PORT ]
		[ srcport SRCPORT ]
		[ dstport DSTPORT ]
		[ nolearning ]
		[ learning ]
		[ noproxy ]
		[ proxy ]
		[ norsc ]
		[ rsc ]
		[ nol2miss ]
		[ l2miss ]
		[ nol3miss ]
		[ l3miss ]
		[ udpcsum ]
		[ noudpcsum ]
		[ udp6zerocsumtx ]
		[ noudp6zerocsumtx ]
		[ udp6zerocsumrx ]
		[ noudp6zerocsumrx ]
		[ remcsumtx ]
		[ noremcsumtx ]
		[ remcsumrx ]
		[ noremcsumrx ]
		[ external ]
		[ noexternal ]
		[ vnifilter ]
		[ novnifilter ]
		[ gbp ]
		[ gpe ]";

pub(super) const MACVLAN: &str = "\
Usage: ... macvlan [ mode MODE ]
		[ flag FLAG ]
		[ bcqueuelen BCQUEUELEN ]";

pub(super) const IPVLAN: &str = "\
Usage: ... ipvlan [ mode MODE ]
		[ bridge ]
		[ private ]
		[ vepa ]";

pub(super) const VRF: &str = "\
Usage: ... vrf [ table TABLE ]";

pub(super) const BOND: &str = "\
Usage: ... bond [ mode MODE ]
		[ active_slave ACTIVE_SLAVE ]
		[ clear_active_slave ]
		[ miimon MIIMON ]
		[ updelay UPDELAY ]
		[ downdelay DOWNDELAY ]
		[ peer_notify_delay PEER_NOTIFY_DELAY ]
		[ use_carrier USE_CARRIER ]
		[ arp_interval ARP_INTERVAL ]
		[ primary PRIMARY ]
		[ primary_reselect PRIMARY_RESELECT ]
		[ fail_over_mac FAIL_OVER_MAC ]
		[ xmit_hash_policy XMIT_HASH_POLICY ]
		[ resend_igmp RESEND_IGMP ]
		[ num_grat_arp NUM_GRAT_ARP ]
		[ num_unsol_na NUM_UNSOL_NA ]
		[ all_slaves_active ALL_SLAVES_ACTIVE ]
		[ min_links MIN_LINKS ]
		[ lp_interval LP_INTERVAL ]
		[ packets_per_slave PACKETS_PER_SLAVE ]
		[ lacp_rate LACP_RATE ]
		[ ad_select AD_SELECT ]
		[ ad_user_port_key AD_USER_PORT_KEY ]
		[ ad_actor_sys_prio AD_ACTOR_SYS_PRIO ]
		[ ad_actor_system AD_ACTOR_SYSTEM ]
		[ tlb_dynamic_lb TLB_DYNAMIC_LB ]";
