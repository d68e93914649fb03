//! `fib`: routing lookups.

use crate::register::Register;
use crate::value::{flags, numbers};

expression! {
    /// Asks the routing table about the packet.
    pub struct Fib = "fib", table FIB_ATTRS, view FibView, writer FibWriter;
    fields {
        /// What is looked up.
        NFTA_FIB_FLAGS = 3, flags: FibFlags, required;
        /// What is wanted.
        NFTA_FIB_RESULT = 2, result: FibResult, required;
        /// Register that gets the result.
        NFTA_FIB_DREG = 1, dreg: Register, required;
    }
}

numbers! {
    /// `NFT_FIB_RESULT_*`: what is wanted.
    pub struct FibResult: Be32(u32) {
        /// Ifindex of the output device, 0 if there is no route.
        OIF = 1;
        /// Its name, 16 bytes.
        OIFNAME = 2;
        /// Type of the address, `RTN_*`, in host order.
        ADDRTYPE = 3;
    }
}

flags! {
    /// `NFTA_FIB_F_*`: what is looked up.
    pub struct FibFlags {
        /// The source address.
        SADDR = 1;
        /// The destination address.
        DADDR = 2;
        /// With the packet's mark.
        MARK = 4;
        /// Only routes over the input device.
        IIF = 8;
        /// Only routes over the output device.
        OIF = 16;
        /// The result is whether there is a route, 1 byte.
        PRESENT = 32;
    }
}
