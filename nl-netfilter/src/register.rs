//! [`Register`]: where an expression puts its result and the next one finds it.

use std::fmt;

use nl_core::kind::Be32;
use nl_core::{Format, Kind, Writer};

use crate::value::OwnedKind;

/// A register of the nftables machine.
///
/// There are 64 bytes of registers, which have two sets of numbers: four of 16 bytes
/// (`NFT_REG_1` to `NFT_REG_4`, 1 to 4) or sixteen of 4 bytes (`NFT_REG32_00` to `NFT_REG32_15`,
/// 8 to 23). Number 1 is the same place as number 8. The number is kept as it was read;
/// [`slot`](Self::slot) says which place is meant.
///
/// Source: `enum nft_registers` in include/uapi/linux/netfilter/nf_tables.h.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Register(pub u32);

impl Register {
    /// Where verdicts go.
    pub const VERDICT: Self = Self(0);
    /// The first 16 bytes.
    pub const R1: Self = Self(1);
    /// The second 16 bytes.
    pub const R2: Self = Self(2);
    /// The third 16 bytes.
    pub const R3: Self = Self(3);
    /// The fourth 16 bytes.
    pub const R4: Self = Self(4);

    /// The register that starts at a 4-byte slot, 0 to 15, numbered as the kernel reports it: by
    /// its 16-byte number where there is one.
    #[must_use]
    pub const fn at_slot(slot: u32) -> Self {
        if slot.is_multiple_of(4) && slot < 16 {
            Self(1 + slot / 4)
        } else {
            Self(8u32.saturating_add(slot))
        }
    }

    /// The 4-byte slot at which it starts, 0 to 15; `None` for the verdict and unknown numbers.
    #[must_use]
    pub const fn slot(self) -> Option<u32> {
        match self.0 {
            1..=4 => Some((self.0 - 1) * 4),
            8..=23 => Some(self.0 - 8),
            _ => None,
        }
    }

    /// The same place, numbered as the kernel reports it.
    #[must_use]
    pub const fn normalized(self) -> Self {
        match self.slot() {
            Some(slot) => Self::at_slot(slot),
            None => self,
        }
    }

    /// The register behind `len` bytes that start here.
    #[must_use]
    pub const fn after(self, len: u32) -> Self {
        match self.slot() {
            Some(slot) => Self::at_slot(slot.saturating_add(len.div_ceil(4))),
            None => self,
        }
    }
}

impl fmt::Debug for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("verdict"),
            number => write!(f, "reg {number}"),
        }
    }
}

impl Kind for Register {
    type Value<'a> = Self;
    const FORMAT: Format = Format::Be32;
    const MIN: usize = 4;
    const MAX: usize = 4;

    fn read(payload: &[u8]) -> Option<Self> {
        Be32::read(payload).map(Self)
    }
    fn write(value: Self, out: &mut Vec<u8>) {
        Be32::write(value.0, out);
    }
}

impl OwnedKind for Register {
    type Owned = Self;

    fn own(value: Self) -> Option<Self> {
        Some(value)
    }
    fn put(owned: &Self, number: u16, out: &mut Writer) {
        out.attr::<Self>(number, *owned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_numberings_meet() {
        assert_eq!(Register(8).normalized(), Register::R1);
        assert_eq!(Register(12).normalized(), Register::R2);
        assert_eq!(Register(9).normalized(), Register(9));
        assert_eq!(Register::R1.after(4), Register(9));
        assert_eq!(Register(11).after(2), Register::R2);
        assert_eq!(Register::R1.after(16), Register::R2);
        assert_eq!(Register::VERDICT.slot(), None);
        assert_eq!(Register(99).normalized(), Register(99));
    }
}
