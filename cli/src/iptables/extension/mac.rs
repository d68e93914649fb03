//! `-m mac`.

use nl_netfilter::xt::Mac;

use super::super::problem::{Problem, parameter};
use super::ports::not;
use super::{Extension, Given, Opt, Style, opt};

fn parse(text: &str) -> Option<[u8; 6]> {
    let mut mac = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut mac {
        let part = parts.next()?;
        let digits = part.len() <= 2 && part.bytes().all(|digit| digit.is_ascii_hexdigit());
        *byte = u8::from_str_radix(part, 16).ok().filter(|_| digits)?;
    }
    parts.next().is_none().then_some(mac)
}

fn show(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}

impl Extension for Mac {
    fn name(&self) -> &'static str {
        "mac"
    }

    fn options(&self) -> &'static [Opt] {
        const { &[opt("mac-source").invertible().mandatory()] }
    }

    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
        self.source =
            parse(given.value).ok_or_else(|| parameter!("Invalid MAC address specified."))?;
        self.invert = u32::from(given.inverted).into();
        Ok(())
    }

    fn list(&self, _style: Style) -> String {
        format!(" MAC{} {}", not(self.invert.get() != 0), show(self.source))
    }

    fn save(&self, _style: Style) -> String {
        format!(
            "{} --mac-source {}",
            not(self.invert.get() != 0),
            show(self.source)
        )
    }
}
