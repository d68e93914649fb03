//! Layouts of iptables' matches and targets, as the expressions [`XtMatch`] and [`XtTarget`] carry
//! them: what `iptables-nft` writes, so that both can share a table.
//!
//! ```
//! use nl_netfilter::xt::{Conntrack, ConntrackFlags, Info, MasqueradeV4, NatRangeV4};
//!
//! // -m conntrack --ctstate ESTABLISHED,RELATED
//! let mut info = Conntrack::default();
//! info.match_flags = (ConntrackFlags::STATE.bits()).into();
//! info.state_mask = 6.into();
//! let expr = info.to_match();
//! assert_eq!((expr.rev, expr.info.len()), (3, 168));
//! assert_eq!(Conntrack::from_match(&expr), Some(info));
//!
//! // -j MASQUERADE
//! assert_eq!(MasqueradeV4(NatRangeV4::default()).to_target().info.len(), 24);
//! ```
#![allow(
    unnameable_types,
    reason = "what zerocopy's derives expand to inside a macro"
)]

/// Declares layouts: structs of alignment 1 with the kernel's size.
macro_rules! layouts {
    ($(
        $(#[$doc:meta])*
        $name:literal, $rev:literal, $size:literal: pub struct $Name:ident $body:tt
    )*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, zerocopy::FromBytes, zerocopy::IntoBytes,
            zerocopy::KnownLayout, zerocopy::Immutable, zerocopy::Unaligned,
        )]
        #[repr(C)]
        pub struct $Name $body

        const _: () = assert!(size_of::<$Name>() == $size);

        impl Default for $Name {
            fn default() -> Self {
                zerocopy::FromZeros::new_zeroed()
            }
        }

        impl $crate::xt::Info for $Name {
            const NAME: &'static str = $name;
            const REVISION: u32 = $rev;
        }
    )*};
}

mod matches;
mod nat;
mod targets;

pub use matches::{
    AddrType, AddrTypeFlags, Comment, ConnmarkMatch, Conntrack, ConntrackFlags, Icmp, Icmp6,
    IpRange, Length, Mac, Multiport, MultiportKind, Owner, PktType, State, Statistic, Tcp, Udp,
};
pub use nat::{
    Dnat, MasqueradeV4, MasqueradeV6, NatRange, NatRange2, NatRangeV4, RedirectV4, RedirectV6,
    SnatV4, SnatV6,
};
pub use targets::{ConnmarkTarget, CtTarget, Log, Mark, NfQueue, RejectV4, RejectV6, TcpMss};

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::expr::{XtMatch, XtTarget};

/// A layout with its name and revision.
pub trait Info: FromBytes + IntoBytes + KnownLayout + Immutable + Unaligned + Clone {
    /// Name of the extension.
    const NAME: &'static str;
    /// Revision of the layout.
    const REVISION: u32;

    /// The bytes as the kernel wants them: padded with zeroes to a multiple of 8 (`XT_ALIGN`).
    fn to_info(&self) -> Vec<u8> {
        let mut info = self.as_bytes().to_vec();
        info.resize(info.len().next_multiple_of(8), 0);
        info
    }

    /// Reads bytes; `None` if they are too few.
    fn from_info(info: &[u8]) -> Option<Self> {
        Self::read_from_prefix(info).ok().map(|(info, _)| info)
    }

    /// The expression of this match.
    fn to_match(&self) -> XtMatch {
        XtMatch {
            name: Self::NAME.to_owned(),
            rev: Self::REVISION,
            info: self.to_info(),
        }
    }

    /// The expression of this target.
    fn to_target(&self) -> XtTarget {
        XtTarget {
            name: Self::NAME.to_owned(),
            rev: Self::REVISION,
            info: self.to_info(),
        }
    }

    /// Reads a match; `None` if it is another one.
    fn from_match(expr: &XtMatch) -> Option<Self> {
        (expr.name == Self::NAME && expr.rev == Self::REVISION)
            .then(|| Self::from_info(&expr.info))?
    }

    /// Reads a target; `None` if it is another one. Some names have one layout for IPv4 and one
    /// for IPv6: the table's family tells which to use.
    fn from_target(expr: &XtTarget) -> Option<Self> {
        (expr.name == Self::NAME && expr.rev == Self::REVISION)
            .then(|| Self::from_info(&expr.info))?
    }
}
