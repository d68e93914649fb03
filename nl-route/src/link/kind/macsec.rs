//! Kind `macsec`: IEEE 802.1AE, Ethernet frames protected hop by hop.

use nl_core::kind::{Be16, Be64, U8, U32, U64};

nl_core::attrs! {
    /// `IFLA_MACSEC_*`: settings of a MACsec device. Source: include/uapi/linux/if_link.h; ip-macsec(8).
    pub table MACSEC_ATTRS: (), view MacsecView, writer MacsecWriter;
    values {
        /// Secure channel identifier: address and port.
        IFLA_MACSEC_SCI = 1, sci: Be64;
        /// Request: port part of the identifier, not 0.
        IFLA_MACSEC_PORT = 2, port: Be16;
        /// Length of the integrity check value, 8 to 16 bytes.
        IFLA_MACSEC_ICV_LEN = 3, icv_len: U8;
        /// `MACSEC_CIPHER_ID_*` (include/uapi/linux/if_macsec.h).
        IFLA_MACSEC_CIPHER_SUITE = 4, cipher_suite: U64;
        /// Replay window in packets.
        IFLA_MACSEC_WINDOW = 5, window: U32;
        /// Which association sends, 0 to 3.
        IFLA_MACSEC_ENCODING_SA = 6, encoding_sa: U8;
        /// 1 if packets are encrypted.
        IFLA_MACSEC_ENCRYPT = 7, encrypt: U8;
        /// 1 if packets are protected.
        IFLA_MACSEC_PROTECT = 8, protect: U8;
        /// 1 if packets carry the identifier.
        IFLA_MACSEC_INC_SCI = 9, inc_sci: U8;
        /// 1 for an end station.
        IFLA_MACSEC_ES = 10, es: U8;
        /// 1 for single copy broadcast.
        IFLA_MACSEC_SCB = 11, scb: U8;
        /// 1 if replayed packets are dropped.
        IFLA_MACSEC_REPLAY_PROTECT = 12, replay_protect: U8;
        /// 0 disabled, 1 check, 2 strict.
        IFLA_MACSEC_VALIDATION = 13, validation: U8;
        /// 0 off, 1 PHY, 2 MAC.
        IFLA_MACSEC_OFFLOAD = 15, offload: U8;
    }
}
