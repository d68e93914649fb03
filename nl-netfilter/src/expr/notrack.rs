//! `notrack`: no connection tracking.


expression! {
    /// Leaves the packet out of connection tracking.
    pub struct Notrack = "notrack", table NOTRACK_ATTRS, view NotrackView, writer NotrackWriter;
    fields {}
}
