//! The command line, read as getopt_long(3) and iptables read it.

use nl_netfilter::expr::XtTarget;
use nl_netfilter::iptables::{Address, Interface, Match, Protocol, Rule, Target};
use nl_netfilter::{Verdict, xt::Tcp, xt::Udp};

use super::command::{Action, Command, Jump, Show};
use super::extension::{self, Given, Opt};
use super::problem::{Problem, parameter};
use super::program::Program;
use super::value;

/// Chain names must be shorter than this.
const MAX_CHAIN: usize = 29;
/// Names of targets may be as long as this.
const MAX_TARGET: usize = 28;

/// An option that is no extension's.
struct Global {
    letter: char,
    long: &'static str,
    argument: Argument,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Argument {
    No,
    Yes,
    /// Only attached to the option; what stands behind is looked at by the option itself.
    Attached,
}

const fn global(letter: char, long: &'static str, argument: Argument) -> Global {
    Global {
        letter,
        long,
        argument,
    }
}

/// `--line-numbers`, which has no letter; messages call it so.
const LINE_NUMBERS: char = '0';

#[rustfmt::skip]
const GLOBALS: &[Global] = &[
    global('A', "append", Argument::Yes),
    global('D', "delete", Argument::Yes),
    global('C', "check", Argument::Yes),
    global('I', "insert", Argument::Yes),
    global('R', "replace", Argument::Yes),
    global('L', "list", Argument::Attached),
    global('S', "list-rules", Argument::Attached),
    global('F', "flush", Argument::Attached),
    global('Z', "zero", Argument::Attached),
    global('N', "new-chain", Argument::Yes),
    global('X', "delete-chain", Argument::Attached),
    global('E', "rename-chain", Argument::Yes),
    global('P', "policy", Argument::Yes),
    global('s', "source", Argument::Yes),
    global('d', "destination", Argument::Yes),
    global('s', "src", Argument::Yes),
    global('d', "dst", Argument::Yes),
    global('p', "protocol", Argument::Yes),
    global('i', "in-interface", Argument::Yes),
    global('j', "jump", Argument::Yes),
    global('t', "table", Argument::Yes),
    global('m', "match", Argument::Yes),
    global('n', "numeric", Argument::No),
    global('o', "out-interface", Argument::Yes),
    global('v', "verbose", Argument::No),
    global('w', "wait", Argument::Attached),
    global('W', "wait-interval", Argument::Attached),
    global('x', "exact", Argument::No),
    global('f', "fragments", Argument::No),
    global('V', "version", Argument::No),
    global('h', "help", Argument::Attached),
    global(LINE_NUMBERS, "line-numbers", Argument::No),
    global('M', "modprobe", Argument::Yes),
    global('c', "set-counters", Argument::Yes),
    global('g', "goto", Argument::Yes),
    global('4', "ipv4", Argument::No),
    global('6', "ipv6", Argument::No),
];

/// What a command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// To do something.
    Command(Box<Command>),
    /// `-h`.
    Help,
    /// `-V`.
    Version,
}

/// The answer, and what to tell on standard error meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// What is asked for.
    pub request: Request,
    /// Warnings, one a line.
    pub warnings: Vec<String>,
}

/// Reads the words behind the program's name.
///
/// # Errors
///
/// iptables' own sentence about what is wrong.
pub fn parse(program: &Program, args: &[String]) -> Result<Parsed, Problem> {
    parse_in(program, args, "filter", false)
}

/// The same for a line of iptables-restore, where the table is known and `-6` lines of iptables are skipped.
pub(super) fn parse_in(
    program: &Program,
    args: &[String],
    table: &str,
    restoring: bool,
) -> Result<Parsed, Problem> {
    let mut parser = Parser {
        program,
        args,
        at: 0,
        letters: None,
        last_word: "",
        actions: Vec::new(),
        table: table.to_owned(),
        chain: None,
        number: None,
        word: None,
        given: String::new(),
        show: Show::default(),
        rule: Rule::default(),
        protocol: None,
        sources: None,
        destinations: None,
        jump: None,
        loaded: Vec::new(),
        target_given: Vec::new(),
        inverted: false,
        restoring,
        warnings: Vec::new(),
    };
    let request = match parser.read()? {
        Some(request) => request,
        None => Request::Command(Box::new(parser.finish()?)),
    };
    Ok(Parsed {
        request,
        warnings: parser.warnings,
    })
}

