//! Routes: `RTM_*ROUTE`.

use nl_core::MessageType;

pub(crate) const MESSAGES: &[MessageType] = &[];
