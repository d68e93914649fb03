//! [`Ensure`] for policy routing rules.

use nl_core::{Connection, Error, Request, Writer};

use super::{Ensure, Ensured, gone};
use crate::Route;
use crate::prefix::Prefix;
use crate::rule::{
    DelRule, FRA_DPORT_MASK, FRA_DSCP, FRA_DSCP_MASK, FRA_DST, FRA_FLOWLABEL_MASK, FRA_FWMASK,
    FRA_IIFNAME, FRA_OIFNAME, FRA_PAD, FRA_PRIORITY, FRA_PROTOCOL, FRA_SPORT_MASK, FRA_SRC,
    FRA_SUPPRESS_IFGROUP, FRA_SUPPRESS_PREFIXLEN, FRA_TABLE, FRA_UID_RANGE, GetRules, NewRule,
    RuleAction, RuleFlags, RuleView,
};
use crate::value::{Family, Mode};

/// Makes the rule unless there is one that says exactly the same. A priority or protocol that is not said may be any;
/// otherwise the kernel would make one more each time.
/// One that differs stays beside it: rules have nothing that tells one from the others but all that they say.
impl Ensure for NewRule {
    fn ensure(&self, rt: &mut Connection<Route>) -> Result<Ensured, Error> {
        if any(rt, self.family, self, says_the_same)? == Some(true) {
            return Ok(Ensured::Unchanged);
        }
        rt.call(&self.clone().mode(Mode::Add))?;
        Ok(Ensured::Changed)
    }
}

/// Deletes the first rule that fits, if there is one.
impl Ensure for DelRule {
    fn ensure(&self, rt: &mut Connection<Route>) -> Result<Ensured, Error> {
        let there = any(rt, self.0.family, self, fits)?;
        gone(rt, there.unwrap_or(true), self)
    }
}

/// Whether there is a rule that compares with a request; `None` if what the request says cannot be read, about which the
/// kernel has the words.
fn any(
    rt: &mut Connection<Route>,
    family: Family,
    request: &impl Request,
    compare: fn(&RuleView<'_>, &RuleView<'_>) -> bool,
) -> Result<Option<bool>, Error> {
    let mut out = Writer::new();
    request.write(&mut out);
    // What no message can hold would look like a rule without it.
    let request = out.into_bytes()?;
    let Ok(wanted) = RuleView::parse(&request) else {
        return Ok(None);
    };
    let all = rt.collect(&GetRules::new(family))?;
    let mut all = all.iter();
    Ok(Some(all.any(|rule| compare(&wanted, &rule.view()))))
}

fn says_the_same(wanted: &RuleView<'_>, there: &RuleView<'_>) -> bool {
    let inverts = |rule: &RuleView<'_>| rule.flags().contains(RuleFlags::INVERT);
    let open = |number| {
        matches!(
            number,
            FRA_PRIORITY | FRA_PROTOCOL | FRA_PAD | FRA_TABLE | FRA_SRC | FRA_DST
        )
    };
    let is_mask = |number| {
        matches!(
            number,
            FRA_FWMASK | FRA_SPORT_MASK | FRA_DPORT_MASK | FRA_DSCP_MASK | FRA_FLOWLABEL_MASK
        )
    };
    let mut more = there.attrs().flatten().filter(|attr| {
        let number = attr.number();
        let whole = match number {
            FRA_DSCP_MASK => &[0x3f][..],
            FRA_FLOWLABEL_MASK => &[0, 0x0f, 0xff, 0xff],
            _ => &[0xff; 4],
        };
        let is_whole = is_mask(number) && whole.starts_with(attr.payload);
        !open(number) && !is_whole && value(wanted, number).is_none()
    });
    fits(wanted, there)
        && inverts(wanted) == inverts(there)
        && some(wanted.src()) == some(there.src())
        && some(wanted.dst()) == some(there.dst())
        && wanted.tos() == there.tos()
        && wanted.action() == there.action()
        && wanted.table() == there.table()
        && more.all(|attr| value(there, attr.number()).is_none())
}

/// Whether a rule has all that is said: what the kernel compares when it deletes.
fn fits(wanted: &RuleView<'_>, there: &RuleView<'_>) -> bool {
    let table = wanted.table();
    // A mark without a mask is the whole.
    let is_whole_mark = wanted.fwmark().is_none()
        || wanted.fwmask().is_some()
        || there.fwmask().is_none_or(|mask| mask == u32::MAX);
    let mut attrs = wanted.attrs().flatten();
    wanted.family() == there.family()
        && (wanted.tos() == 0 || wanted.tos() == there.tos())
        && (wanted.action() == RuleAction::UNSPEC || wanted.action() == there.action())
        && is_whole_mark
        && (table.0 == 0 || table == there.table())
        && (some(wanted.src()).is_none() || wanted.src() == there.src())
        && (some(wanted.dst()).is_none() || wanted.dst() == there.dst())
        && attrs.all(|attr| {
            let number = attr.number();
            matches!(number, FRA_TABLE | FRA_SRC | FRA_DST | FRA_PAD)
                || value(wanted, number) == value(there, number)
        })
}

/// Not all addresses: those the kernel does not tell.
fn some(prefix: Option<Prefix>) -> Option<Prefix> {
    prefix.filter(|prefix| prefix.len > 0)
}

/// What an attribute says; nothing, if it is not there or says what its absence does.
fn value<'a>(rule: &RuleView<'a>, number: u16) -> Option<&'a [u8]> {
    let mut attrs = rule.attrs().flatten();
    let payload = attrs.find(|attr| attr.number() == number)?.payload;
    let payload = match number {
        FRA_IIFNAME | FRA_OIFNAME => payload.strip_suffix(&[0]).unwrap_or(payload),
        _ => payload,
    };
    let none = match number {
        FRA_SUPPRESS_PREFIXLEN | FRA_SUPPRESS_IFGROUP => 0xff,
        // Here 0 is a value like others.
        FRA_UID_RANGE | FRA_DSCP => return Some(payload),
        _ => 0,
    };
    (!payload.iter().all(|&byte| byte == none)).then_some(payload)
}
