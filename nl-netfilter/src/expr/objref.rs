//! `objref`: named objects.

use nl_core::kind::{Be32, Str};

use crate::object::ObjectType;
use crate::register::Register;

expression! {
    /// Passes the packet through a named object, or through the one that a map has for a key.
    pub struct Objref = "objref", table OBJREF_ATTRS, view ObjrefView, writer ObjrefWriter;
    fields {
        /// Type of the object.
        NFTA_OBJREF_IMM_TYPE = 1, imm_type: ObjectType, optional;
        /// Its name.
        NFTA_OBJREF_IMM_NAME = 2, imm_name: Str, optional;
        /// Register with the key.
        NFTA_OBJREF_SET_SREG = 3, set_sreg: Register, optional;
        /// Name of the map of objects.
        NFTA_OBJREF_SET_NAME = 4, set_name: Str, optional;
        /// Its id in this transaction.
        NFTA_OBJREF_SET_ID = 5, set_id: Be32, optional;
    }
}

impl Objref {
    /// `counter name NAME` and the like.
    #[must_use]
    pub fn named(kind: ObjectType, name: &str) -> Self {
        Self {
            imm_type: Some(kind),
            imm_name: Some(name.to_owned()),
            set_sreg: None,
            set_name: None,
            set_id: None,
        }
    }
}
