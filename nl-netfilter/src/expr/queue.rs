//! `queue`: queues to userspace.

use nl_core::kind::Be16;

use crate::register::Register;

expression! {
    /// Hands the packet to a process (nfnetlink_queue).
    pub struct Queue = "queue", table QUEUE_ATTRS, view QueueView, writer QueueWriter;
    fields {
        /// First queue.
        NFTA_QUEUE_NUM = 1, num: Be16, optional;
        /// Number of queues.
        NFTA_QUEUE_TOTAL = 2, total: Be16, optional;
        /// 1: accept if nobody listens; 2: choose by CPU.
        NFTA_QUEUE_FLAGS = 3, flags: Be16, optional;
        /// Register with the queue, instead.
        NFTA_QUEUE_SREG_QNUM = 4, sreg_qnum: Register, optional;
    }
}
