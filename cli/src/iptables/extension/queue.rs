//! `-j NFQUEUE`.

use nl_netfilter::xt::NfQueue;

use super::super::problem::{Problem, parameter};
use super::super::value;
use super::{Extension, Given, Opt, Style, flag, opt};

const BYPASS: u16 = 1;
const CPU_FANOUT: u16 = 2;

/// `-j NFQUEUE` without options.
pub(super) fn first() -> NfQueue {
    NfQueue {
        queues: 1.into(),
        ..NfQueue::default()
    }
}

impl Extension for NfQueue {
    fn name(&self) -> &'static str {
        "NFQUEUE"
    }

    fn options(&self) -> &'static [Opt] {
        const {
            &[
                opt("queue-num").excludes(&["queue-balance"]),
                opt("queue-balance").excludes(&["queue-num"]),
                flag("queue-bypass"),
                flag("queue-cpu-fanout"),
            ]
        }
    }

    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
        let bad = || given.bad_integer("NFQUEUE");
        match given.id {
            "queue-num" => self.queue = value::number_u16(given.value).ok_or_else(bad)?.into(),
            "queue-balance" => {
                let (low, high) = given.value.split_once(':').ok_or_else(bad)?;
                let low = value::number_u16(low).ok_or_else(bad)?;
                let high = value::number_u16(high).ok_or_else(bad)?;
                if low >= high {
                    return Err(parameter!("xt_NFQUEUE: Queue range funky {low}:{high}"));
                }
                self.queue = low.into();
                self.queues = (high - low).saturating_add(1).into();
            }
            "queue-bypass" => self.flags = (self.flags.get() | BYPASS).into(),
            _ => self.flags = (self.flags.get() | CPU_FANOUT).into(),
        }
        Ok(())
    }

    fn check(&mut self, given: &[&'static str]) -> Result<(), Problem> {
        if given.contains(&"queue-cpu-fanout") && !given.contains(&"queue-balance") {
            return Err(parameter!(
                "NFQUEUE: option \"--queue-cpu-fanout\" also requires \"--queue-balance\".\n"
            ));
        }
        Ok(())
    }

    fn list(&self, _style: Style) -> String {
        format!(
            " NFQUEUE{}",
            self.words(["num", "balance", "bypass", "cpu-fanout"])
        )
    }

    fn save(&self, _style: Style) -> String {
        self.words([
            "--queue-num",
            "--queue-balance",
            "--queue-bypass",
            "--queue-cpu-fanout",
        ])
    }
}

trait Words {
    fn words(&self, words: [&str; 4]) -> String;
}

impl Words for NfQueue {
    fn words(&self, [num, balance, bypass, fanout]: [&str; 4]) -> String {
        let (first, count) = (self.queue.get(), self.queues.get());
        let mut out = if count > 1 {
            let last = u32::from(first) + u32::from(count) - 1;
            format!(" {balance} {first}:{last}")
        } else {
            format!(" {num} {first}")
        };
        if self.flags.get() & BYPASS != 0 {
            out += &format!(" {bypass}");
        }
        if self.flags.get() & CPU_FANOUT != 0 {
            out += &format!(" {fanout}");
        }
        out
    }
}
