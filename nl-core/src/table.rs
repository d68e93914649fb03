//! [`Table`]: what the attributes of one message family are, declared once with [`attrs!`](crate::attrs).

use std::borrow::Cow;
use std::fmt::{self, Formatter};
use std::net::{Ipv4Addr, Ipv6Addr};

use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use crate::attr::{ATTR_HEADER_LEN, Attr, Attrs};
use crate::error::{DecodeError, What};
use crate::header::align;
use crate::kind::{self, Kind};

/// How deep attributes may nest. The deepest the kernel sends is 8 (an expression inside a set
/// statement inside a rule); what is deeper is damage.
pub(crate) const MAX_DEPTH: u8 = 16;

/// How a payload is printed, and what is inside.
#[derive(Clone, Copy)]
#[allow(
    missing_docs,
    reason = "the integer formats are named after their kinds"
)]
pub enum Format {
    U8,
    U16,
    U32,
    U64,
    I8,
    I32,
    I64,
    Be16,
    Be32,
    Be64,
    /// Text up to the first NUL.
    Str,
    /// Hex.
    Bytes,
    /// Hex with colons.
    LinkAddr,
    /// Nothing: being there is the message.
    Flag,
    /// IPv4 or IPv6 by length.
    Ip,
    /// A C struct, printed by its `Debug`.
    Struct(fn(&[u8], &mut Formatter<'_>) -> fmt::Result),
    /// Attributes of the named table.
    Nest(&'static Table),
    /// Attributes that each hold attributes of the named table; their own numbers do not matter.
    List(&'static Table),
    /// Attributes of a table that a sibling's payload chooses.
    Chosen {
        /// The sibling's number.
        by: u16,
        /// The table for the sibling's payload; `None` if unknown.
        table: fn(&[u8]) -> Option<&'static Table>,
    },
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nest(table) => write!(f, "Nest({})", table.name),
            Self::List(table) => write!(f, "List({})", table.name),
            Self::Chosen { by, .. } => write!(f, "Chosen(by {by})"),
            Self::Struct(_) => f.write_str("Struct"),
            Self::U8 => f.write_str("U8"),
            Self::U16 => f.write_str("U16"),
            Self::U32 => f.write_str("U32"),
            Self::U64 => f.write_str("U64"),
            Self::I8 => f.write_str("I8"),
            Self::I32 => f.write_str("I32"),
            Self::I64 => f.write_str("I64"),
            Self::Be16 => f.write_str("Be16"),
            Self::Be32 => f.write_str("Be32"),
            Self::Be64 => f.write_str("Be64"),
            Self::Str => f.write_str("Str"),
            Self::Bytes => f.write_str("Bytes"),
            Self::LinkAddr => f.write_str("LinkAddr"),
            Self::Flag => f.write_str("Flag"),
            Self::Ip => f.write_str("Ip"),
        }
    }
}

/// One attribute of a family.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The attribute's number.
    pub number: u16,
    /// The kernel's name for it.
    pub name: &'static str,
    /// How its payload looks.
    pub format: Format,
    min: usize,
    max: usize,
}

impl Row {
    /// A row for a payload of kind `K`.
    #[must_use]
    pub const fn value<K: Kind>(number: u16, name: &'static str) -> Self {
        Self {
            number,
            name,
            format: K::FORMAT,
            min: K::MIN,
            max: K::MAX,
        }
    }

    /// A row for a payload that holds attributes.
    #[must_use]
    pub const fn nest(number: u16, name: &'static str, format: Format) -> Self {
        Self {
            number,
            name,
            format,
            min: 0,
            max: usize::MAX,
        }
    }
}

/// The attributes of one message family or nest, and the fixed header before them.
///
/// Made by [`attrs!`](crate::attrs).
pub struct Table {
    /// The table's own name, for people.
    pub name: &'static str,
    /// All attributes that we know, in the order of their declaration.
    pub rows: &'static [Row],
    /// Length of the fixed header, padding included; 0 for a nest.
    pub header_len: usize,
    pub(crate) fmt_header: fn(&[u8], &mut Formatter<'_>) -> fmt::Result,
    /// By number; what stands behind the end is unknown.
    slots: &'static [Slot],
}

/// What reading needs to know of an attribute number, in one place that is found with one step.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
#[repr(align(8))]
pub struct Slot {
    /// The shortest length that needs no second look, and how much longer it may be: one comparison.
    min: u16,
    more: u16,
    /// Position + 1 of the row; 0 for none.
    row: u16,
}

impl Slot {
    /// Any length will do.
    const UNKNOWN: Self = Self {
        min: 0,
        more: u16::MAX,
        row: 0,
    };

