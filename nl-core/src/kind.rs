//! [`Kind`]: how one type of attribute payload is read, written and printed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::attr::{ATTR_HEADER_LEN, NLA_F_NESTED};
use crate::error::EncodeError;
use crate::header::align;
use crate::table::Format;
use crate::writer::Writer;

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
    /// Whether the payload is attributes, and the attribute goes out marked `NLA_F_NESTED`.
    const NESTED: bool = false;

    /// Reads a payload; `None` if it is not of this kind.
    fn read(payload: &[u8]) -> Option<Self::Value<'_>>;
    /// Appends the payload of `value`.
    fn write(value: Self::Value<'_>, out: &mut Vec<u8>);

    /// Appends a whole attribute: header, payload, padding.
    ///
    /// Kinds whose size is known beforehand write it in one piece, which is what makes writing fast.
    #[inline]
    fn write_attr(number: u16, value: Self::Value<'_>, out: &mut Writer) {
        let flag = if Self::NESTED { NLA_F_NESTED } else { 0 };
        out.attr_with(number | flag, |out| Self::write(value, out.bytes_mut()));
    }
}

/// Appends an attribute as one array, so that room is made once and nothing is copied twice.
///
/// `WHOLE` is the padded length of header and payload.
#[inline]
pub(crate) fn write_array<const LEN: usize, const WHOLE: usize>(
    number: u16,
    payload: [u8; LEN],
    out: &mut Writer,
) {
    const { assert!(WHOLE == ATTR_HEADER_LEN + align(LEN) && WHOLE <= 64) };
    let mut whole = [0; WHOLE];
    #[allow(clippy::cast_possible_truncation, reason = "at most 64")]
    let len = (ATTR_HEADER_LEN + LEN) as u16;
    let fields = [
        (0, &len.to_ne_bytes()[..]),
        (2, &number.to_ne_bytes()),
        (4, &payload),
    ];
    for (at, field) in fields {
        if let Some(place) = whole.get_mut(at..at + field.len()) {
            place.copy_from_slice(field);
        }
    }
    out.bytes_mut().extend_from_slice(&whole);
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
            #[inline]
            fn write_attr(number: u16, value: $int, out: &mut Writer) {
                const LEN: usize = size_of::<$int>();
                write_array::<LEN, { ATTR_HEADER_LEN + align(LEN) }>(number, value.$to(), out);
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

/// A NUL-terminated string; read up to its first NUL, written with one. One with a NUL inside is refused when
/// written: the kernel would take the part before it, another name.
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
    fn write_attr(number: u16, value: &str, out: &mut Writer) {
        if value.as_bytes().contains(&0) {
            out.fail(EncodeError::NulInside { number });
        }
        out.attr_with(number, |out| Self::write(value, out.bytes_mut()));
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
    #[inline]
    fn write_attr(number: u16, value: IpAddr, out: &mut Writer) {
        out.addr(number, &value);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// `write_attr` of a kind against header, `write` and padding, one after the other.
    fn same<K: Kind>(value: impl Fn() -> K::Value<'static>) {
        let (mut whole, mut parts) = (Writer::new(), Writer::new());
        whole.attr::<K>(0x1234, value());
        parts.attr_with(0x1234, |out| K::write(value(), out.bytes_mut()));
        assert_eq!(whole.bytes(), parts.bytes());
    }

    #[test]
    fn an_attribute_in_one_piece_has_the_same_bytes() {
        same::<U8>(|| 0xa1);
        same::<U16>(|| 0xa1a2);
        same::<U32>(|| 0xa1a2_a3a4);
        same::<U64>(|| 0xa1a2_a3a4_a5a6_a7a8);
        same::<I8>(|| -2);
        same::<I32>(|| -3);
        same::<I64>(|| -4);
        same::<Be16>(|| 0xa1a2);
        same::<Be32>(|| 0xa1a2_a3a4);
        same::<Be64>(|| 0xa1a2_a3a4_a5a6_a7a8);
        same::<Ip>(|| Ipv4Addr::new(192, 0, 2, 1).into());
        same::<Ip>(|| "2001:db8::1".parse().unwrap());
        same::<Str>(|| "veth0");
    }
}
