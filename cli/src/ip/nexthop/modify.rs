//! `ip nexthop add` and its kin.

use nl_core::{Request, Writer};
use nl_route::nexthop::{GroupType, NewNexthop, NexthopGrp};
use nl_route::protocol::RTM_DELNEXTHOP;
use nl_route::{Family, Mode, Route};

use super::select::{device, id};
use super::usage;
use crate::failure::Failure;
use crate::ip::Ip;
use crate::ip::names::number;
use crate::ip::options::{AF_INET, AF_UNSPEC};
use crate::ip::route::{gateway_word, invalid, no_encap, protocol};
use crate::words::{Words, matches, wrong};

/// `USER_HZ`.
const HZ: u32 = 100;

/// What is done with the nexthop.
#[derive(Clone, Copy)]
pub(super) enum Change {
    Make(Mode),
    Delete,
}

/// Deletes a nexthop; what is said beside its id is for the kernel to refuse.
struct Delete(NewNexthop);

impl Request for Delete {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_DELNEXTHOP
    }
    fn write(&self, out: &mut Writer) {
        self.0.write(out);
    }
}

pub(super) fn run(ip: &mut Ip<'_>, mut words: Words<'_>, change: Change) -> Result<(), Failure> {
    let mut family = ip.options.family;
    let mut nexthop = NewNexthop::group([]);
    while let Some(word) = words.next() {
        match word {
            "id" => nexthop.id = Some(id(words.required()?)?),
            "dev" => {
                nexthop.oif = Some(device(ip, words.required()?)?);
                ipv4_unless_said(&mut family);
            }
            "via" => nexthop.gateway = Some(gateway_word(&mut family, &mut words)?),
            "encap" => return Err(no_encap("nexthop", &mut words)),
            "blackhole" => {
                nexthop.blackhole = true;
                ipv4_unless_said(&mut family);
            }
            "fdb" => nexthop.fdb = true,
            "onlink" => nexthop = nexthop.onlink(),
            "group" => nexthop.group = members(words.required()?)?,
            "type" => group_type(&mut nexthop, &mut words)?,
            _ if matches(word, "protocol") => nexthop.protocol = protocol(words.required()?)?,
            "help" => return Err(usage()),
            _ => return Err(wrong(word, "")),
        }
    }
    nexthop.family = Family(family);
    match change {
        Change::Make(mode) => ip.post(&nexthop.mode(mode)),
        Change::Delete => ip.post(&Delete(nexthop)),
    }
}

fn ipv4_unless_said(family: &mut u8) {
    if *family == AF_UNSPEC {
        *family = AF_INET;
    }
}

/// `ID[,WEIGHT]/ID[,WEIGHT]/…`.
fn members(word: &str) -> Result<Vec<NexthopGrp>, Failure> {
    // Whichever id is wrong, ip complains of the first.
    let first = word.split(['/', ',']).next().unwrap_or_default();
    word.split('/')
        .map(|member| {
            let (id, weight) = match member.split_once(',') {
                Some((id, weight)) => (id, Some(weight)),
                None => (member, None),
            };
            let id = number(id).ok_or_else(|| invalid(first, "group"))?;
            let weight = match weight {
                None => 1,
                Some(weight) => number(weight)
                    .filter(|weight| (1..=256).contains(weight))
                    .ok_or_else(|| wrong(weight, "\"weight\" is invalid\n"))?,
            };
            Ok(NexthopGrp::new(id, weight))
        })
        .collect()
}

/// A group's type, and behind `resilient` what such a group has.
fn group_type(nexthop: &mut NewNexthop, words: &mut Words<'_>) -> Result<(), Failure> {
    let word = words.required()?;
    let found = [GroupType::MPATH, GroupType::RESILIENT]
        .into_iter()
        .find(|found| found.name() == Some(word))
        .ok_or_else(|| invalid(word, "type"))?;
    nexthop.group_type = Some(found);
    while found == GroupType::RESILIENT
        && let Some(word @ ("buckets" | "idle_timer" | "unbalanced_timer")) = words.peek()
    {
        words.next();
        let value = words.required()?;
        match word {
            "buckets" => {
                let count = number(value).ok_or_else(|| wrong(value, "invalid buckets value"))?;
                nexthop.buckets = Some(count);
            }
            "idle_timer" => nexthop.idle_timer = Some(ticks(value, "idle timer")?),
            _ => nexthop.unbalanced_timer = Some(ticks(value, "unbalanced timer")?),
        }
    }
    Ok(())
}

/// Seconds as ticks.
fn ticks(word: &str, what: &str) -> Result<u32, Failure> {
    number(word)
        .filter(|seconds| *seconds < u32::MAX / HZ)
        .map(|seconds: u32| seconds * HZ)
        .ok_or_else(|| wrong(word, format_args!("invalid {what} value")))
}
