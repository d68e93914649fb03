//! `-m iprange`.

use std::net::IpAddr;

use nl_netfilter::xt::IpRange;

use super::super::problem::{Problem, parameter};
use super::conntrack::{address_of, bytes};
use super::ports::not;
use super::{Extension, Given, Opt, Style, opt};

const SRC: u8 = 1;
const DST: u8 = 2;

impl Extension for IpRange {
    fn name(&self) -> &'static str {
        "iprange"
    }

    fn options(&self) -> &'static [Opt] {
        const { &[opt("src-range").invertible(), opt("dst-range").invertible()] }
    }

    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
        let (low, high) = given
            .value
            .split_once('-')
            .unwrap_or((given.value, given.value));
        let parse = |text: &str| {
            let addr = text
                .parse::<IpAddr>()
                .ok()
                .filter(|addr| addr.is_ipv6() == given.v6);
            addr.map(bytes).ok_or_else(|| {
                parameter!(
                    "iprange: Bad value for \"--{}\" option: \"{text}\"",
                    given.id
                )
            })
        };
        let range = [parse(low)?, parse(high)?];
        let bit = if given.id == "src-range" {
            self.source = range;
            SRC
        } else {
            self.destination = range;
            DST
        };
        self.flags |= bit;
        if given.inverted {
            self.flags |= bit << 4;
        }
        Ok(())
    }

    fn check(&mut self, given: &[&'static str]) -> Result<(), Problem> {
        if given.is_empty() {
            return Err(parameter!(
                "iprange match: You must specify `--src-range' or `--dst-range'"
            ));
        }
        Ok(())
    }

    fn list(&self, style: Style) -> String {
        let mut out = String::new();
        for (bit, word, range) in self.ranges() {
            let not = not(self.flags & (bit << 4) != 0);
            out += &format!(" {word} IP range{not} {}", show(range, style.v6));
        }
        out
    }

    fn save(&self, style: Style) -> String {
        let mut out = String::new();
        for (bit, word, range) in self.ranges() {
            let not = not(self.flags & (bit << 4) != 0);
            let option = if word == "source" { "src" } else { "dst" };
            out += &format!("{not} --{option}-range {}", show(range, style.v6));
        }
        out
    }
}

trait Ranges {
    fn ranges(&self) -> Vec<(u8, &'static str, &[[u8; 16]; 2])>;
}

impl Ranges for IpRange {
    fn ranges(&self) -> Vec<(u8, &'static str, &[[u8; 16]; 2])> {
        let both = [
            (SRC, "source", &self.source),
            (DST, "destination", &self.destination),
        ];
        both.into_iter()
            .filter(|(bit, ..)| self.flags & bit != 0)
            .collect()
    }
}

fn show([low, high]: &[[u8; 16]; 2], v6: bool) -> String {
    format!("{}-{}", address_of(low, v6), address_of(high, v6))
}
