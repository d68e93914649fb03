//! Network namespace ids: `RTM_*NSID`.

use nl_core::MessageType;

pub(crate) const MESSAGES: &[MessageType] = &[];