    /// Whether a payload of `len` bytes must be looked at: it is of a wrong size, or a nest.
    #[inline]
    fn is_unusual(self, len: usize) -> bool {
        len.wrapping_sub(usize::from(self.min)) > usize::from(self.more)
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("name", &self.name)
            .field("rows", &self.rows)
            .finish()
    }
}

/// One more than the largest of `numbers`.
#[doc(hidden)]
#[must_use]
#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler")]
pub const fn span(numbers: &[u16]) -> usize {
    let mut max = 0;
    let mut i = 0;
    while i < numbers.len() {
        if numbers[i] > max {
            max = numbers[i];
        }
        i += 1;
    }
    max as usize + 1
}

/// What reading needs to know of each number.
#[doc(hidden)]
#[must_use]
#[allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated by the compiler, where an overflow is a build error"
)]
pub const fn slots<const N: usize>(rows: &[Row]) -> [Slot; N] {
    const LONGEST: usize = u16::MAX as usize;
    let mut slots = [Slot::UNKNOWN; N];
    let mut i = 0;
    while i < rows.len() {
        let row = &rows[i];
        let slot = &mut slots[row.number as usize];
        assert!(slot.row == 0, "two rows have the same number");
        i += 1;
        assert!(i <= LONGEST, "a table has at most 65535 rows");
        assert!(row.min <= LONGEST, "no attribute is that long");
        let nest = matches!(
            row.format,
            Format::Nest(_) | Format::List(_) | Format::Chosen { .. }
        );
        let max = if row.max < LONGEST { row.max } else { LONGEST };
        // No payload is as long as an attribute's length field can say, so a nest is always looked at.
        let (min, more) = if nest {
            (LONGEST, 0)
        } else {
            (row.min, max - row.min)
        };
        *slot = Slot {
            min: min as u16,
            more: more as u16,
            row: i as u16,
        };
    }
    slots
}

impl Table {
    /// A table; called by [`attrs!`](crate::attrs).
    #[doc(hidden)]
    #[must_use]
    pub const fn new<H>(name: &'static str, rows: &'static [Row], slots: &'static [Slot]) -> Self
    where
        H: FromBytes + KnownLayout + Immutable + Unaligned + fmt::Debug,
    {
        Self {
            name,
            rows,
            header_len: align(size_of::<H>()),
            fmt_header: |bytes, f| match H::ref_from_prefix(bytes) {
                Ok((header, _)) => fmt::Debug::fmt(header, f),
                Err(_) => f.write_str("?"),
            },
            slots,
        }
    }

    /// The row of an attribute's number.
    #[must_use]
    #[inline]
    pub fn row(&self, number: u16) -> Option<&'static Row> {
        let slot = self.slots.get(usize::from(number))?;
        self.rows.get(usize::from(slot.row).checked_sub(1)?)
    }

