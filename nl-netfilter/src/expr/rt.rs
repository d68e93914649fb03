//! `rt`: properties of the route.

use crate::register::Register;
use crate::value::numbers;

expression! {
    /// Loads a property of the packet's route.
    pub struct Rt = "rt", table RT_ATTRS, view RtView, writer RtWriter;
    fields {
        /// The property.
        NFTA_RT_KEY = 2, key: RtKey, required;
        /// Register that gets the result.
        NFTA_RT_DREG = 1, dreg: Register, required;
    }
}

numbers! {
    /// `NFT_RT_*`: a property of a route.
    pub struct RtKey: Be32(u32) {
        /// Realm.
        CLASSID = 0;
        /// IPv4 address of the next hop.
        NEXTHOP4 = 1;
        /// IPv6 address of the next hop.
        NEXTHOP6 = 2;
        /// TCP maximum segment size.
        TCPMSS = 3;
        /// Whether IPsec is applied.
        XFRM = 4;
    }
}
