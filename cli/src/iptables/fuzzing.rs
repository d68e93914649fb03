//! What the fuzz target of command lines calls.

use nl_netfilter::iptables::{Rule, Target};
use nl_netfilter::{Family, Verdict};

use super::command::Command;
use super::parse::{Parsed, Request, parse};
use super::program::Program;
use super::show::save;

/// The words of a rule, read for both families: what is said about it reads as the same rule, from the kernel's form of
/// it and from the words of `-S`.
pub fn rule(words: &[String]) {
    if words.iter().any(|word| word.contains('\0')) {
        // No program is given such a word.
        return;
    }
    for name in ["iptables", "ip6tables"] {
        let program = Program::new(name);
        let _ = format!("{:?}", parse(&program, words));
        for rule in rules(&program, words) {
            again(&program, &rule);
        }
    }
}

/// The rules that a command line is about: one for each pair of addresses.
fn rules(program: &Program, words: &[String]) -> Vec<Rule> {
    let Ok(Parsed {
        request: Request::Command(command),
        ..
    }) = parse(program, words)
    else {
        return Vec::new();
    };
    let Command {
        action,
        mut rule,
        jump,
        sources,
        destinations,
        ..
    } = *command;
    if !action.takes_rule() {
        return Vec::new();
    }
    if let Some(jump) = jump {
        let verdict = match jump.goto {
            true => Verdict::Goto(jump.chain),
            false => Verdict::Jump(jump.chain),
        };
        rule.target = Target::Verdict(verdict);
    }
    let or_any = |list: Vec<_>| match list.is_empty() {
        true => vec![None],
        false => list.into_iter().map(Some).collect(),
    };
    let (sources, destinations) = (or_any(sources), or_any(destinations));
    let pairs = sources
        .iter()
        .flat_map(|source| destinations.iter().map(move |dest| (*source, *dest)));
    pairs
        .take(16)
        .map(|(source, destination)| Rule {
            source,
            destination,
            ..rule.clone()
        })
        .collect()
}

fn again(program: &Program, rule: &Rule) {
    let v6 = program.family == Family::IP6;
    let other = |protocol: u8| rule.transport() != Some(protocol);
    if rule.matches.iter().any(|m| m.protocol().is_some_and(other)) {
        // The kernel has no such rule.
        return;
    }
    let exprs = rule.to_new_rule(program.family, "filter", "c").exprs;
    let Ok(kept) = Rule::from_exprs(program.family, &exprs, &[]) else {
        panic!("the kernel's form is not read: {rule:?}");
    };
    let words = save(&kept, v6, false);
    assert_eq!(words, save(&kept.clone(), v6, false));
    // A word that iptables would have to quote, or does not print at all, is for another target.
    if words.contains(['"', '\'', '\\', '[']) {
        return;
    }
    let mut line: Vec<String> = vec!["-A".into(), "c".into()];
    line.extend(words.split_ascii_whitespace().map(str::to_owned));
    let read = rules(program, &line);
    assert_eq!(read.len(), 1, "what is printed is read: {words}");
    let exprs = |rule: &Rule| rule.to_new_rule(program.family, "filter", "c").exprs;
    let same = read.first().map(exprs);
    assert_eq!(
        same,
        Some(exprs(&Rule {
            counters: <_>::default(),
            ..kept
        })),
        "{words}"
    );
}
