//! What views are made of: the header in front, an index of the attributes, lists, owned copies.

use std::fmt;
use std::marker::PhantomData;

use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use crate::attr::{ATTR_HEADER_LEN, Attr, Attrs};
use crate::error::{DecodeError, What};
use crate::header::align;
use crate::kind::Kind;
use crate::table::Table;

/// A borrowed, checked reading of a message's payload or of a nest; made by [`attrs!`](crate::attrs).
pub trait View: Sized {
    /// This view with another lifetime.
    type At<'a>: fmt::Debug;
    /// The table that describes it.
    const TABLE: &'static Table;

    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// A header or an attribute that is cut off, or a known attribute of a wrong size.
    fn parse(payload: &[u8]) -> Result<Self::At<'_>, DecodeError>;

    /// [`parse`](Self::parse) for a nest that the view around it has checked, with all that is inside.
    #[doc(hidden)]
    fn parse_checked(payload: &[u8]) -> Option<Self::At<'_>>;
}

/// Splits the fixed header off a payload.
#[doc(hidden)]
#[inline]
pub fn split_header<H>(payload: &[u8]) -> Result<(&H, &[u8]), DecodeError>
where
    H: FromBytes + KnownLayout + Immutable + Unaligned,
{
    let Ok((header, _)) = H::ref_from_prefix(payload) else {
        return Err(DecodeError::new(0, What::TruncatedHeader));
    };
    Ok((header, payload.get(align(size_of::<H>())..).unwrap_or(&[])))
}

/// Where each known attribute stands, found in one checked pass; of repeated ones the last, as in
/// the kernel's `nla_parse`.
#[derive(Clone, Copy)]
pub struct AttrIndex<'a, const N: usize> {
    bytes: &'a [u8],
    /// Offset of each number's attribute in units of 4 bytes, plus 1; 0 if absent.
    at: [u16; N],
}

impl<'a, const N: usize> AttrIndex<'a, N> {
    /// An index of nothing yet; [`fill`](Self::fill) comes next.
    #[doc(hidden)]
    #[must_use]
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: [0; N] }
    }

    /// Checks the bytes against `table` and indexes the attributes below `N`.
    ///
    /// In place: an index of 2-byte stores that is moved by 16-byte loads right away waits for the stores to be
    /// through, which costs as much as all of the reading.
    ///
    /// # Errors
    ///
    /// As [`Table::check`]; also more bytes than any netlink message has (256 KiB).
    #[doc(hidden)]
    #[inline]
    pub fn fill(&mut self, table: &'static Table) -> Result<(), DecodeError> {
        let Self { bytes, at } = self;
        if bytes.len() >= 4 * usize::from(u16::MAX) {
            return Err(DecodeError::new(0, What::TooLong).within(table.name));
        }
        table.walk(bytes, 0, |number, offset| put(at, number, offset))
    }

    /// [`fill`](Self::fill) for bytes that were checked: what is nested is not looked at once more.
    #[doc(hidden)]
    #[inline]
    pub fn fill_checked(&mut self) {
        let Self { bytes, at } = self;
        let mut offset = 0;
        while let Some(rest) = bytes.get(offset..)
            && let Ok(attr) = Attr::first(rest)
        {
            put(at, attr.number(), offset);
            offset += align(ATTR_HEADER_LEN + attr.payload.len());
        }
    }

    /// The payload of a known attribute.
    #[must_use]
    #[inline]
    pub fn payload(&self, number: u16) -> Option<&'a [u8]> {
        let slot = *self.at.get(usize::from(number))?;
        let offset = usize::from(slot).checked_sub(1)? * 4;
        let attr = Attr::first(self.bytes.get(offset..)?).ok()?;
        Some(attr.payload)
    }

    /// The value of a known attribute; `K` is the kind that its row names.
    #[must_use]
    #[inline]
    pub fn get<K: Kind>(&self, number: u16) -> Option<K::Value<'a>> {
        if K::MIN != K::MAX {
            return K::read(self.payload(number)?);
        }
        // The table's check has seen that its size is right, so its header need not be read again.
        let slot = *self.at.get(usize::from(number))?;
        let start = usize::from(slot.checked_sub(1)?) * 4 + ATTR_HEADER_LEN;
        K::read(self.bytes.get(start..start + K::MIN)?)
    }

    /// The payload of any attribute.
    #[must_use]
    pub fn find(&self, number: u16) -> Option<&'a [u8]> {
        if usize::from(number) < N {
            return self.payload(number);
        }
        self.iter()
            .flatten()
            .filter(|attr| attr.number() == number)
            .last()
            .map(|attr| attr.payload)
    }

    /// All attributes in wire order.
    #[must_use]
    pub fn iter(&self) -> Attrs<'a> {
        Attrs::new(self.bytes)
    }

    /// The bytes of the attributes.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// Notes where an attribute is. `offset` is below 256 KiB: that is checked of a message, and so of all in it.
