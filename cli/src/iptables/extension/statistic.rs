//! `-m statistic`.

use nl_netfilter::xt::Statistic;

use super::super::problem::{Problem, parameter};
use super::super::value;
use super::ports::not;
use super::{Extension, Given, Opt, Style, opt};

const RANDOM: u16 = 0;
const NTH: u16 = 1;

/// The probability 1 in the kernel's units.
const CERTAIN: f64 = 2_147_483_648.0;

impl Extension for Statistic {
    fn name(&self) -> &'static str {
        "statistic"
    }

    fn options(&self) -> &'static [Opt] {
        const {
            &[
                opt("mode").mandatory(),
                opt("probability").invertible(),
                opt("every").invertible(),
                opt("packet"),
            ]
        }
    }

    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
        match given.id {
            "mode" => {
                self.mode = match given.value {
                    "random" => RANDOM,
                    "nth" => NTH,
                    mode => return Err(parameter!("Bad mode \"{mode}\"")),
                }
                .into();
            }
            "probability" => {
                let bad = || {
                    parameter!(
                        "statistic: bad value for option \"--probability\", or out of range (0.000000-1.000000).\n"
                    )
                };
                let probability: f64 = given.value.parse().map_err(|_| bad())?;
                if !(0.0..=1.0).contains(&probability) {
                    return Err(bad());
                }
                #[allow(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "between 0 and 2^31"
                )]
                let units = (CERTAIN * probability).round_ties_even() as u32;
                self.value = units.into();
                self.flags = u16::from(given.inverted).into();
            }
            "every" => {
                let every = value::number_u32(given.value).filter(|every| *every > 0);
                let every = every.ok_or_else(|| given.bad_integer("statistic"))?;
                self.value = (every - 1).into();
                self.flags = u16::from(given.inverted).into();
            }
            _ => {
                let packet = value::number_u32(given.value);
                self.packet = packet.ok_or_else(|| given.bad_integer("statistic"))?.into();
            }
        }
        Ok(())
    }

    fn check(&mut self, given: &[&'static str]) -> Result<(), Problem> {
        let has = |id| given.contains(&id);
        if has("every") && !has("packet") {
            return Err(parameter!(
                "statistic: option \"--every\" also requires \"--packet\".\n"
            ));
        }
        if self.mode.get() == RANDOM && !has("probability") {
            return Err(parameter!(
                "--probability must be specified when using random mode"
            ));
        }
        if self.mode.get() == NTH && !has("every") {
            return Err(parameter!("--every must be specified when using nth mode"));
        }
        if self.mode.get() == NTH && self.packet.get() > self.value.get() {
            return Err(parameter!("--packet p must be 0 <= p <= n-1"));
        }
        self.count = self.value.get().wrapping_sub(self.packet.get()).into();
        Ok(())
    }

    fn list(&self, _style: Style) -> String {
        let not = not(self.flags.get() & 1 != 0);
        match self.mode.get() {
            RANDOM => format!(
                " statistic mode random{not} probability {}",
                self.probability()
            ),
            _ => {
                let packet = match self.packet.get() {
                    0 => String::new(),
                    packet => format!(" packet {packet}"),
                };
                let every = u64::from(self.value.get()) + 1;
                format!(" statistic mode nth{not} every {every}{packet}")
            }
        }
    }

    fn save(&self, _style: Style) -> String {
        let not = not(self.flags.get() & 1 != 0);
        match self.mode.get() {
            RANDOM => format!(" --mode random{not} --probability {}", self.probability()),
            _ => {
                let every = u64::from(self.value.get()) + 1;
                format!(" --mode nth{not} --every {every} --packet {}", self.packet)
            }
        }
    }
}

trait Probability {
    fn probability(&self) -> String;
}

impl Probability for Statistic {
    fn probability(&self) -> String {
        format!("{:.11}", f64::from(self.value.get()) / CERTAIN)
    }
}
