//! Expressions: the instructions a rule is made of, one file each.
//!
//! A rule's expressions run in order. Most load something into a [`Register`](crate::Register) or
//! look at one; a comparison that fails ends the rule; the last one usually sets the verdict.
//!
//! ```
//! use nl_netfilter::Register;
//! use nl_netfilter::expr::{Cmp, CmpOp, Expr, Immediate, Meta, MetaKey};
//! use nl_netfilter::Verdict;
//!
//! // meta l4proto tcp accept
//! let rule: Vec<Expr> = vec![
//!     Meta::load(MetaKey::L4PROTO, Register::R1).into(),
//!     Cmp::new(Register::R1, CmpOp::EQ, [6]).into(),
//!     Immediate::verdict(Verdict::Accept).into(),
//! ];
//! # assert_eq!(rule.len(), 3);
//! ```
//!
//! Source of all numbers: include/uapi/linux/netfilter/nf_tables.h.

use std::fmt;

use nl_core::kind::Str;
use nl_core::{Format, Kind, Table, Writer};

use crate::value::OwnedKind;

/// Declares an expression: its attributes, one row each in the order in which they are written,
/// and from them the table, the view, the writer, and the owned struct that reads and writes.
///
/// A `required` field must be there for the struct to exist; an `optional` one is an [`Option`].
/// Rows under `ignored` are no fields: padding, numbers that the kernel has abandoned.
macro_rules! expression {
    (
        $(#[$doc:meta])*
        pub struct $Name:ident = $name:literal, table $TABLE:ident, view $View:ident, writer $Writer:ident;
        fields { $($(#[$fdoc:meta])* $NUM:ident = $num:expr, $field:ident: $kind:ty, $need:ident;)* }
        $(ignored { $($(#[$idoc:meta])* $INUM:ident = $inum:expr, $ifield:ident: $ikind:ty;)* })?
    ) => {
        nl_core::attrs! {
            #[doc = concat!("Attributes of the expression `", $name, "`.")]
            pub table $TABLE: (), view $View, writer $Writer;
            values {
                $($(#[$fdoc])* $NUM = $num, $field: $kind;)*
                $($($(#[$idoc])* $INUM = $inum, $ifield: $ikind;)*)?
            }
        }

        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $Name {
            $($(#[$fdoc])* pub $field: $crate::expr::field!(type $need $kind),)*
        }

        impl $crate::expr::Expression for $Name {
            const NAME: &'static str = $name;
            const TABLE: &'static nl_core::Table = &$TABLE;

            #[allow(unused_variables, clippy::useless_let_if_seq, reason = "some expressions have no attributes")]
            fn read(data: &[u8]) -> Option<Self> {
                let view = $View::parse(data).ok()?;
                Some(Self { $($field: $crate::expr::field!(read $need $kind, view.$field()),)* })
            }

            #[allow(unused_variables, reason = "some expressions have no attributes")]
            fn write(&self, out: &mut nl_core::Writer) {
                $($crate::expr::field!(write $need $kind, $NUM, &self.$field, out);)*
            }
        }
    };
}

macro_rules! field {
    (type required $kind:ty) => { <$kind as $crate::value::OwnedKind>::Owned };
    (type optional $kind:ty) => { Option<<$kind as $crate::value::OwnedKind>::Owned> };
    (read required $kind:ty, $value:expr) => { <$kind as $crate::value::OwnedKind>::own($value?)? };
    (read optional $kind:ty, $value:expr) => {
        match $value {
            Some(value) => Some(<$kind as $crate::value::OwnedKind>::own(value)?),
            None => None,
        }
    };
    (write required $kind:ty, $NUM:ident, $value:expr, $out:ident) => {
        <$kind as $crate::value::OwnedKind>::put($value, $NUM, $out)
    };
    (write optional $kind:ty, $NUM:ident, $value:expr, $out:ident) => {
        if let Some(value) = $value {
            <$kind as $crate::value::OwnedKind>::put(value, $NUM, $out)
        }
    };
}

use field;

/// What every expression can do; [`Expr`] does it for any of them.
pub trait Expression: Sized {
    /// The kernel's name, `NFTA_EXPR_NAME`.
    const NAME: &'static str;
    /// Its attributes.
    const TABLE: &'static Table;

    /// Reads the payload of `NFTA_EXPR_DATA`; `None` if something is missing or damaged.
    fn read(data: &[u8]) -> Option<Self>;
    /// Appends the attributes inside `NFTA_EXPR_DATA`.
    fn write(&self, out: &mut Writer);
}

nl_core::attrs! {
    /// `NFTA_EXPR_*`: one expression.
    pub table EXPR_ATTRS: (), view ExprView, writer ExprWriter;
    values {
        /// Which expression it is.
        NFTA_EXPR_NAME = 1, name: Str;
    }
    chosen {
        /// Its attributes, described by the table that belongs to the name.
        NFTA_EXPR_DATA = 2, data: by NFTA_EXPR_NAME, |name| table_of(Str::read(name)?);
    }
}

/// Lists the expressions: modules, the enum, and what follows from it.
macro_rules! expressions {
    ($($module:ident: $Variant:ident;)*) => {
        $(mod $module; pub use $module::*;)*

        /// Any expression.
        ///
        /// One that this library does not know, or that has attributes it does not know, is kept
        /// as [`Unknown`](Self::Unknown), so that a rule that was listed can be written back.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        #[allow(missing_docs, reason = "each variant is named after its struct, which says it")]
        pub enum Expr {
            $($Variant($Variant),)*
            /// An expression as it was received.
            Unknown {
                /// `NFTA_EXPR_NAME`.
                name: String,
                /// The payload of `NFTA_EXPR_DATA`, if there was one.
                data: Option<Vec<u8>>,
            },
        }

        $(impl From<$Variant> for Expr {
            fn from(expr: $Variant) -> Self {
                Self::$Variant(expr)
            }
        })*

        /// The names and tables of all known expressions.
        pub static EXPRESSIONS: &[(&str, &Table)] = &[$(($Variant::NAME, $Variant::TABLE),)*];

        impl Expr {
            /// The kernel's name, `NFTA_EXPR_NAME`.
            #[must_use]
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$Variant(_) => $Variant::NAME,)*
                    Self::Unknown { name, .. } => name,
                }
            }

            fn read_known(name: &str, data: &[u8]) -> Option<Self> {
                match name {
                    $($Variant::NAME => known($Variant::TABLE, data)
                        .then(|| $Variant::read(data)).flatten().map(Self::$Variant),)*
                    _ => None,
                }
            }

            fn write_data(&self, out: &mut Writer) {
                match self {
                    $(Self::$Variant(expr) => expr.write(out),)*
                    Self::Unknown { data, .. } => {
                        out.bytes_mut().extend_from_slice(data.as_deref().unwrap_or(&[]));
                    }
                }
            }
        }
    };
}

expressions! {
    bitwise: Bitwise;
    byteorder: Byteorder;
    cmp: Cmp;
    connlimit: Connlimit;
    counter: Counter;
    ct: Ct;
    dup: Dup;
    dynset: Dynset;
    exthdr: Exthdr;
    fib: Fib;
    flow_offload: FlowOffload;
    fwd: Fwd;
    hash: Hash;
    immediate: Immediate;
    last: Last;
    limit: Limit;
    log: Log;
    lookup: Lookup;
    masq: Masq;
    meta: Meta;
    nat: Nat;
    notrack: Notrack;
    numgen: Numgen;
    objref: Objref;
    osf: Osf;
    payload: Payload;
    queue: Queue;
    quota: Quota;
    range: Range;
    redir: Redir;
    reject: Reject;
    rt: Rt;
    socket: Socket;
    synproxy: Synproxy;
    tproxy: Tproxy;
    tunnel: Tunnel;
    xfrm: Xfrm;
    xt_match: XtMatch;
    xt_target: XtTarget;
}

/// The table of an expression's attributes, by its name.
#[must_use]
pub fn table_of(name: &str) -> Option<&'static Table> {
    EXPRESSIONS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, table)| *table)
}

/// Whether every attribute has a row: only then does the owned struct hold all of them.
fn known(table: &'static Table, attrs: &[u8]) -> bool {
    nl_core::Attrs::new(attrs).all(|attr| {
        let Ok(attr) = attr else { return false };
        match table.row(attr.number()).map(|row| row.format) {
            None => false,
            Some(Format::Nest(inner)) => known(inner, attr.payload),
            Some(_) => true,
        }
    })
}

impl Expr {
    /// Reads an expression. It never fails: what is not understood is kept as it is.
    #[must_use]
    pub fn read(view: ExprView<'_>) -> Self {
        let name = view.name().unwrap_or_default();
        let data = view.data();
        let mut known = Self::read_known(name, data.unwrap_or(&[]));
        if let Some(Self::Exthdr(exthdr)) = &mut known
            && exthdr.sreg.is_some()
        {
            // The kernel reports flags of 0 for a write, and refuses a write that has any.
            exthdr.flags = exthdr.flags.filter(|&flags| flags != 0);
        }
        known.unwrap_or_else(|| Self::Unknown {
            name: name.to_owned(),
            data: data.map(<[u8]>::to_vec),
        })
    }

    /// Appends the attributes of the expression.
    pub fn write(&self, out: &mut Writer) {
        let mut out = ExprWriter::new(out, &());
        out.name(self.name());
        match self {
            // It has no attributes, and the kernel sends none.
            Self::Notrack(_) | Self::Unknown { data: None, .. } => {}
            _ => {
                out.data(|out| self.write_data(out));
            }
        }
    }
}

/// The kind of an attribute that holds one expression.
#[derive(Clone, Copy, Debug)]
pub enum ExprNest {}

impl Kind for ExprNest {
    type Value<'a> = ExprView<'a>;
    const FORMAT: Format = Format::Nest(&EXPR_ATTRS);
    const MIN: usize = 0;
    const MAX: usize = usize::MAX;
    const NESTED: bool = true;

    fn read(payload: &[u8]) -> Option<ExprView<'_>> {
        ExprView::parse(payload).ok()
    }
    fn write(value: ExprView<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(value.attr_bytes());
    }
}

impl OwnedKind for ExprNest {
    type Owned = Box<Expr>;

    fn own(value: ExprView<'_>) -> Option<Box<Expr>> {
        Some(Box::new(Expr::read(value)))
    }
    fn put(owned: &Box<Expr>, number: u16, out: &mut Writer) {
        out.nest(number, |out| owned.write(out));
    }
}

/// The kind of an attribute that holds a list of expressions.
#[derive(Clone, Copy, Debug)]
pub enum ExprList {}

/// Expressions in a message.
#[derive(Clone, Copy)]
pub struct Exprs<'a> {
    bytes: &'a [u8],
}

impl<'a> Exprs<'a> {
    /// The expressions in order.
    pub fn iter(&self) -> impl Iterator<Item = Expr> + use<'a> {
        nl_core::List::<ExprView<'static>>::new(self.bytes).map(Expr::read)
    }
}

impl fmt::Debug for Exprs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Kind for ExprList {
    type Value<'a> = Exprs<'a>;
    const FORMAT: Format = Format::List(&EXPR_ATTRS);
    const MIN: usize = 0;
    const MAX: usize = usize::MAX;
    const NESTED: bool = true;

    fn read(payload: &[u8]) -> Option<Exprs<'_>> {
        Some(Exprs { bytes: payload })
    }
    fn write(value: Exprs<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(value.bytes);
    }
}

impl OwnedKind for ExprList {
    type Owned = Vec<Expr>;

    fn own(value: Exprs<'_>) -> Option<Vec<Expr>> {
        Some(value.iter().collect())
    }
    fn put(owned: &Vec<Expr>, number: u16, out: &mut Writer) {
        out.nest(number, |out| write_list(owned, out));
    }
}

/// Appends expressions as the elements of a list.
pub(crate) fn write_list(exprs: &[Expr], out: &mut Writer) {
    for expr in exprs {
        out.nest(crate::table::NFTA_LIST_ELEM, |out| expr.write(out));
    }
}
