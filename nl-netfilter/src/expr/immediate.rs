//! `immediate`: constants and verdicts.

use crate::data::{Data, DataNest, Verdict};
use crate::register::Register;

expression! {
    /// Loads a constant, or decides.
    pub struct Immediate = "immediate", table IMMEDIATE_ATTRS, view ImmediateView, writer ImmediateWriter;
    fields {
        /// Register; [`Register::VERDICT`] for a verdict.
        NFTA_IMMEDIATE_DREG = 1, dreg: Register, required;
        /// The constant or the verdict.
        NFTA_IMMEDIATE_DATA = 2, data: DataNest, required;
    }
}

impl Immediate {
    /// Loads bytes.
    #[must_use]
    pub fn load(register: Register, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            dreg: register,
            data: Data::Value(bytes.into()),
        }
    }

    /// Decides.
    #[must_use]
    pub const fn verdict(verdict: Verdict) -> Self {
        Self {
            dreg: Register::VERDICT,
            data: Data::Verdict(verdict),
        }
    }
}
