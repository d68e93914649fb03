//! `flow_offload`: flowtables.

use nl_core::kind::Str;


expression! {
    /// Hands the connection to a flowtable, which forwards its further packets.
    pub struct FlowOffload = "flow_offload", table FLOW_ATTRS, view FlowOffloadView, writer FlowOffloadWriter;
    fields {
        /// Name of the flowtable.
        NFTA_FLOW_TABLE_NAME = 1, table: Str, required;
    }
}
