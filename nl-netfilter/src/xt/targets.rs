//! iptables' other targets. Sources: include/uapi/linux/netfilter/xt_*.h, netfilter_ipv4/ipt_REJECT.h.

use zerocopy::native_endian::{U16, U32};

layouts! {
    /// `-j REJECT` of iptables, `struct ipt_reject_info`.
    "REJECT", 0, 4: pub struct RejectV4 {
        /// `IPT_*`: 0 net, 1 host, 2 protocol, 3 port unreachable, 5 net, 6 host prohibited, 7 TCP
        /// reset, 8 administratively prohibited.
        pub with: U32,
    }

    /// `-j REJECT` of ip6tables, `struct ip6t_reject_info`.
    "REJECT", 0, 4: pub struct RejectV6 {
        /// `IP6T_*`: 0 no route, 1 prohibited, 3 address, 4 port unreachable, 6 TCP reset.
        pub with: U32,
    }

    /// `-j LOG`, `struct xt_log_info`.
    "LOG", 0, 32: pub struct Log {
        /// Level, 0 to 7.
        pub level: u8,
        /// `XT_LOG_*`: 1 TCP sequence, 2 TCP options, 4 IP options, 8 user, 32 link-layer header.
        pub flags: u8,
        /// What the message starts with, up to its first NUL.
        pub prefix: [u8; 30],
    }

    /// `-j MARK`, `struct xt_mark_tginfo2`: the mark becomes `mark & ~mask ^ mark`.
    "MARK", 2, 8: pub struct Mark {
        /// Bits that are turned over.
        pub mark: U32,
        /// Bits that are cleared before.
        pub mask: U32,
    }

    /// `-j TCPMSS`, `struct xt_tcpmss_info`.
    "TCPMSS", 0, 2: pub struct TcpMss {
        /// Maximum segment size; 0xffff: what the path allows.
        pub mss: U16,
    }

    /// `-j CONNMARK`, `struct xt_connmark_tginfo2`.
    "CONNMARK", 2, 16: pub struct ConnmarkTarget {
        /// Bits of the connection's mark that are turned over.
        pub ctmark: U32,
        /// Bits of it that are cleared before, or copied.
        pub ctmask: U32,
        /// Bits of the packet's mark that are copied.
        pub nfmask: U32,
        /// 0 left, 1 right.
        pub shift_dir: u8,
        /// By how many bits it is shifted.
        pub shift_bits: u8,
        /// 0 set, 1 save, 2 restore.
        pub mode: u8,
        /// Nothing.
        pub pad: u8,
    }

    /// `-j NFQUEUE`, `struct xt_NFQ_info_v3`.
    "NFQUEUE", 3, 6: pub struct NfQueue {
        /// First queue.
        pub queue: U16,
        /// Number of queues.
        pub queues: U16,
        /// 1: pass if nobody listens, 2: one queue for each CPU.
        pub flags: U16,
    }

    /// `-j CT`, `struct xt_ct_target_info_v1`.
    "CT", 2, 72: pub struct CtTarget {
        /// `XT_CT_*`: 1 no tracking, 2 printed as `-j NOTRACK`.
        pub flags: U16,
        /// Zone.
        pub zone: U16,
        /// Events of connections.
        pub ct_events: U32,
        /// Events of expectations.
        pub exp_events: U32,
        /// Name of a helper, up to its first NUL.
        pub helper: [u8; 16],
        /// Name of a timeout policy, up to its first NUL.
        pub timeout: [u8; 32],
        /// Nothing.
        pub pad: [u8; 4],
        /// The kernel's.
        pub private: [u8; 8],
    }
}
