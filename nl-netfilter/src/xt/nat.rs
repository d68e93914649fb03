//! iptables' NAT targets. Source: include/uapi/linux/netfilter/nf_nat.h.

use zerocopy::native_endian::U32;
use zerocopy::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Declares an address range.
macro_rules! ranges {
    ($($(#[$doc:meta])* $size:literal: pub struct $Name:ident $body:tt)*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
            Unaligned,
        )]
        #[repr(C)]
        pub struct $Name $body

        const _: () = assert!(size_of::<$Name>() == $size);
    )*};
}

ranges! {
    /// `struct nf_nat_ipv4_multi_range_compat`: one range of IPv4 addresses and ports.
    20: pub struct NatRangeV4 {
        /// Number of ranges, 1.
        pub count: U32,
        /// [`NatFlags`](crate::expr::NatFlags).
        pub flags: U32,
        /// Lowest address.
        pub min_addr: [u8; 4],
        /// Highest address.
        pub max_addr: [u8; 4],
        /// Lowest port.
        pub min_port: U16,
        /// Highest port.
        pub max_port: U16,
    }

    /// `struct nf_nat_range`: a range of addresses of 16 bytes, IPv4 in the first 4, and ports.
    40: pub struct NatRange {
        /// [`NatFlags`](crate::expr::NatFlags).
        pub flags: U32,
        /// Lowest address.
        pub min_addr: [u8; 16],
        /// Highest address.
        pub max_addr: [u8; 16],
        /// Lowest port.
        pub min_port: U16,
        /// Highest port.
        pub max_port: U16,
    }

    /// `struct nf_nat_range2`: the same with a base for shifted port ranges.
    44: pub struct NatRange2 {
        /// [`NatFlags`](crate::expr::NatFlags).
        pub flags: U32,
        /// Lowest address.
        pub min_addr: [u8; 16],
        /// Highest address.
        pub max_addr: [u8; 16],
        /// Lowest port.
        pub min_port: U16,
        /// Highest port.
        pub max_port: U16,
        /// Port that becomes the lowest.
        pub base_port: U16,
        /// Nothing.
        pub pad: [u8; 2],
    }
}

impl Default for NatRangeV4 {
    fn default() -> Self {
        Self {
            count: 1.into(),
            flags: 0.into(),
            min_addr: [0; 4],
            max_addr: [0; 4],
            min_port: 0.into(),
            max_port: 0.into(),
        }
    }
}

/// Declares targets that are a range.
macro_rules! targets {
    ($($(#[$doc:meta])* $name:literal, $rev:literal: $Name:ident($Range:ident);)*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
            Unaligned,
        )]
        #[repr(C)]
        pub struct $Name(
            /// Addresses and ports.
            pub $Range,
        );

        impl crate::xt::Info for $Name {
            const NAME: &'static str = $name;
            const REVISION: u32 = $rev;
        }
    )*};
}

targets! {
    /// `-j MASQUERADE` of iptables.
    "MASQUERADE", 0: MasqueradeV4(NatRangeV4);
    /// `-j MASQUERADE` of ip6tables.
    "MASQUERADE", 0: MasqueradeV6(NatRange);
    /// `-j SNAT` of iptables.
    "SNAT", 0: SnatV4(NatRangeV4);
    /// `-j SNAT` of ip6tables.
    "SNAT", 1: SnatV6(NatRange);
    /// `-j DNAT` of both.
    "DNAT", 2: Dnat(NatRange2);
    /// `-j REDIRECT` of iptables.
    "REDIRECT", 0: RedirectV4(NatRangeV4);
    /// `-j REDIRECT` of ip6tables.
    "REDIRECT", 0: RedirectV6(NatRange);
}