struct Parser<'a> {
    program: &'a Program,
    args: &'a [String],
    at: usize,
    /// The rest of a word of letters, `-nvL`.
    letters: Option<&'a str>,
    /// The word that an option's value was in.
    last_word: &'a str,
    actions: Vec<Action>,
    table: String,
    chain: Option<String>,
    number: Option<u32>,
    word: Option<String>,
    /// Letters of the options that were given.
    given: String,
    show: Show,
    rule: Rule,
    /// `-p`: its number; 0 for all.
    protocol: Option<u8>,
    sources: Option<AddressWords<'a>>,
    destinations: Option<AddressWords<'a>>,
    jump: Option<Jump>,
    /// For each match of the rule, the options that it was given.
    loaded: Vec<Vec<&'static str>>,
    target_given: Vec<&'static str>,
    inverted: bool,
    restoring: bool,
    warnings: Vec<String>,
}

/// The word behind `-s` or `-d`.
#[derive(Clone, Copy)]
struct AddressWords<'a> {
    value: &'a str,
    inverted: bool,
}

/// An option as getopt finds it.
enum Found {
    Global(&'static Global),
    /// An option of the match at this place.
    Match(usize, &'static Opt),
    /// An option of the target.
    Target(&'static Opt),
}

impl<'a> Parser<'a> {
    /// Reads all words; a request that stops the reading is given back.
    fn read(&mut self) -> Result<Option<Request>, Problem> {
        loop {
            if let Some(letters) = self.letters.take().filter(|rest| !rest.is_empty()) {
                if let Some(request) = self.letter(letters)? {
                    return Ok(Some(request));
                }
                continue;
            }
            let Some(word) = self.args.get(self.at) else {
                break;
            };
            self.at += 1;
            self.last_word = word;
            let stop = if word == "--" {
                break;
            } else if let Some(long) = word.strip_prefix("--") {
                self.long(word, long)?
            } else if word.len() > 1 && word.starts_with('-') {
                self.letters = word.get(1..);
                None
            } else if word == "!" {
                if self.inverted {
                    return Err(parameter!("multiple consecutive ! not allowed"));
                }
                self.inverted = true;
                continue;
            } else {
                return Err(Problem::Bare(format!("Bad argument `{word}'")));
            };
            if stop.is_some() {
                return Ok(stop);
            }
        }
        if self.at < self.args.len() {
            return Err(parameter!("unknown arguments found on commandline"));
        }
        Ok(None)
    }

    fn letter(&mut self, letters: &'a str) -> Result<Option<Request>, Problem> {
        let letter = letters.chars().next().unwrap_or('?');
        let rest = letters.get(letter.len_utf8()..).unwrap_or("");
        let known = GLOBALS
            .iter()
            .find(|global| global.letter == letter && letter != LINE_NUMBERS);
        let Some(global) = known else {
            let word = self.args.get(self.at - 1).map_or("", String::as_str);
            return Err(parameter!("unknown option \"{word}\""));
        };
        let attached = Some(rest).filter(|rest| !rest.is_empty());
        let argument = match global.argument {
            Argument::No => {
                self.letters = attached;
                None
            }
            Argument::Attached => attached,
            Argument::Yes => Some(match attached {
                Some(argument) => argument,
                None => self.next_word(&format!("-{letter}"))?,
            }),
        };
        self.global(global.letter, argument)
    }

    fn long(&mut self, word: &'a str, long: &'a str) -> Result<Option<Request>, Problem> {
        let (name, attached) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (long, None),
        };
        let found = match self.find(name) {
            Some(found) => found,
            None if self.imply_match() => self
                .find(name)
                .ok_or_else(|| parameter!("unknown option \"{word}\""))?,
            None => return Err(parameter!("unknown option \"{word}\"")),
        };
        let values = match &found {
            Found::Global(global) => match global.argument {
                Argument::No => 0,
                Argument::Yes => 1,
                Argument::Attached => 2,
            },
            Found::Match(_, option) | Found::Target(option) => option.values.min(1),
        };
        let argument = match (values, attached) {
            (0, Some(_)) => return Err(parameter!("unknown option \"{word}\"")),
            (1, None) => Some(self.next_word(word)?),
            (_, attached) => attached,
        };
        match found {
            Found::Global(global) => self.global(global.letter, argument),
            Found::Match(place, option) => {
                let value = argument.unwrap_or("");
                let second = self.second_value(option)?;
                let inverted = std::mem::take(&mut self.inverted);
                let given = self.given_option(option, value, second, inverted);
                let before = self.loaded.get(place).cloned().unwrap_or_default();
                let given = Given {
                    before: &before,
                    ..given
                };
                let extension = self.rule.matches.get_mut(place);
                if let Some(extension) = extension.and_then(extension::match_extension) {
                    extension::set(extension, option, &given)?;
                }
                if let Some(before) = self.loaded.get_mut(place) {
                    before.push(option.id);
                }
                Ok(None)
            }
            Found::Target(option) => {
                let value = argument.unwrap_or("");
                let second = self.second_value(option)?;
                let inverted = std::mem::take(&mut self.inverted);
                let given = self.given_option(option, value, second, inverted);
                let before = self.target_given.clone();
                let given = Given {
                    before: &before,
                    ..given
                };
                if let Some(extension) = extension::target_extension(&mut self.rule.target) {
                    extension::set(extension, option, &given)?;
                }
                self.target_given.push(option.id);
                Ok(None)
            }
        }
    }

    fn given_option(
        &self,
        option: &'static Opt,
        value: &'a str,
        second: &'a str,
        inverted: bool,
    ) -> Given<'a> {
        Given {
            id: option.id,
            value,
            second,
            inverted,
            protocol: self.rule.protocol,
            v6: self.program.is_v6(),
            before: &[],
        }
    }

    /// The word behind the value, for an option with two.
    fn second_value(&mut self, option: &Opt) -> Result<&'a str, Problem> {
        if option.values < 2 {
            return Ok("");
        }
        self.plain_word()
            .ok_or_else(|| parameter!("--{} requires two args.", option.name))
    }

