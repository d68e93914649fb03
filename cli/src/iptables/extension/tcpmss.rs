//! `-j TCPMSS`.

use nl_netfilter::xt::TcpMss;

use super::super::problem::{Problem, parameter};
use super::super::value;
use super::{Extension, Given, Opt, Style, flag, opt};

/// What the path allows.
const CLAMP: u16 = 0xffff;

impl Extension for TcpMss {
    fn name(&self) -> &'static str {
        "TCPMSS"
    }

    fn options(&self) -> &'static [Opt] {
        const {
            &[
                opt("set-mss").excludes(&["clamp-mss-to-pmtu"]),
                flag("clamp-mss-to-pmtu").excludes(&["set-mss"]),
            ]
        }
    }

    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
        self.mss = if given.id == "set-mss" {
            value::number_u16(given.value)
                .filter(|mss| *mss < CLAMP)
                .ok_or_else(|| {
                    parameter!(
                        "TCPMSS: bad value for option \"--set-mss\", or out of range (0-65534).\n"
                    )
                })?
        } else {
            CLAMP
        }
        .into();
        Ok(())
    }

    fn check(&mut self, given: &[&'static str]) -> Result<(), Problem> {
        if given.is_empty() {
            return Err(parameter!(
                "TCPMSS target: At least one parameter is required"
            ));
        }
        Ok(())
    }

    fn list(&self, _style: Style) -> String {
        match self.mss.get() {
            CLAMP => " TCPMSS clamp to PMTU".to_owned(),
            mss => format!(" TCPMSS set {mss}"),
        }
    }

    fn save(&self, _style: Style) -> String {
        match self.mss.get() {
            CLAMP => " --clamp-mss-to-pmtu".to_owned(),
            mss => format!(" --set-mss {mss}"),
        }
    }
}