#[inline]
fn put<const N: usize>(at: &mut [u16; N], number: u16, offset: usize) {
    if let Some(slot) = at.get_mut(usize::from(number)) {
        #[allow(clippy::cast_possible_truncation, reason = "see above")]
        let position = (offset / 4 + 1) as u16;
        *slot = position;
    }
}

impl<const N: usize> fmt::Debug for AttrIndex<'_, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Iterates over the views in a list: attributes that each hold the attributes of one view.
#[derive(Clone, Copy)]
pub struct List<'a, V> {
    attrs: Attrs<'a>,
    view: PhantomData<fn() -> V>,
}

impl<'a, V: View> List<'a, V> {
    /// The list in `bytes`, which the enclosing view has checked.
    #[doc(hidden)]
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            attrs: Attrs::new(bytes),
            view: PhantomData,
        }
    }
}

impl<'a, V: View> Iterator for List<'a, V> {
    type Item = V::At<'a>;

    fn next(&mut self) -> Option<V::At<'a>> {
        // Both steps were checked when the enclosing view was parsed.
        V::parse_checked(self.attrs.next()?.ok()?.payload)
    }
}

impl<V> fmt::Debug for List<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.attrs).finish()
    }
}

/// A view's bytes, owned: for keeping and comparing. Nothing is lost, so what was read can be
/// written back byte for byte.
///
/// ```
/// nl_core::attrs! {
///     /// An example.
///     pub table EXAMPLE_ATTRS: (), view ExampleView, writer ExampleWriter;
///     values {
///         /// A number.
///         EXAMPLE_NUMBER = 1, number: nl_core::kind::U32;
///     }
/// }
/// let mut out = nl_core::Writer::new();
/// ExampleWriter::new(&mut out, &()).number(7).raw(9, b"unknown");
/// let kept = nl_core::Owned::<ExampleView<'static>>::from_payload(out.bytes())?;
/// assert_eq!(kept.view().number(), Some(7));
/// assert_eq!(kept.payload(), out.bytes());
/// # Ok::<(), nl_core::DecodeError>(())
/// ```
pub struct Owned<V> {
    payload: Box<[u8]>,
    view: PhantomData<fn() -> V>,
}

impl<V: View> Owned<V> {
    /// Copies a payload after checking it.
    ///
    /// # Errors
    ///
    /// As [`View::parse`].
    pub fn from_payload(payload: &[u8]) -> Result<Self, DecodeError> {
        V::parse(payload)?;
        Ok(Self {
            payload: payload.into(),
            view: PhantomData,
        })
    }

    /// Reads it.
    #[must_use]
    #[allow(
        clippy::missing_panics_doc,
        reason = "cannot happen: checked at construction"
    )]
    pub fn view(&self) -> V::At<'_> {
        V::parse(&self.payload).expect("the payload was checked by from_payload and never changes")
    }

    /// The bytes: fixed header and attributes.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }
}

impl<V> Clone for Owned<V> {
    fn clone(&self) -> Self {
        Self {
            payload: self.payload.clone(),
            view: PhantomData,
        }
    }
}

impl<V> PartialEq for Owned<V> {
    fn eq(&self, other: &Self) -> bool {
        self.payload == other.payload
    }
}

impl<V> Eq for Owned<V> {}

impl<V> std::hash::Hash for Owned<V> {
    fn hash<S: std::hash::Hasher>(&self, state: &mut S) {
        self.payload.hash(state);
    }
}

impl<V: View> fmt::Debug for Owned<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.view(), f)
    }
}
