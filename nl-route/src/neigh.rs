//! Neighbours: `RTM_*NEIGH`.

use nl_core::MessageType;

pub(crate) const MESSAGES: &[MessageType] = &[];
