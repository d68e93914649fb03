//! `xfrm`: IPsec.

use nl_core::kind::{Be32, U8};

use crate::register::Register;

expression! {
    /// Loads a property of the IPsec state that was applied.
    pub struct Xfrm = "xfrm", table XFRM_ATTRS, view XfrmView, writer XfrmWriter;
    fields {
        /// `NFT_XFRM_KEY_*`.
        NFTA_XFRM_KEY = 2, key: Be32, required;
        /// Register that gets the result.
        NFTA_XFRM_DREG = 1, dreg: Register, required;
        /// `XFRM_POLICY_IN` 0 or `XFRM_POLICY_OUT` 1.
        NFTA_XFRM_DIR = 3, direction: U8, optional;
        /// Which state, from 0.
        NFTA_XFRM_SPNUM = 4, spnum: Be32, optional;
    }
}
