//! Addresses: `RTM_*ADDR`.

use nl_core::MessageType;

pub(crate) const MESSAGES: &[MessageType] = &[];