    /// The kernel's name of an attribute, or its number for one that we do not know.
    #[must_use]
    pub fn attr_name(&self, number: u16) -> Cow<'static, str> {
        match self.row(number) {
            Some(row) => Cow::Borrowed(row.name),
            None => Cow::Owned(format!("attribute {number}")),
        }
    }

    /// Checks the framing of the attributes in `bytes` and the sizes of those that we know,
    /// nests included.
    ///
    /// # Errors
    ///
    /// The first attribute that is cut off or has an impossible size.
    pub fn check(&'static self, bytes: &[u8]) -> Result<(), DecodeError> {
        self.walk(bytes, 0, |_, _| {})
    }

    /// [`check`](Self::check), telling each attribute's number and offset.
    #[inline]
    pub(crate) fn walk(
        &'static self,
        bytes: &[u8],
        depth: u8,
        mut visit: impl FnMut(u16, usize),
    ) -> Result<(), DecodeError> {
        let mut offset = 0;
        while let Some(rest) = bytes.get(offset..)
            && !rest.is_empty()
        {
            let attr = match Attr::first(rest) {
                Ok(attr) => attr,
                Err(what) => return Err(DecodeError::new(offset, what).within(self.name)),
            };
            let number = attr.number();
            if let Some(slot) = self.slots.get(usize::from(number))
                && slot.is_unusual(attr.payload.len())
            {
                self.check_unusual(number, attr.payload, offset, bytes, depth)?;
            }
            visit(number, offset);
            // No attribute is longer than 16 bits can say: nothing wraps.
            offset += (ATTR_HEADER_LEN + attr.payload.len() + 3) & !3;
        }
        Ok(())
    }

    /// The part of [`walk`](Self::walk) for what is not a value of a right size.
    #[cold]
    fn check_unusual(
        &'static self,
        number: u16,
        payload: &[u8],
        offset: usize,
        siblings: &[u8],
        depth: u8,
    ) -> Result<(), DecodeError> {
        let Some(row) = self.row(number) else {
            return Ok(());
        };
        if payload.len() < row.min || payload.len() > row.max {
            return Err(DecodeError::new(offset, What::BadAttrSize).within(row.name));
        }
        check_nest(row, payload, siblings, depth)
            .map_err(|error| error.behind(offset + ATTR_HEADER_LEN))
    }

    /// The names of the attributes that lead to the one at `offset` in `attrs`: the outermost first.
    ///
    /// `offset` counts from the start of `attrs`, as the kernel's extended acknowledgement does
    /// after the message and fixed headers are taken off. Empty if nothing is there.
    #[must_use]
    pub fn path(&'static self, attrs: &[u8], offset: usize) -> Vec<Cow<'static, str>> {
        let mut path = Vec::new();
        self.locate(attrs, offset, &mut path);
        path
    }

    /// Appends the path to `offset`; returns the table of the nest that was reached, if it is one.
    pub(crate) fn locate(
        &'static self,
        attrs: &[u8],
        offset: usize,
        path: &mut Vec<Cow<'static, str>>,
    ) -> Option<&'static Self> {
        let (start, attr) = attr_at(attrs, offset)?;
        path.push(self.attr_name(attr.number()));
        let row = self.row(attr.number())?;
        let inside = offset.checked_sub(start + ATTR_HEADER_LEN);
        match (row.format, inside) {
            (Format::List(table), Some(offset)) => {
                let (start, element) = attr_at(attr.payload, offset)?;
                let position = Attrs::new(attr.payload)
                    .take_while(|a| !matches!(a, Ok(a) if std::ptr::eq(a.payload, element.payload)))
                    .count();
                path.push(Cow::Owned(format!("[{position}]")));
                match offset.checked_sub(start + ATTR_HEADER_LEN) {
                    Some(offset) => table.locate(element.payload, offset, path),
                    None => Some(table),
                }
            }
            (format, inside) => {
                let table = format.table(attrs)?;
                match inside.and_then(|offset| offset.checked_sub(table.header_len)) {
                    Some(offset) => {
                        table.locate(attr.payload.get(table.header_len..)?, offset, path)
                    }
                    None => Some(table),
                }
            }
        }
    }

    /// Prints the attributes in `bytes`, names and values, unknown ones as hex.
    #[must_use]
    pub fn debug<'a>(&'static self, bytes: &'a [u8]) -> AttrsDebug<'a> {
        AttrsDebug {
            table: self,
            bytes,
            depth: 0,
        }
    }

    /// Prints a whole payload: the fixed header, then the attributes.
    #[must_use]
    pub fn debug_payload<'a>(&'static self, payload: &'a [u8]) -> PayloadDebug<'a> {
        PayloadDebug {
            table: self,
            payload,
        }
    }
}

impl Format {
    /// The table of the attributes inside; `siblings` are the attributes beside this one.
    pub(crate) fn table(self, siblings: &[u8]) -> Option<&'static Table> {
        match self {
            Self::Nest(table) | Self::List(table) => Some(table),
            Self::Chosen { by, table } => {
                let sibling = Attrs::new(siblings)
                    .flatten()
                    .filter(|a| a.number() == by)
                    .last()?;
                table(sibling.payload)
            }
            _ => None,
        }
    }
}

