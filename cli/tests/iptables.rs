//! iptables and ip6tables: beside the original where it is installed, and by themselves.
//!
//! The tables of command lines are in `tests/iptables/`. Each test has a network namespace of its own.

use std::fmt::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nl_netns::isolate;
use nlctl::iptables::parse;
use nlctl::iptables::program::Program;
use proptest::prelude::*;

const RULES: &str = include_str!("iptables/rules.txt");
const COMMANDS: &str = include_str!("iptables/commands.txt");
const MISTAKES: &str = include_str!("iptables/mistakes.txt");

/// Whose program runs a command line.
#[derive(Clone, Copy, PartialEq)]
enum Whose {
    Ours,
    Original,
}

use Whose::{Original, Ours};

/// Whether there is something to compare with.
fn originals() -> bool {
    let both = ["iptables-nft", "ip6tables-nft", "nft"].iter().all(|tool| {
        ["/usr/sbin", "/sbin", "/usr/bin"]
            .iter()
            .any(|dir| Path::new(dir).join(tool).exists())
    });
    if !both {
        println!("skipped: iptables-nft and nft are not installed here");
    }
    both
}

/// Splits a line at spaces; double quotes hold words together, and a backslash stands before a quote in them.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\'' if !quoted => {
                word.get_or_insert_default()
                    .extend(chars.by_ref().take_while(|c| *c != '\''));
            }
            '\\' if quoted => word.get_or_insert_default().extend(chars.next()),
            ' ' if !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Runs a command line; exit code, standard output and standard error.
