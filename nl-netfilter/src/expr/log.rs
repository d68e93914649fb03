//! `log`: log messages.

use nl_core::kind::{Be16, Be32, Str};

use crate::value::{flags, numbers};

expression! {
    /// Logs the packet: to the kernel's log, or with a group to who listens there (nfnetlink_log).
    pub struct Log = "log", table LOG_ATTRS, view LogView, writer LogWriter;
    fields {
        /// What the message starts with, at most 127 bytes.
        NFTA_LOG_PREFIX = 2, prefix: Str, optional;
        /// Group of nfnetlink_log.
        NFTA_LOG_GROUP = 1, group: Be16, optional;
        /// How many bytes of the packet the group gets.
        NFTA_LOG_SNAPLEN = 3, snaplen: Be32, optional;
        /// How many packets are gathered for the group.
        NFTA_LOG_QTHRESHOLD = 4, qthreshold: Be16, optional;
        /// Level in the kernel's log; absent means warning.
        NFTA_LOG_LEVEL = 5, level: LogLevel, optional;
        /// What else is logged.
        NFTA_LOG_FLAGS = 6, flags: LogFlags, optional;
    }
}

numbers! {
    /// `NFT_LOGLEVEL_*`.
    pub struct LogLevel: Be32(u32) {
        /// Emergency.
        EMERG = 0;
        /// Alert.
        ALERT = 1;
        /// Critical.
        CRIT = 2;
        /// Error.
        ERR = 3;
        /// Warning.
        WARNING = 4;
        /// Notice.
        NOTICE = 5;
        /// Information.
        INFO = 6;
        /// Debugging.
        DEBUG = 7;
        /// To the audit system.
        AUDIT = 8;
    }
}

flags! {
    /// `NF_LOG_*`. Source: include/uapi/linux/netfilter/nf_log.h.
    pub struct LogFlags {
        /// TCP sequence numbers.
        TCPSEQ = 1;
        /// TCP options.
        TCPOPT = 2;
        /// IP options.
        IPOPT = 4;
        /// The sending process's user.
        UID = 8;
        /// Through nfnetlink_log too.
        NFLOG = 16;
        /// The link-layer header.
        MACDECODE = 32;
    }
}

impl Log {
    /// `log`, or `log prefix PREFIX`.
    #[must_use]
    pub fn new(prefix: Option<&str>) -> Self {
        Self {
            prefix: prefix.map(str::to_owned),
            group: None,
            snaplen: None,
            qthreshold: None,
            level: None,
            flags: None,
        }
    }
}
