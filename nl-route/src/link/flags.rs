//! What a link's flags and states are called.

use std::fmt;

bitflags::bitflags! {
    /// `IFF_*`: state and settings of a link. Source: include/uapi/linux/if.h; netdevice(7).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Flags: u32 {
        /// Set up by the administrator.
        const UP = 1 << 0;
        /// It has a broadcast address.
        const BROADCAST = 1 << 1;
        /// Driver debugging.
        const DEBUG = 1 << 2;
        /// The loopback device.
        const LOOPBACK = 1 << 3;
        /// A cable with two ends.
        const POINTOPOINT = 1 << 4;
        /// No trailers.
        const NOTRAILERS = 1 << 5;
        /// Operational.
        const RUNNING = 1 << 6;
        /// No ARP.
        const NOARP = 1 << 7;
        /// All packets are received.
        const PROMISC = 1 << 8;
        /// All multicast packets are received.
        const ALLMULTI = 1 << 9;
        /// Master of a bundle.
        const MASTER = 1 << 10;
        /// Port of a bundle.
        const SLAVE = 1 << 11;
        /// It knows multicast.
        const MULTICAST = 1 << 12;
        /// The media type can be chosen.
        const PORTSEL = 1 << 13;
        /// The media type is chosen automatically.
        const AUTOMEDIA = 1 << 14;
        /// Addresses are lost when it goes down.
        const DYNAMIC = 1 << 15;
        /// The layer below is up: carrier.
        const LOWER_UP = 1 << 16;
        /// Waiting for an event.
        const DORMANT = 1 << 17;
        /// Sent packets are echoed.
        const ECHO = 1 << 18;
        const _ = !0;
    }
}

/// RFC 2863 operational state. Source: `IF_OPER_*` in include/uapi/linux/if.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OperState(pub u8);

impl OperState {
    /// The driver does not tell.
    pub const UNKNOWN: Self = Self(0);
    /// The hardware is gone.
    pub const NOT_PRESENT: Self = Self(1);
    /// Down.
    pub const DOWN: Self = Self(2);
    /// The layer below is down.
    pub const LOWER_LAYER_DOWN: Self = Self(3);
    /// Being tested.
    pub const TESTING: Self = Self(4);
    /// Waiting for an event, such as authentication.
    pub const DORMANT: Self = Self(5);
    /// Up.
    pub const UP: Self = Self(6);

    /// The name that ip(8) prints: "LOWERLAYERDOWN"; `None` for a number that has none.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        const NAMES: [&str; 7] = [
            "UNKNOWN",
            "NOTPRESENT",
            "DOWN",
            "LOWERLAYERDOWN",
            "TESTING",
            "DORMANT",
            "UP",
        ];
        NAMES.get(usize::from(self.0)).copied()
    }
}

impl fmt::Display for OperState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#x}", self.0),
        }
    }
}