fn run(whose: Whose, line: &str) -> String {
    let words = words(line);
    let [tool, args @ ..] = words.as_slice() else {
        panic!("no command: {line:?}");
    };
    let mut command = match whose {
        Ours if tool != "nft" => {
            let mut command = Command::new(env!("CARGO_BIN_EXE_nlctl"));
            command.arg0(tool);
            command
        }
        _ if tool == "nft" => Command::new("nft"),
        _ => {
            let mut command = Command::new(format!("{tool}-nft"));
            command.arg0(tool);
            command
        }
    };
    let output = command.args(args).output().expect("the program starts");
    format!(
        "exit {:?}\n{}{}",
        output.status.code(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn reset() {
    run(Original, "nft flush ruleset");
}

fn lines(table: &str) -> impl Iterator<Item = &str> {
    table.lines().filter(|line| !line.starts_with('#'))
}

/// Everything that listings show, by one of the two.
fn listings(whose: Whose) -> String {
    let mut text = String::new();
    for tool in ["iptables", "ip6tables"] {
        for table in ["filter", "nat", "mangle", "raw", "security"] {
            for how in ["-S", "-L", "-nvL", "-L -x -v --line-numbers", "-vS"] {
                let line = format!("{tool} -t {table} {how}");
                let _ = writeln!(text, "$ {line}\n{}", run(whose, &line));
            }
        }
    }
    text
}

/// The lines in which two texts differ, at most 40.
fn differences(ours: &str, original: &str) -> String {
    let mut text = String::new();
    let (ours, original): (Vec<_>, Vec<_>) = (ours.lines().collect(), original.lines().collect());
    let all = 0..ours.len().max(original.len());
    for at in all.filter(|at| ours.get(*at) != original.get(*at)).take(20) {
        let _ = writeln!(
            text,
            "ours:     {}\noriginal: {}",
            ours.get(at).unwrap_or(&"(nothing)"),
            original.get(at).unwrap_or(&"(nothing)")
        );
    }
    text
}

fn assert_same(ours: &str, original: &str, what: &str) {
    let differences = differences(ours, original);
    assert!(differences.is_empty(), "{what}:\n{differences}");
}

/// Runs a table of commands with both, each from an empty ruleset on, and compares what each command said.
fn assert_same_story(table: &str) {
    let stories = [Original, Ours].map(|whose| {
        reset();
        let mut story = Vec::new();
        for line in lines(table) {
            if line == "reset" {
                story.push(("nft", run(Original, "nft list ruleset")));
                reset();
            } else {
                story.push((line, run(whose, line)));
            }
        }
        story.push(("nft list ruleset", run(Original, "nft list ruleset")));
        story
    });
    let [original, ours] = stories;
    let mut all = String::new();
    for ((line, original), (_, ours)) in original.into_iter().zip(ours) {
        let found = differences(&ours, &original);
        if !found.is_empty() {
            let _ = writeln!(all, "$ {line}\n{found}");
        }
    }
    assert!(all.is_empty(), "{all}");
}

#[test]
fn commands_say_and_do_the_same() {
    isolate!(|| {
        if originals() {
            assert_same_story(COMMANDS);
        }
    });
}

#[test]
fn mistakes_are_refused_in_the_same_words() {
    isolate!(|| {
        if originals() {
            assert_same_story(MISTAKES);
        }
    });
}

#[test]
fn each_lists_and_deletes_the_rules_of_the_other() {
    isolate!(|| {
        if !originals() {
            return;
        }
        let rulesets = [Original, Ours].map(|whose| {
            reset();
            for line in lines(RULES) {
                assert_eq!(run(whose, line), "exit Some(0)\n", "{line}");
            }
            assert_same(&listings(Ours), &listings(Original), "listings");
            // Expression by expression, then in nft's words.
            let ruleset = run(Original, "nft --debug=netlink list ruleset");
            let other = if whose == Ours { Original } else { Ours };
            for line in lines(RULES) {
                let [check, delete] = [" -C ", " -D "].map(|verb| {
                    // Counters are no part of what is looked for.
                    line.replacen(" -A ", verb, 1)
                        .replace(" -c 5 6", "")
                        .replace(" -c 99999 100000", "")
                        .replace(" -c 100000 9999999", "")
                        .replace(" -c 1234567890 12345678901234", "")
                });
                assert_eq!(run(other, &check), "exit Some(0)\n", "{check}");
                assert_eq!(run(other, &delete), "exit Some(0)\n", "{delete}");
            }
            ruleset
        });
        let [original, ours] = rulesets;
        assert_same(&ours, &original, "nft list ruleset");
    });
}

/// Runs our program, which must succeed, and gives what it printed.
fn ours(line: &str) -> String {
    let said = run(Ours, line);
    match said.strip_prefix("exit Some(0)\n") {
        Some(printed) => printed.to_owned(),
        None => panic!("{line}: {said}"),
    }
}

#[test]
fn a_rule_is_listed_as_it_was_given() {
    isolate!(|| {
        for rule in [
            "-s 10.0.0.0/24 -o uplink -j MASQUERADE",
            "! -s 172.17.0.0/16 -d 192.0.2.1/32 ! -o docker0 -p tcp -m tcp --sport 1:2 ! --dport 80 -j RETURN",
            "-m comment --comment \"two words\" -m mark --mark 0x4000/0x4000 -j SNAT --to-source 192.0.2.7",
        ] {
            assert_eq!(ours(&format!("iptables -t nat -A POSTROUTING {rule}")), "");
            let listed = ours("iptables -t nat -S POSTROUTING");
            assert_eq!(
                listed,
                format!("-P POSTROUTING ACCEPT\n-A POSTROUTING {rule}\n")
            );
            assert_eq!(ours(&format!("iptables -t nat -D POSTROUTING {rule}")), "");
        }
    });
}

#[test]
fn a_listing_looks_like_this() {
    isolate!(|| {
        ours("iptables --policy FORWARD DROP");
        ours("iptables --append FORWARD --source 192.168.20.102/24 --jump ACCEPT");
        ours(
            "iptables -A FORWARD -d 10.0.0.0/24 --match conntrack --ctstate ESTABLISHED,RELATED -c 100000 7 -j ACCEPT",
        );
        assert_eq!(
            ours("iptables -n -v --list FORWARD"),
            "Chain FORWARD (policy DROP 0 packets, 0 bytes)
 pkts bytes target     prot opt in     out     source               destination         
    0     0 ACCEPT     0    --  *      *       192.168.20.0/24      0.0.0.0/0           
 100K     7 ACCEPT     0    --  *      *       0.0.0.0/0            10.0.0.0/24          ctstate RELATED,ESTABLISHED
"
        );
        ours("iptables -Z");
        assert!(ours("iptables -nvL FORWARD").contains(
            "    0     0 ACCEPT     0    --  *      *       0.0.0.0/0            10.0.0.0/24"
        ));
    });
}

#[test]
fn addresses_make_several_rules_or_none() {
    isolate!(|| {
        ours("iptables -N lan");
        ours("iptables -I lan -s 10.0.0.1,10.0.0.2 -d 10.0.1.1,10.0.1.2");
        assert_eq!(ours("iptables -S lan").lines().count(), 5);
        ours("iptables -A INPUT -j lan");
        // The jump is refused by the kernel in a loop: nothing of the command is done.
        let refused = run(Ours, "iptables -A lan -s 10.0.0.3,10.0.0.4 -j lan");
        assert_eq!(
            refused,
            "exit Some(4)\niptables v1.8.9 (nf_tables):  RULE_APPEND failed (Too many links): rule in chain lan\n"
        );
        assert_eq!(ours("iptables -S lan").lines().count(), 5);
        ours("iptables -D lan -s 10.0.0.1,10.0.0.2 -d 10.0.1.1,10.0.1.2");
        assert_eq!(ours("iptables -S lan"), "-N lan\n");
        // Deleting a chain never takes its rules along.
        ours("iptables -A lan -j DROP");
        assert!(
            run(Ours, "iptables -X lan")
                .contains("CHAIN_DEL failed (Device or resource busy): chain lan")
        );
        assert_eq!(ours("iptables -S lan"), "-N lan\n-A lan -j DROP\n");
    });
}

#[test]
fn what_is_not_there_is_exit_code_1() {
    isolate!(|| {
        for (line, sentence) in [
            (
                "iptables -D INPUT -j ACCEPT",
                "iptables: Bad rule (does a matching rule exist in that chain?).\n",
            ),
            (
                "iptables -A nowhere -j ACCEPT",
                "iptables: No chain/target/match by that name.\n",
            ),
            ("iptables -N INPUT", "iptables: Chain already exists.\n"),
            (
                "ip6tables -D INPUT 1",
                "ip6tables: No chain/target/match by that name.\n",
            ),
        ] {
            assert_eq!(
                run(Ours, line),
                format!("exit Some(1)\n{sentence}"),
                "{line}"
            );
        }
    });
}

/// Many words that mean something, and some that do not.
fn any_word() -> impl Strategy<Value = String> {
    let known: Vec<String> = [RULES, COMMANDS, MISTAKES]
        .iter()
        .flat_map(|table| lines(table).flat_map(words))
        .collect();
    prop_oneof![
        8 => prop::sample::select(known),
        1 => any::<String>(),
        1 => "-{1,2}[a-zA-Z0-9-]{0,6}",
        1 => "[0-9a-f:./,-]{0,12}",
    ]
}

proptest! {
    #[test]
    fn any_words_are_read_or_refused(words in prop::collection::vec(any_word(), 0..12), v6: bool) {
        let program = Program::new(if v6 { "ip6tables" } else { "iptables" });
        let _ = parse::parse(&program, &words);
    }
}