/// The attribute that covers `offset`, and where it starts.
fn attr_at(attrs: &[u8], offset: usize) -> Option<(usize, Attr<'_>)> {
    let mut walk = Attrs::new(attrs);
    loop {
        let start = walk.offset();
        let attr = walk.next()?.ok()?;
        if offset < start {
            return None;
        }
        if offset < walk.offset() {
            return Some((start, attr));
        }
    }
}

fn check_nest(row: &Row, payload: &[u8], siblings: &[u8], depth: u8) -> Result<(), DecodeError> {
    if depth >= MAX_DEPTH {
        return Err(DecodeError::new(0, What::TooDeep).within(row.name));
    }
    let Some(table) = row.format.table(siblings) else {
        return Ok(());
    };
    if let Format::List(_) = row.format {
        let mut elements = Attrs::new(payload);
        loop {
            let start = elements.offset();
            match elements.next() {
                None => return Ok(()),
                Some(Err(error)) => return Err(error.within(row.name)),
                Some(Ok(element)) => table
                    .walk(element.payload, depth + 1, |_, _| {})
                    .map_err(|error| error.behind(start + ATTR_HEADER_LEN))?,
            }
        }
    }
    // A whole message may be nested, fixed header and all: a veth's peer.
    let Some(attrs) = payload.get(table.header_len..) else {
        return Err(DecodeError::new(0, What::TruncatedHeader).within(row.name));
    };
    table
        .walk(attrs, depth + 1, |_, _| {})
        .map_err(|error| error.behind(table.header_len))
}

/// Prints attributes; see [`Table::debug`].
#[derive(Clone, Copy)]
pub struct AttrsDebug<'a> {
    table: &'static Table,
    bytes: &'a [u8],
    depth: u8,
}

impl fmt::Debug for AttrsDebug<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for attr in Attrs::new(self.bytes) {
            match attr {
                Ok(attr) => {
                    let name = self.table.attr_name(attr.number());
                    let value = AttrDebug {
                        parent: *self,
                        attr,
                    };
                    map.entry(&format_args!("{name}"), &value);
                }
                Err(error) => {
                    map.entry(&format_args!("damaged"), &format_args!("{error}"));
                }
            }
        }
        map.finish()
    }
}

/// Prints a fixed header and attributes; see [`Table::debug_payload`].
#[derive(Clone, Copy)]
pub struct PayloadDebug<'a> {
    table: &'static Table,
    payload: &'a [u8],
}

impl fmt::Debug for PayloadDebug<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.table.header_len > 0 {
            (self.table.fmt_header)(self.payload, f)?;
            f.write_str(" ")?;
        }
        let attrs = self.payload.get(self.table.header_len..).unwrap_or(&[]);
        fmt::Debug::fmt(&self.table.debug(attrs), f)
    }
}

struct AttrDebug<'a> {
    parent: AttrsDebug<'a>,
    attr: Attr<'a>,
}

impl fmt::Debug for AttrDebug<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let payload = self.attr.payload;
        let depth = self.parent.depth + 1;
        let format = match self.parent.table.row(self.attr.number()) {
            Some(row) if depth < MAX_DEPTH => row.format,
            _ => Format::Bytes,
        };
        let nested = format.table(self.parent.bytes);
        match (format, nested) {
            (Format::List(table), _) => f
                .debug_list()
                .entries(Attrs::new(payload).flatten().map(|element| AttrsDebug {
                    table,
                    bytes: element.payload,
                    depth: depth + 1,
                }))
                .finish(),
            (_, Some(table)) => {
                if table.header_len > 0 {
                    (table.fmt_header)(payload, f)?;
                    f.write_str(" ")?;
                }
                let bytes = payload.get(table.header_len..).unwrap_or(&[]);
                fmt::Debug::fmt(
                    &AttrsDebug {
                        table,
                        bytes,
                        depth,
                    },
                    f,
                )
            }
            (format, None) => fmt_value(format, payload, f),
        }
    }
}