    /// The next word, whatever it is: the value of the option `named`.
    fn next_word(&mut self, named: &str) -> Result<&'a str, Problem> {
        let word = self
            .args
            .get(self.at)
            .ok_or_else(|| parameter!("option \"{named}\" requires an argument"))?;
        self.at += 1;
        self.last_word = word;
        Ok(word)
    }

    /// The next word, if it is neither an option nor `!`.
    fn plain_word(&mut self) -> Option<&'a str> {
        let word = self.args.get(self.at)?;
        if word.starts_with(['-', '!']) {
            return None;
        }
        self.at += 1;
        Some(word)
    }

    /// The option of this name, or the only one that begins so.
    fn find(&mut self, name: &str) -> Option<Found> {
        let mut starting: Vec<Found> = Vec::new();
        for global in GLOBALS {
            if global.long == name {
                return Some(Found::Global(global));
            }
            if global.long.starts_with(name) {
                starting.push(Found::Global(global));
            }
        }
        // What was loaded last is asked first.
        if let Some(extension) = extension::target_extension(&mut self.rule.target) {
            for option in extension.options() {
                if option.name == name {
                    return Some(Found::Target(option));
                }
                if option.name.starts_with(name) {
                    starting.push(Found::Target(option));
                }
            }
        }
        for (place, extension) in self.rule.matches.iter_mut().enumerate().rev() {
            let Some(extension) = extension::match_extension(extension) else {
                continue;
            };
            for option in extension.options() {
                if option.name == name {
                    return Some(Found::Match(place, option));
                }
                if option.name.starts_with(name) {
                    starting.push(Found::Match(place, option));
                }
            }
        }
        let same = |one: &Found, other: &Found| match (one, other) {
            (Found::Global(one), Found::Global(other)) => one.letter == other.letter,
            (Found::Match(at, one), Found::Match(also_at, other)) => {
                at == also_at && one.id == other.id
            }
            (Found::Target(one), Found::Target(other)) => one.id == other.id,
            _ => false,
        };
        let first = starting.first()?;
        let unique = starting.iter().all(|found| same(first, found));
        starting.into_iter().next().filter(|_| unique)
    }

    /// Loads the match that `-p` stands for, once.
    fn imply_match(&mut self) -> bool {
        let Some(implied) = self
            .rule
            .transport()
            .and_then(|number| extension::implied_match(number, self.program.is_v6()))
        else {
            return false;
        };
        let same =
            |loaded: &Match| std::mem::discriminant(loaded) == std::mem::discriminant(&implied);
        if self.rule.matches.iter().any(same) {
            return false;
        }
        self.rule.matches.push(implied);
        self.loaded.push(Vec::new());
        true
    }

    /// Notes an option that may be given once, and takes the `!` before it.
    fn note(&mut self, letter: char) -> Result<bool, Problem> {
        if self.given.contains(letter) && letter != 'v' {
            return Err(parameter!("multiple -{letter} flags not allowed"));
        }
        self.given.push(letter);
        let inverted = std::mem::take(&mut self.inverted);
        if inverted && !"sdpiof".contains(letter) {
            return Err(parameter!("cannot have ! before -{letter}"));
        }
        Ok(inverted)
    }

    fn action(&mut self, action: Action) -> Result<(), Problem> {
        if std::mem::take(&mut self.inverted) {
            return Err(parameter!("unexpected '!' flag"));
        }
        let lists = |action| matches!(action, Action::List | Action::ListRules);
        let go_together = |one, other| lists(one) && other == Action::Zero;
        let conflict = self
            .actions
            .iter()
            .find(|earlier| !(go_together(**earlier, action) || go_together(action, **earlier)));
        if let Some(earlier) = conflict {
            return Err(parameter!(
                "Cannot use -{} with -{}",
                action.letter(),
                earlier.letter()
            ));
        }
        self.actions.push(action);
        Ok(())
    }

    fn rule_number(&self, text: &str) -> Result<u32, Problem> {
        value::number_u32(text)
            .filter(|number| *number > 0)
            .ok_or_else(|| parameter!("Invalid rule number `{text}'"))
    }

    /// An option of no extension; something that stops the reading is given back.
    fn global(
        &mut self,
        letter: char,
        argument: Option<&'a str>,
    ) -> Result<Option<Request>, Problem> {
        let value = argument.unwrap_or("");
        match letter {
            'A' => {
                self.action(Action::Append)?;
                self.chain = Some(value.to_owned());
            }
            'C' => {
                self.action(Action::Check)?;
                self.chain = Some(value.to_owned());
            }
            'D' => {
                self.chain = Some(value.to_owned());
                match self.plain_word() {
                    Some(number) => {
                        self.number = Some(self.rule_number(number)?);
                        self.action(Action::DeleteNumber)?;
                    }
                    None => self.action(Action::Delete)?,
                }
            }
            'I' => {
                self.action(Action::Insert)?;
                self.chain = Some(value.to_owned());
                self.number = match self.plain_word() {
                    Some(number) => Some(self.rule_number(number)?),
                    None => Some(1),
                };
            }
            'R' => {
                self.action(Action::Replace)?;
                self.chain = Some(value.to_owned());
                let number = self.plain_word();
                let number = number.ok_or_else(|| parameter!("-R requires a rule number"))?;
                self.number = Some(self.rule_number(number)?);
            }
            'L' | 'S' | 'Z' => {
                self.action(match letter {
                    'L' => Action::List,
                    'S' => Action::ListRules,
                    _ => Action::Zero,
                })?;
                let chain = argument.or_else(|| self.plain_word());
                if let Some(chain) = chain {
                    self.chain = Some(chain.to_owned());
                    if let Some(number) = self.plain_word() {
                        self.number = Some(self.rule_number(number)?);
                        if let (Some(last), 'Z') = (self.actions.last_mut(), letter) {
                            *last = Action::ZeroNumber;
                        }
                    }
                }
            }
            'F' | 'X' => {
                self.action(if letter == 'F' {
                    Action::Flush
                } else {
                    Action::DeleteChain
                })?;
                let chain = argument.or_else(|| self.plain_word());
                if let Some(chain) = chain {
                    self.chain = Some(chain.to_owned());
                }
            }
            'N' => {
                new_chain_name(value, self.program.is_v6())?;
                self.action(Action::NewChain)?;
                self.chain = Some(value.to_owned());
            }
            'E' => {
                self.action(Action::RenameChain)?;
                self.chain = Some(value.to_owned());
                let new = self.plain_word();
                let new =
                    new.ok_or_else(|| parameter!("-E requires old-chain-name and new-chain-name"))?;
                self.word = Some(new.to_owned());
            }
            'P' => {
                self.action(Action::SetPolicy)?;
                self.chain = Some(value.to_owned());
                let policy = self.plain_word();
                let policy =
                    policy.ok_or_else(|| parameter!("-P requires a chain and a policy"))?;
                self.word = Some(policy.to_owned());
            }
            'h' => {
                if std::mem::take(&mut self.inverted) {
                    return Err(parameter!("unexpected '!' flag"));
                }
                return Ok(Some(Request::Help));
            }
            'V' => return Ok(Some(Request::Version)),
            'p' => self.protocol(value)?,
            's' | 'd' => {
                let inverted = self.note(letter)?;
                let words = AddressWords { value, inverted };
                if letter == 's' {
                    self.sources = Some(words);
                } else {
                    self.destinations = Some(words);
                }
            }
            'i' | 'o' => {
                if value.is_empty() {
                    return Err(parameter!("Empty interface is likely to be undesired"));
                }
                let inverted = self.note(letter)?;
                let interface = self.interface(value, inverted)?;
                if letter == 'i' {
                    self.rule.input = interface;
                } else {
                    self.rule.output = interface;
                }
            }
            'f' => {
                if self.program.is_v6() {
                    return Err(parameter!(
                        "`-f' is not supported in IPv6, use -m frag instead"
                    ));
                }
                let inverted = self.note(letter)?;
                self.rule.fragment = Some(!inverted);
            }
            'j' => {
                self.note('j')?;
                self.jump(value)?;
            }
            'g' => {
                self.note('j')?;
                self.jump = Some(Jump {
                    chain: target_name(value)?,
                    goto: true,
                });
            }
            'm' => {
                if std::mem::take(&mut self.inverted) {
                    return Err(parameter!("unexpected ! flag before --match"));
                }
                let loaded =
                    extension::new_match(value, self.program.is_v6()).ok_or_else(|| {
                        parameter!("Couldn't load match `{value}':No such file or directory\n")
                    })?;
                self.rule.matches.push(loaded);
                self.loaded.push(Vec::new());
            }
            't' => {
                if std::mem::take(&mut self.inverted) {
                    return Err(parameter!("unexpected ! flag before --table"));
                }
                if self.restoring {
                    return Err(parameter!(
                        "The -t option cannot be used in iptables-restore.\n"
                    ));
                }
                value.clone_into(&mut self.table);
            }
            'n' => {
                self.note(letter)?;
                self.show.numeric = true;
            }
            'v' => {
                self.note(letter)?;
                self.show.verbose += 1;
            }
            'x' => {
                self.note(letter)?;
                self.show.exact = true;
            }
            LINE_NUMBERS => {
                self.note(letter)?;
                self.show.line_numbers = true;
            }
            'w' | 'W' => {
                // There is no lock to wait for: a transaction is done as a whole.
                let seconds = argument.or_else(|| self.plain_word());
                if seconds.is_some_and(|seconds| value::number_u32(seconds).is_none()) {
                    return Err(parameter!("wait seconds not numeric"));
                }
            }
            'c' => {
                self.note(letter)?;
                let (packets, bytes) = match value.split_once(',') {
                    Some(both) => both,
                    None => match self.plain_word() {
                        Some(bytes) => (value, bytes),
                        None => {
                            return Err(parameter!("-c requires packet and byte counter"));
                        }
                    },
                };
                let number = |text: &str, word| {
                    text.parse::<u64>()
                        .map_err(|_| parameter!("-c {word} counter not numeric"))
                };
                self.rule.counters.packets = number(packets, "packet")?;
                self.rule.counters.bytes = number(bytes, "byte")?;
            }
            '4' | '6' if (letter == '6') != self.program.is_v6() => {
                return Err(if self.restoring {
                    Problem::Said(0)
                } else {
                    Problem::Bare(String::new())
                });
            }
            // A module is loaded by the kernel itself.
            _ => {}
        }
        Ok(None)
    }

    fn protocol(&mut self, value: &str) -> Result<(), Problem> {
        let inverted = self.note('p')?;
        let number = value::protocol(value)
            .ok_or_else(|| parameter!("unknown protocol \"{}\" specified", self.last_word))?;
        if number == 0 && inverted {
            return Err(parameter!("rule would never match protocol"));
        }
        if self.program.is_v6() && matches!(number, 51 | 60 | 43 | 44) && !inverted {
            self.warnings.push(format!(
                "Warning: never matched protocol: {value}. use extension match instead."
            ));
        }
        self.protocol = Some(number);
        self.rule.protocol = (number != 0).then_some(Protocol { number, inverted });
        Ok(())
    }

    fn interface(&mut self, name: &str, inverted: bool) -> Result<Option<Interface>, Problem> {
        if name.len() > 15 {
            return Err(parameter!(
                "interface name `{name}' must be shorter than IFNAMSIZ (15)"
            ));
        }
        if name.contains(['/', ' ']) {
            self.warnings.push(format!(
                "Warning: weird character in interface `{name}' ('/' and ' ' are not allowed by the kernel)."
            ));
        }
        Ok(Some(Interface {
            name: name.to_owned(),
            inverted,
        }))
    }

    fn jump(&mut self, name: &str) -> Result<(), Problem> {
        let name = target_name(name)?;
        self.rule.target = match name.as_str() {
            "ACCEPT" => Target::Verdict(Verdict::Accept),
            "DROP" => Target::Verdict(Verdict::Drop),
            "RETURN" => Target::Verdict(Verdict::Return),
            // Left to the kernel, which has had no such target for long.
            "QUEUE" => Target::Other(XtTarget {
                name,
                rev: 0,
                info: vec![0; 8],
            }),
            _ => match extension::new_target(&name, self.program.is_v6()) {
                Some(target) => target,
                None => {
                    self.jump = Some(Jump {
                        chain: name,
                        goto: false,
                    });
                    return Ok(());
                }
            },
        };
        Ok(())
    }

    /// Looks at the whole.
    fn finish(&mut self) -> Result<Command, Problem> {
        for (extension, given) in self.rule.matches.iter_mut().zip(&self.loaded) {
            if let Some(extension) = extension::match_extension(extension) {
                extension::check(extension, given)?;
            }
        }
        if let Some(extension) = extension::target_extension(&mut self.rule.target) {
            extension::check(extension, &self.target_given)?;
        }
        if self.inverted {
            return Err(parameter!("nothing appropriate following !"));
        }
        let Some(action) = self
            .actions
            .iter()
            .copied()
            .reduce(|one, other| if one == Action::Zero { other } else { one })
        else {
            return Err(parameter!("no command specified"));
        };
        let illegal = action.illegal();
        if let Some(letter) = "nsdpjvxio0cf"
            .chars()
            .find(|letter| self.given.contains(*letter) && illegal.contains(*letter))
        {
            return Err(parameter!("Illegal option `-{letter}' with this command"));
        }
        if let Some(chain) = &self.chain {
            if chain.len() >= MAX_CHAIN {
                return Err(parameter!(
                    "chain name `{chain}' too long (must be under {MAX_CHAIN} chars)"
                ));
            }
            let no_output = matches!(chain.as_str(), "PREROUTING" | "INPUT");
            if action.takes_rule() && no_output && self.given.contains('o') {
                return Err(parameter!("Can't use -o with {chain}\n"));
            }
            let no_input = matches!(chain.as_str(), "POSTROUTING" | "OUTPUT");
            if action.takes_rule() && no_input && self.given.contains('i') {
                return Err(parameter!("Can't use -i with {chain}\n"));
            }
        }
        self.need_protocol()?;
        let (sources, destinations) = (
            self.addresses(self.sources)?,
            self.addresses(self.destinations)?,
        );
        Ok(Command {
            action,
            zero: self.actions.len() > 1,
            table: std::mem::take(&mut self.table),
            chain: self.chain.take(),
            number: self.number,
            word: self.word.take(),
            rule: std::mem::take(&mut self.rule),
            jump: self.jump.take(),
            sources,
            destinations,
            show: self.show,
        })
    }

    /// Addresses are looked at last: what else is wrong is said first.
    fn addresses(&self, words: Option<AddressWords<'_>>) -> Result<Vec<Address>, Problem> {
        let Some(AddressWords { value, inverted }) = words else {
            return Ok(Vec::new());
        };
        let mut addresses = value::addresses(value, self.program.is_v6())?;
        if inverted && addresses.len() > 1 {
            return Err(parameter!(
                "! not allowed with multiple source or destination IP addresses"
            ));
        }
        // All addresses are no condition.
        addresses.retain(|address| address.prefix_len() != Some(0) || inverted);
        for address in &mut addresses {
            address.inverted = inverted;
        }
        Ok(addresses)
    }

    /// Ports of TCP and UDP are looked for in the packet itself, which must be such a packet.
    fn need_protocol(&self) -> Result<(), Problem> {
        for extension in &self.rule.matches {
            let (empty, number, upper, lower) = match extension {
                Match::Tcp(tcp) => (*tcp == Tcp::any() || tcp.option != 0, 6, "TCP", "tcp"),
                Match::Udp(udp) => (*udp == Udp::any(), 17, "UDP", "udp"),
                _ => continue,
            };
            if !empty && self.rule.transport() != Some(number) {
                return Err(parameter!("{upper} match requires '-p {lower}'"));
            }
        }
        Ok(())
    }
}

/// A name behind `-j` or `-g`.
fn target_name(name: &str) -> Result<String, Problem> {
    if name.is_empty() {
        return Err(parameter!("Invalid target name (too short)"));
    }
    if name.len() > MAX_TARGET {
        return Err(parameter!(
            "Invalid target name `{name}' ({MAX_TARGET} chars max)"
        ));
    }
    if name.contains(char::is_whitespace) {
        return Err(parameter!("Invalid target name `{name}'"));
    }
    Ok(name.to_owned())
}

/// A name behind `-N`.
fn new_chain_name(name: &str, v6: bool) -> Result<(), Problem> {
    if let Some(first) = name
        .chars()
        .next()
        .filter(|first| matches!(first, '-' | '!'))
    {
        return Err(parameter!("chain name not allowed to start with `{first}'"));
    }
    let verdict = matches!(name, "" | "ACCEPT" | "DROP" | "RETURN" | "QUEUE");
    if verdict || extension::new_target(name, v6).is_some() {
        return Err(parameter!("chain name may not clash with target name"));
    }
    if name.contains(char::is_whitespace) {
        return Err(parameter!("Invalid chain name `{name}'"));
    }
    Ok(())
}
