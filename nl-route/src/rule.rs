//! Policy routing rules: `RTM_*RULE`.

use nl_core::MessageType;

pub(crate) const MESSAGES: &[MessageType] = &[];
