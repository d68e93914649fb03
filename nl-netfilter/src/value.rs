//! Kinds of attribute payloads that nftables adds to those of nl-core, and how each is owned.

use std::fmt;

use nl_core::kind::{Be16, Be32, Be64, Bytes, Str, U8};
use nl_core::{Kind, Writer};

/// A kind whose values can be kept: what a field of an owned struct holds.
pub trait OwnedKind: Kind {
    /// The owned form.
    type Owned: Clone + fmt::Debug + PartialEq + Eq;

    /// Copies what was read; `None` if the owned form cannot hold it.
    fn own(value: Self::Value<'_>) -> Option<Self::Owned>;
    /// Appends an attribute with what is kept.
    fn put(owned: &Self::Owned, number: u16, out: &mut Writer);
}

macro_rules! copied {
    ($($kind:ident: $int:ty),*) => {$(
        impl OwnedKind for $kind {
            type Owned = $int;

            fn own(value: $int) -> Option<$int> {
                Some(value)
            }
            fn put(owned: &$int, number: u16, out: &mut Writer) {
                out.attr::<Self>(number, *owned);
            }
        }
    )*};
}

copied!(U8: u8, Be16: u16, Be32: u32, Be64: u64, BeI32: i32);

impl OwnedKind for Str {
    type Owned = String;

    fn own(value: &str) -> Option<String> {
        Some(value.to_owned())
    }
    fn put(owned: &String, number: u16, out: &mut Writer) {
        out.attr::<Self>(number, owned);
    }
}

impl OwnedKind for Bytes {
    type Owned = Vec<u8>;

    fn own(value: &[u8]) -> Option<Vec<u8>> {
        Some(value.to_vec())
    }
    fn put(owned: &Vec<u8>, number: u16, out: &mut Writer) {
        out.attr::<Self>(number, owned);
    }
}

/// 32 signed bits in network order: a chain's priority, a verdict's code.
#[derive(Clone, Copy, Debug)]
pub enum BeI32 {}

impl Kind for BeI32 {
    type Value<'a> = i32;
    const FORMAT: nl_core::Format = nl_core::Format::Be32;
    const MIN: usize = 4;
    const MAX: usize = 4;

    fn read(payload: &[u8]) -> Option<i32> {
        payload.try_into().ok().map(i32::from_be_bytes)
    }
    fn write(value: i32, out: &mut Vec<u8>) {
        out.extend_from_slice(&value.to_be_bytes());
    }
}

/// Declares a newtype over one of the kernel's enums. It is never closed: tomorrow's kernel sends
/// numbers that we do not know. It is also the [`Kind`] of its attribute.
macro_rules! numbers {
    (
        $(#[$doc:meta])*
        pub struct $Name:ident: $kind:ident($int:ty) {
            $($(#[$cdoc:meta])* $CONST:ident = $value:expr;)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $Name(pub $int);

        impl $Name {
            $($(#[$cdoc])* pub const $CONST: Self = Self($value);)*
        }

        impl std::fmt::Debug for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match *self {
                    $(Self::$CONST => stringify!($CONST),)*
                    #[allow(unreachable_patterns, reason = "an enum may use all its numbers")]
                    Self(number) => return write!(f, "{}({number})", stringify!($Name)),
                })
            }
        }

        impl nl_core::Kind for $Name {
            type Value<'a> = Self;
            const FORMAT: nl_core::Format = nl_core::Format::$kind;
            const MIN: usize = size_of::<$int>();
            const MAX: usize = size_of::<$int>();

            fn read(payload: &[u8]) -> Option<Self> {
                <nl_core::kind::$kind as nl_core::Kind>::read(payload).map(Self)
            }
            fn write(value: Self, out: &mut Vec<u8>) {
                <nl_core::kind::$kind as nl_core::Kind>::write(value.0, out);
            }
        }

        impl $crate::value::OwnedKind for $Name {
            type Owned = Self;

            fn own(value: Self) -> Option<Self> {
                Some(value)
            }
            fn put(owned: &Self, number: u16, out: &mut nl_core::Writer) {
                out.attr::<Self>(number, *owned);
            }
        }
    };
}

/// Declares a set of flags; bits without a name are kept. It is also the [`Kind`] of its attribute.
macro_rules! flags {
    (
        $(#[doc = $doc:literal])*
        pub struct $Name:ident {
            $($(#[doc = $cdoc:literal])* $CONST:ident = $value:expr;)*
        }
    ) => {
        bitflags::bitflags! {
            $(#[doc = $doc])*
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
            pub struct $Name: u32 {
                $($(#[doc = $cdoc])* const $CONST = $value;)*
                const _ = !0;
            }
        }

        impl nl_core::Kind for $Name {
            type Value<'a> = Self;
            const FORMAT: nl_core::Format = nl_core::Format::Be32;
            const MIN: usize = 4;
            const MAX: usize = 4;

            fn read(payload: &[u8]) -> Option<Self> {
                <nl_core::kind::Be32 as nl_core::Kind>::read(payload).map(Self::from_bits_retain)
            }
            fn write(value: Self, out: &mut Vec<u8>) {
                <nl_core::kind::Be32 as nl_core::Kind>::write(value.bits(), out);
            }
        }

        impl $crate::value::OwnedKind for $Name {
            type Owned = Self;

            fn own(value: Self) -> Option<Self> {
                Some(value)
            }
            fn put(owned: &Self, number: u16, out: &mut nl_core::Writer) {
                out.attr::<Self>(number, *owned);
            }
        }
    };
}

pub(crate) use {flags, numbers};