pub(crate) fn fmt_value(format: Format, payload: &[u8], f: &mut Formatter<'_>) -> fmt::Result {
    macro_rules! integer {
        ($kind:ty) => {
            if let Some(value) = <$kind>::read(payload) {
                return write!(f, "{value}");
            }
        };
    }
    match format {
        Format::U8 => integer!(kind::U8),
        Format::U16 => integer!(kind::U16),
        Format::U32 => integer!(kind::U32),
        Format::U64 => integer!(kind::U64),
        Format::I8 => integer!(kind::I8),
        Format::I32 => integer!(kind::I32),
        Format::I64 => integer!(kind::I64),
        Format::Be16 => integer!(kind::Be16),
        Format::Be32 => integer!(kind::Be32),
        Format::Be64 => integer!(kind::Be64),
        Format::Str => {
            if let Some(text) = kind::Str::read(payload) {
                return write!(f, "{text:?}");
            }
        }
        Format::Flag if payload.is_empty() => return f.write_str("set"),
        Format::Ip => {
            if let Ok(v4) = <[u8; 4]>::try_from(payload) {
                return write!(f, "{}", Ipv4Addr::from(v4));
            }
            if let Ok(v6) = <[u8; 16]>::try_from(payload) {
                return write!(f, "{}", Ipv6Addr::from(v6));
            }
        }
        Format::LinkAddr => return fmt_hex(payload, ":", f),
        Format::Struct(fmt) => return fmt(payload, f),
        _ => {}
    }
    f.write_str("0x")?;
    fmt_hex(payload, "", f)
}

fn fmt_hex(bytes: &[u8], separator: &str, f: &mut Formatter<'_>) -> fmt::Result {
    for (i, byte) in bytes.iter().enumerate() {
        if i > 0 {
            f.write_str(separator)?;
        }
        write!(f, "{byte:02x}")?;
    }
    Ok(())
}

