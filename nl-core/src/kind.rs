//! [`Kind`]: how one type of attribute payload is read, written and printed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::table::Format;

/// One type of attribute payload.
///
/// A row of an [`attrs!`](crate::attrs) table names its kind; accessor, writer, size check and
/// printing follow from it.
pub trait Kind {
    /// What a reader gets and a writer gives.
    type Value<'a>;
    /// How the payload is printed.
    const FORMAT: Format;
    /// Shortest valid payload in bytes.
    const MIN: usize;
    /// Longest valid payload in bytes. Structs may be longer than ours: the kernel lets them grow.
    const MAX: usize;

    /// Reads a payload; `None` if it is not of this kind.
    fn read(payload: &[u8]) -> Option<Self::Value<'_>>;
    /// Appends the payload of `value`.
    fn write(value: Self::Value<'_>, out: &mut Vec<u8>);
}

macro_rules! integers {
    ($($(#[$doc:meta])* $kind:ident, $int:ty, $from:ident, $to:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $kind {}

        impl Kind for $kind {
            type Value<'a> = $int;
            const FORMAT: Format = Format::$kind;
            const MIN: usize = size_of::<$int>();
            const MAX: usize = size_of::<$int>();

            #[inline]
            fn read(payload: &[u8]) -> Option<$int> {
                payload.try_into().ok().map(<$int>::$from)
            }
            #[inline]
            fn write(value: $int, out: &mut Vec<u8>) {
                out.extend_from_slice(&value.$to());
            }
        }
    )*};
}

integers! {
    /// One unsigned byte.
    U8, u8, from_ne_bytes, to_ne_bytes;
    /// 16 bits, host order.
    U16, u16, from_ne_bytes, to_ne_bytes;
    /// 32 bits, host order.
    U32, u32, from_ne_bytes, to_ne_bytes;
    /// 64 bits, host order.
    U64, u64, from_ne_bytes, to_ne_bytes;
    /// One signed byte.
    I8, i8, from_ne_bytes, to_ne_bytes;
    /// 32 signed bits, host order.
    I32, i32, from_ne_bytes, to_ne_bytes;
    /// 64 signed bits, host order.
    I64, i64, from_ne_bytes, to_ne_bytes;
    /// 16 bits, network order.
    Be16, u16, from_be_bytes, to_be_bytes;
    /// 32 bits, network order.
    Be32, u32, from_be_bytes, to_be_bytes;
    /// 64 bits, network order.
    Be64, u64, from_be_bytes, to_be_bytes;
}

/// A NUL-terminated string; read up to its first NUL, written with one.
///
/// Bytes that are not UTF-8 read as absent; they stay reachable through the view's `raw`.
#[derive(Clone, Copy, Debug)]
pub enum Str {}

impl Kind for Str {
    type Value<'a> = &'a str;
    const FORMAT: Format = Format::Str;
    const MIN: usize = 0;
    const MAX: usize = usize::MAX;

    fn read(payload: &[u8]) -> Option<&str> {
        let end = payload
            .iter()
            .position(|&byte| byte == 0)
            .unwrap_or(payload.len());
        std::str::from_utf8(payload.get(..end)?).ok()
    }
    fn write(value: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(value.as_bytes());
        out.push(0);
    }
}

/// A string whose length is that of the attribute: written without NUL, because the kernel
/// counts every byte (`IFLA_IFALIAS`, where no byte at all means "remove").
#[derive(Clone, Copy, Debug)]
pub enum Text {}

impl Kind for Text {
    type Value<'a> = &'a str;
    const FORMAT: Format = Format::Str;
    const MIN: usize = 0;
    const MAX: usize = usize::MAX;

    fn read(payload: &[u8]) -> Option<&str> {
        Str::read(payload)
    }
    fn write(value: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(value.as_bytes());
    }
}

/// Any bytes, printed as hex.
#[derive(Clone, Copy, Debug)]
pub enum Bytes {}

impl Kind for Bytes {
    type Value<'a> = &'a [u8];
    const FORMAT: Format = Format::Bytes;
    const MIN: usize = 0;
    const MAX: usize = usize::MAX;

    #[inline]
    fn read(payload: &[u8]) -> Option<&[u8]> {
        Some(payload)
    }
    #[inline]
    fn write(value: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(value);
    }
}

/// A link-layer address of any length (6 bytes for Ethernet, 4 for an IPv4 tunnel), printed
/// with colons.
#[derive(Clone, Copy, Debug)]
pub enum LinkAddr {}

impl Kind for LinkAddr {
    type Value<'a> = &'a [u8];
    const FORMAT: Format = Format::LinkAddr;
    const MIN: usize = 0;
    const MAX: usize = usize::MAX;

    #[inline]
    fn read(payload: &[u8]) -> Option<&[u8]> {
        Some(payload)
    }
    #[inline]
    fn write(value: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(value);
    }
}

/// An attribute that says something by being there; its payload is empty.
#[derive(Clone, Copy, Debug)]
pub enum Flag {}

impl Kind for Flag {
    type Value<'a> = ();
    const FORMAT: Format = Format::Flag;
    const MIN: usize = 0;
    const MAX: usize = usize::MAX;

    fn read(_: &[u8]) -> Option<()> {
        Some(())
    }
    fn write((): (), _: &mut Vec<u8>) {}
}

/// An IPv4 address (4 bytes) or an IPv6 address (16 bytes).
#[derive(Clone, Copy, Debug)]
pub enum Ip {}

impl Kind for Ip {
    type Value<'a> = IpAddr;
    const FORMAT: Format = Format::Ip;
    const MIN: usize = 0;
    const MAX: usize = usize::MAX;

    #[inline]
    fn read(payload: &[u8]) -> Option<IpAddr> {
        if let Ok(v4) = <[u8; 4]>::try_from(payload) {
            return Some(IpAddr::V4(Ipv4Addr::from(v4)));
        }
        <[u8; 16]>::try_from(payload)
            .ok()
            .map(|v6| IpAddr::V6(Ipv6Addr::from(v6)))
    }
    #[inline]
    fn write(value: IpAddr, out: &mut Vec<u8>) {
        match value {
            IpAddr::V4(v4) => out.extend_from_slice(&v4.octets()),
            IpAddr::V6(v6) => out.extend_from_slice(&v6.octets()),
        }
    }
}

/// A C struct of alignment 1, read in place. The kernel may send a longer one.
#[derive(Clone, Copy, Debug)]
pub struct Struct<T>(std::marker::PhantomData<T>);

impl<T> Kind for Struct<T>
where
    T: FromBytes + IntoBytes + KnownLayout + Immutable + Unaligned + std::fmt::Debug + 'static,
{
    type Value<'a> = &'a T;
    const FORMAT: Format = Format::Struct(|payload, f| match T::ref_from_prefix(payload) {
        Ok((value, _)) => std::fmt::Debug::fmt(value, f),
        Err(_) => f.write_str("?"),
    });
    const MIN: usize = size_of::<T>();
    const MAX: usize = usize::MAX;

    #[inline]
    fn read(payload: &[u8]) -> Option<&T> {
        T::ref_from_prefix(payload).ok().map(|(value, _)| value)
    }
    #[inline]
    fn write(value: &T, out: &mut Vec<u8>) {
        out.extend_from_slice(value.as_bytes());
    }
}
