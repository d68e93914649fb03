//! What the requests of all objects share.

use nl_core::header::{NLM_F_CREATE, NLM_F_EXCL};

/// How an object is named: by its name, or by the kernel's number for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handle {
    /// Its name.
    Name(String),
    /// Its handle.
    Number(u64),
}

/// Flags of a request that adds an object.
pub(crate) const fn create_flags(exclusive: bool) -> u16 {
    if exclusive {
        NLM_F_CREATE | NLM_F_EXCL
    } else {
        NLM_F_CREATE
    }
}