/// Declares the attributes of one message family or nest: one row each.
///
/// From the table come the constants (`IFLA_MTU`), a view that reads (`LinkView::mtu()`), a
/// writer (`LinkWriter::mtu(1400)`), `Debug`, the size check, and the names in kernel errors.
///
/// ```
/// nl_core::attrs! {
///     /// `IFLA_*`: attributes of `RTM_*LINK`.
///     pub table LINK_ATTRS: (), view LinkView, writer LinkWriter;
///     values {
///         /// Device name.
///         IFLA_IFNAME = 3, name: nl_core::kind::Str;
///         /// Maximum transmission unit, in bytes.
///         IFLA_MTU = 4, mtu: nl_core::kind::U32;
///     }
///     nests {
///         /// Driver name and settings.
///         IFLA_LINKINFO = 18, link_info: InfoView, InfoWriter, INFO_ATTRS;
///     }
/// }
/// nl_core::attrs! {
///     /// `IFLA_INFO_*`: driver name and settings.
///     pub table INFO_ATTRS: (), view InfoView, writer InfoWriter;
///     values {
///         /// Driver name.
///         IFLA_INFO_KIND = 1, driver: nl_core::kind::Str;
///     }
/// }
///
/// let mut out = nl_core::Writer::new();
/// LinkWriter::new(&mut out, &()).mtu(1400).link_info(|info| {
///     info.driver("veth");
/// });
/// let view = LinkView::parse(out.bytes())?;
/// assert_eq!(view.mtu(), Some(1400));
/// assert_eq!(view.link_info().and_then(|info| info.driver()), Some("veth"));
/// assert_eq!(format!("{view:?}"), r#"() {IFLA_MTU: 1400, IFLA_LINKINFO: {IFLA_INFO_KIND: "veth"}}"#);
/// # Ok::<(), nl_core::DecodeError>(())
/// ```
///
/// The sections, each optional, in this order:
///
/// | section | row | accessor gives |
/// |---|---|---|
/// | `values` | `NUMBER = n, name: Kind;` | `Option<Value>` |
/// | `nests` | `NUMBER = n, name: View, Writer, TABLE;` | `Option<View>` |
/// | `lists` | the same: attributes that each hold the nest | an iterator of views |
/// | `chosen` | `NUMBER = n, name: by SIBLING, fn(&[u8]) -> Option<&'static Table>;` | the bytes |
#[macro_export]
macro_rules! attrs {
    (
        $(#[$doc:meta])*
        pub table $TABLE:ident: $header:ty, view $View:ident, writer $Writer:ident;
        $(values { $($(#[$vdoc:meta])* $VNUM:ident = $vnum:expr, $vname:ident: $vkind:ty;)* })?
        $(nests { $($(#[$ndoc:meta])* $NNUM:ident = $nnum:expr, $nname:ident: $nview:ident, $nwriter:ident, $ntable:ident;)* })?
        $(lists { $($(#[$ldoc:meta])* $LNUM:ident = $lnum:expr, $lname:ident: $lview:ident, $lwriter:ident, $ltable:ident;)* })?
        $(chosen { $($(#[$cdoc:meta])* $CNUM:ident = $cnum:expr, $cname:ident: by $by:ident, $choose:expr;)* })?
    ) => {
        $($($(#[$vdoc])* pub const $VNUM: u16 = $vnum;)*)?
        $($($(#[$ndoc])* pub const $NNUM: u16 = $nnum;)*)?
        $($($(#[$ldoc])* pub const $LNUM: u16 = $lnum;)*)?
        $($($(#[$cdoc])* pub const $CNUM: u16 = $cnum;)*)?

        $(#[$doc])*
        pub static $TABLE: $crate::Table = {
            const NUMBERS: &[u16] = &[
                $($($VNUM,)*)? $($($NNUM,)*)? $($($LNUM,)*)? $($($CNUM,)*)?
            ];
            // Statics, not constants: a table may hold itself.
            static ROWS: [$crate::Row; NUMBERS.len()] = [
                $($($crate::Row::value::<$vkind>($VNUM, stringify!($VNUM)),)*)?
                $($($crate::Row::nest($NNUM, stringify!($NNUM), $crate::Format::Nest(&$ntable)),)*)?
                $($($crate::Row::nest($LNUM, stringify!($LNUM), $crate::Format::List(&$ltable)),)*)?
                $($($crate::Row::nest($CNUM, stringify!($CNUM), $crate::Format::Chosen { by: $by, table: $choose }),)*)?
            ];
            static SLOTS: [$crate::table::Slot; $crate::table::span(NUMBERS)] = $crate::table::slots(&ROWS);
            $crate::Table::new::<$header>(stringify!($TABLE), &ROWS, &SLOTS)
        };

        $(#[$doc])*
        ///
        /// This view borrows the received bytes; accessors of known attributes never fail, because
        /// [`parse`](Self::parse) has checked them.
        #[derive(Clone, Copy)]
        pub struct $View<'a> {
            header: &'a $header,
            attrs: $crate::AttrIndex<'a, { $crate::table::span(&[
                $($($VNUM,)*)? $($($NNUM,)*)? $($($LNUM,)*)? $($($CNUM,)*)?
            ]) }>,
        }

        #[allow(dead_code, reason = "a table has all its accessors, used or not")]
        impl<'a> $View<'a> {
            /// Reads a payload: the fixed header, if there is one, then the attributes.
            ///
            /// # Errors
            ///
            /// A header or an attribute that is cut off, or a known attribute of a wrong size.
            #[inline]
            pub fn parse(payload: &'a [u8]) -> Result<Self, $crate::DecodeError> {
                let (header, attrs) = $crate::view::split_header::<$header>(payload)?;
                let mut view = Self { header, attrs: $crate::AttrIndex::new(attrs) };
                view.attrs.fill(&$TABLE)?;
                Ok(view)
            }

            /// [`parse`](Self::parse) for a nest that the view around it has checked.
            #[inline]
            fn checked(payload: &'a [u8]) -> Option<Self> {
                let (header, attrs) = $crate::view::split_header::<$header>(payload).ok()?;
                let mut view = Self { header, attrs: $crate::AttrIndex::new(attrs) };
                view.attrs.fill_checked();
                Some(view)
            }

            /// The fixed header.
            #[must_use]
            #[inline]
            pub fn header(&self) -> &'a $header {
                self.header
            }

            /// All attributes in wire order, unknown ones included.
            #[must_use]
            pub fn attrs(&self) -> $crate::Attrs<'a> {
                self.attrs.iter()
            }

            /// The bytes of all attributes, as they were received.
            #[must_use]
            pub fn attr_bytes(&self) -> &'a [u8] {
                self.attrs.bytes()
            }

            /// The payload of an attribute by its number, known or not; the last one if it is repeated.
            #[must_use]
            pub fn raw(&self, number: u16) -> Option<&'a [u8]> {
                self.attrs.find(number)
            }

            $($(
                $(#[$vdoc])*
                #[must_use]
                #[inline]
                pub fn $vname(&self) -> Option<<$vkind as $crate::Kind>::Value<'a>> {
                    self.attrs.get::<$vkind>($VNUM)
                }
            )*)?
            $($(
                $(#[$ndoc])*
                #[must_use]
                pub fn $nname(&self) -> Option<$nview<'a>> {
                    <$nview<'a> as $crate::View>::parse_checked(self.attrs.payload($NNUM)?)
                }
            )*)?
            $($(
                $(#[$ldoc])*
                #[must_use]
                pub fn $lname(&self) -> $crate::List<'a, $lview<'a>> {
                    $crate::List::new(self.attrs.payload($LNUM).unwrap_or(&[]))
                }
            )*)?
            $($(
                $(#[$cdoc])*
                #[must_use]
                pub fn $cname(&self) -> Option<&'a [u8]> {
                    self.attrs.payload($CNUM)
                }
            )*)?
        }

        impl<'x> $crate::View for $View<'x> {
            type At<'a> = $View<'a>;
            const TABLE: &'static $crate::Table = &$TABLE;

            #[inline]
            fn parse(payload: &[u8]) -> Result<$View<'_>, $crate::DecodeError> {
                $View::parse(payload)
            }

            #[inline]
            fn parse_checked(payload: &[u8]) -> Option<$View<'_>> {
                $View::checked(payload)
            }
        }

        impl std::fmt::Debug for $View<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(self.header, f)?;
                f.write_str(" ")?;
                std::fmt::Debug::fmt(&$TABLE.debug(self.attrs.bytes()), f)
            }
        }

        $(#[$doc])*
        ///
        /// This writer appends to a [`Writer`]($crate::Writer).
        #[derive(Debug)]
        pub struct $Writer<'w> {
            out: &'w mut $crate::Writer,
        }

        #[allow(dead_code, reason = "a table has all its writers, used or not")]
        impl<'w> $Writer<'w> {
            /// Appends the fixed header, if there is one; attributes follow.
            #[inline]
            pub fn new(out: &'w mut $crate::Writer, header: &$header) -> Self {
                out.header(header);
                Self { out }
            }

            /// Appends any attribute: `raw_type` goes out as it is, flag bits included.
            pub fn raw(&mut self, raw_type: u16, payload: &[u8]) -> &mut Self {
                self.out.raw(raw_type, payload);
                self
            }

            $($(
                $(#[$vdoc])*
                #[inline]
                pub fn $vname(&mut self, value: <$vkind as $crate::Kind>::Value<'_>) -> &mut Self {
                    self.out.attr::<$vkind>($VNUM, value);
                    self
                }
            )*)?
            $($(
                $(#[$ndoc])*
                pub fn $nname(&mut self, write: impl FnOnce(&mut $nwriter<'_>)) -> &mut Self {
                    self.out.nest($NNUM, |out| write(&mut $nwriter::new(out, &())));
                    self
                }
            )*)?
            $($(
                $(#[$ldoc])*
                pub fn $lname(&mut self, write: impl FnOnce(&mut $crate::writer::ListWriter<'_>)) -> &mut Self {
                    self.out.nest($LNUM, |out| write(&mut $crate::writer::ListWriter::new(out)));
                    self
                }
            )*)?
            $($(
                $(#[$cdoc])*
                pub fn $cname(&mut self, write: impl FnOnce(&mut $crate::Writer)) -> &mut Self {
                    self.out.nest($CNUM, write);
                    self
                }
            )*)?
        }
    };
}
