//! `hash`: hashes.

use nl_core::kind::{Be32, Str};

use crate::register::Register;
use crate::value::numbers;

expression! {
    /// Hashes a register, or the packet's flow.
    pub struct Hash = "hash", table HASH_ATTRS, view HashView, writer HashWriter;
    fields {
        /// Register that is hashed.
        NFTA_HASH_SREG = 1, sreg: Register, optional;
        /// Register that gets the result.
        NFTA_HASH_DREG = 2, dreg: Register, required;
        /// Its length in bytes.
        NFTA_HASH_LEN = 3, len: Be32, optional;
        /// The result is below this.
        NFTA_HASH_MODULUS = 4, modulus: Be32, required;
        /// Start value; absent means random.
        NFTA_HASH_SEED = 5, seed: Be32, optional;
        /// What is added to the result.
        NFTA_HASH_OFFSET = 6, offset: Be32, optional;
        /// The function.
        NFTA_HASH_TYPE = 7, kind: HashType, optional;
    }
    ignored {
        /// Abandoned by the kernel.
        NFTA_HASH_SET_NAME = 8, set_name: Str;
        /// Abandoned by the kernel.
        NFTA_HASH_SET_ID = 9, set_id: Be32;
    }
}

numbers! {
    /// `NFT_HASH_*`: the function.
    pub struct HashType: Be32(u32) {
        /// Jenkins' hash of a register.
        JENKINS = 0;
        /// The same for both directions of a flow.
        SYM = 1;
    }
}
