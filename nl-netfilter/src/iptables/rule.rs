//! [`Rule`]: what a line of `iptables -S` says.

use std::net::{IpAddr, Ipv6Addr};

use super::matches::{Match, Target};

/// One rule, without the chain it is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// `-s`; `None` for any.
    pub source: Option<Address>,
    /// `-d`.
    pub destination: Option<Address>,
    /// `-i`.
    pub input: Option<Interface>,
    /// `-o`.
    pub output: Option<Interface>,
    /// `-p`; `None` for all.
    pub protocol: Option<Protocol>,
    /// `-f` (`true`) or `! -f` (`false`): fragments behind the first, or all but these. IPv4 only.
    pub fragment: Option<bool>,
    /// `-m …`, in order.
    pub matches: Vec<Match>,
    /// `-j` or `-g`.
    pub target: Target,
    /// What the rule has counted.
    pub counters: Counters,
}

impl Rule {
    /// The layer 4 protocol that the rule is known to be about.
    #[must_use]
    pub fn transport(&self) -> Option<u8> {
        self.protocol
            .filter(|protocol| !protocol.inverted)
            .map(|protocol| protocol.number)
    }

    /// Whether both are the same rule: their counters may differ.
    #[must_use]
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        let Self {
            source,
            destination,
            input,
            output,
            protocol,
            fragment,
            matches,
            target,
            counters: _,
        } = self;
        *source == other.source
            && *destination == other.destination
            && *input == other.input
            && *output == other.output
            && *protocol == other.protocol
            && *fragment == other.fragment
            && *matches == other.matches
            && *target == other.target
    }
}

/// Addresses: those that agree with `addr` in the bits of `mask`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address; its bits outside the mask are 0.
    pub addr: IpAddr,
    /// The mask, of the same family.
    pub mask: IpAddr,
    /// `!`: any but these.
    pub inverted: bool,
}

impl Address {
    /// The network of `addr` with a prefix of `len` bits, at most as many as the address has.
    #[must_use]
    pub fn new(addr: IpAddr, len: u8) -> Self {
        let mask = match addr {
            IpAddr::V4(_) => IpAddr::V4(
                u32::MAX
                    .checked_shl(32 - u32::from(len.min(32)))
                    .unwrap_or(0)
                    .into(),
            ),
            IpAddr::V6(_) => IpAddr::V6(
                u128::MAX
                    .checked_shl(128 - u32::from(len.min(128)))
                    .unwrap_or(0)
                    .into(),
            ),
        };
        Self::masked(addr, mask)
    }

    /// The addresses that agree with `addr` in the bits of `mask`.
    #[must_use]
    pub fn masked(addr: IpAddr, mask: IpAddr) -> Self {
        let addr = match (addr, mask) {
            (IpAddr::V4(addr), IpAddr::V4(mask)) => IpAddr::V4(addr & mask),
            (IpAddr::V6(addr), IpAddr::V6(mask)) => IpAddr::V6(addr & mask),
            _ => addr,
        };
        Self {
            addr,
            mask,
            inverted: false,
        }
    }

    /// The length of the prefix, if the mask is one.
    #[must_use]
    pub fn prefix_len(&self) -> Option<u32> {
        prefix_len(self.mask)
    }
}

/// The number of leading ones of a mask, if only zeroes follow them.
fn prefix_len(mask: IpAddr) -> Option<u32> {
    match mask {
        IpAddr::V4(mask) => {
            let bits = mask.to_bits();
            (bits.leading_ones() + bits.trailing_zeros() >= 32).then(|| bits.leading_ones())
        }
        IpAddr::V6(mask) => {
            let bits = Ipv6Addr::to_bits(mask);
            (bits.leading_ones() + bits.trailing_zeros() >= 128).then(|| bits.leading_ones())
        }
    }
}

/// A device by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// The name; with a `+` at its end every device whose name starts so.
    pub name: String,
    /// `!`: any but this.
    pub inverted: bool,
}

/// A layer 4 protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protocol {
    /// `IPPROTO_*`; 0 means all to iptables, so it does not occur here.
    pub number: u8,
    /// `!`: any but this.
    pub inverted: bool,
}

/// What a rule has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_mask_and_back() {
        for len in 0..=32 {
            assert_eq!(
                Address::new([255, 255, 255, 255].into(), len).prefix_len(),
                Some(u32::from(len))
            );
        }
        for len in 0..=128 {
            let all = IpAddr::from([0xff; 16]);
            assert_eq!(Address::new(all, len).prefix_len(), Some(u32::from(len)));
        }
        let odd = Address::masked([1, 2, 3, 4].into(), [255, 0, 255, 0].into());
        assert_eq!((odd.addr, odd.prefix_len()), ([1, 0, 3, 0].into(), None));
    }
}
