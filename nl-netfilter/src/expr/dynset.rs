//! `dynset`: sets that packets change.

use nl_core::kind::{Be32, Be64, Bytes, Str};

use crate::expr::{ExprList, ExprNest};
use crate::register::Register;
use crate::value::{flags, numbers};

expression! {
    /// Adds an element to a set, or updates or deletes it.
    pub struct Dynset = "dynset", table DYNSET_ATTRS, view DynsetView, writer DynsetWriter;
    fields {
        /// Register with the key.
        NFTA_DYNSET_SREG_KEY = 4, sreg_key: Register, required;
        /// Register with the data, for a map.
        NFTA_DYNSET_SREG_DATA = 5, sreg_data: Register, optional;
        /// What is done.
        NFTA_DYNSET_OP = 3, op: DynsetOp, required;
        /// Name of the set.
        NFTA_DYNSET_SET_NAME = 1, set_name: Str, required;
        /// Its id in this transaction.
        NFTA_DYNSET_SET_ID = 2, set_id: Be32, optional;
        /// Lifetime of the element in milliseconds.
        NFTA_DYNSET_TIMEOUT = 6, timeout: Be64, optional;
        /// One expression of the element.
        NFTA_DYNSET_EXPR = 7, expr: ExprNest, optional;
        /// How the rule goes on.
        NFTA_DYNSET_FLAGS = 9, flags: DynsetFlags, optional;
        /// Several expressions of the element.
        NFTA_DYNSET_EXPRESSIONS = 10, expressions: ExprList, optional;
    }
    ignored {
        /// Alignment of 64-bit values.
        NFTA_DYNSET_PAD = 8, pad: Bytes;
    }
}

numbers! {
    /// `NFT_DYNSET_OP_*`: what is done.
    pub struct DynsetOp: Be32(u32) {
        /// Add; one that exists stays as it is.
        ADD = 0;
        /// Add, or start its lifetime again.
        UPDATE = 1;
        /// Delete.
        DELETE = 2;
    }
}

flags! {
    /// `NFT_DYNSET_F_*`.
    pub struct DynsetFlags {
        /// The rule goes on if nothing could be added.
        INV = 1;
        /// The element has expressions.
        EXPR = 2;
    }
}
