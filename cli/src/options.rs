//! Options as getopt_long(3) reads them: `-c 3`, `-c3`, `-nq`, `--name=value`, `--` and unique beginnings of long names.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// Whether an option has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// It has none.
    None,
    /// The rest of the word or the next word.
    Required,
    /// Only attached: `-mFILE`, `--mount=FILE`.
    Optional,
    /// Only attached to the long name: `--mount=FILE`; the letter is a flag.
    LongOptional,
}

/// One row of a tool's options.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// The letter that names the option in the result, and after one dash unless it is [`long_only`](Self::long_only).
    pub key: char,
    /// The name after two dashes, `""` for none.
    pub long: &'static str,
    /// Whether a value follows.
    pub value: Value,
    /// Whether `key` is a name for us alone.
    pub long_only: bool,
}

impl Spec {
    /// An option without a value; `long` may be `""`.
    pub const fn flag(key: char, long: &'static str) -> Self {
        Self {
            key,
            long,
            value: Value::None,
            long_only: false,
        }
    }

    /// An option with a value; `long` may be `""`.
    pub const fn with_value(key: char, long: &'static str) -> Self {
        Self {
            value: Value::Required,
            ..Self::flag(key, long)
        }
    }

    /// An option with a value that may be left out.
    pub const fn optional(key: char, long: &'static str) -> Self {
        Self {
            value: Value::Optional,
            ..Self::flag(key, long)
        }
    }

    /// An option whose long name may have a value.
    pub const fn long_optional(key: char, long: &'static str) -> Self {
        Self {
            value: Value::LongOptional,
            ..Self::flag(key, long)
        }
    }

    /// The same option without its letter.
    pub const fn long_only(self) -> Self {
        Self {
            long_only: true,
            ..self
        }
    }
}

/// Options and operands of one command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed<'a> {
    /// The options in their order.
    pub options: Vec<(char, Option<&'a OsStr>)>,
    /// The words that are neither options nor their values.
    pub operands: Vec<&'a OsStr>,
}

/// Where the options of a command line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Options and operands may mix (GNU's way).
    Mixed,
    /// The first operand ends the options: what follows is another program's command line.
    OptionsFirst,
}

/// Reads `args` by the rows of `specs`.
///
/// # Errors
///
/// getopt's sentence without the program's name: `invalid option -- 'Z'`.
pub fn parse<'a>(args: &'a [OsString], specs: &[Spec], order: Order) -> Result<Parsed<'a>, String> {
    let mut parsed = Parsed::default();
    let mut words = args.iter().map(OsString::as_os_str);
    while let Some(word) = words.next() {
        let bytes = word.as_bytes();
        if bytes == b"--" {
            break;
        }
        // Tools without any long option read `--foo` as the letter `-`.
        let has_long = specs.iter().any(|spec| !spec.long.is_empty());
        if let Some(long) = bytes.strip_prefix(b"--").filter(|_| has_long) {
            let option = long_option(long, &mut words, specs)?;
            parsed.options.push(option);
        } else if bytes.len() > 1 && bytes.starts_with(b"-") {
            letters(
                bytes.get(1..).unwrap_or_default(),
                &mut words,
                specs,
                &mut parsed,
            )?;
        } else {
            parsed.operands.push(word);
            if order == Order::OptionsFirst {
                break;
            }
        }
    }
    parsed.operands.extend(words);
    Ok(parsed)
}

fn letters<'a>(
    mut letters: &'a [u8],
    words: &mut impl Iterator<Item = &'a OsStr>,
    specs: &[Spec],
    parsed: &mut Parsed<'a>,
) -> Result<(), String> {
    while let Some((&letter, rest)) = letters.split_first() {
        let letter = char::from(letter);
        let spec = specs
            .iter()
            .find(|spec| spec.key == letter && !spec.long_only)
            .ok_or_else(|| format!("invalid option -- '{letter}'"))?;
        let attached = (!rest.is_empty()).then(|| OsStr::from_bytes(rest));
        let value = match spec.value {
            Value::None | Value::LongOptional => {
                parsed.options.push((letter, None));
                letters = rest;
                continue;
            }
            Value::Optional => attached,
            Value::Required => Some(
                attached
                    .or_else(|| words.next())
                    .ok_or_else(|| format!("option requires an argument -- '{letter}'"))?,
            ),
        };
        parsed.options.push((letter, value));
        return Ok(());
    }
    Ok(())
}

fn long_option<'a>(
    word: &'a [u8],
    words: &mut impl Iterator<Item = &'a OsStr>,
    specs: &[Spec],
) -> Result<(char, Option<&'a OsStr>), String> {
    let mut halves = word.splitn(2, |&byte| byte == b'=');
    let name = halves.next().unwrap_or_default();
    let attached = halves.next().map(OsStr::from_bytes);
    let shown = String::from_utf8_lossy(name);
    let mut candidates = specs
        .iter()
        .filter(|spec| !spec.long.is_empty() && spec.long.as_bytes().starts_with(name));
    let exact = specs
        .iter()
        .find(|spec| !spec.long.is_empty() && spec.long.as_bytes() == name);
    let spec = match (exact, candidates.next(), candidates.next()) {
        (Some(spec), ..) | (None, Some(spec), None) => spec,
        (None, None, _) => return Err(format!("unrecognized option '--{shown}'")),
        (None, Some(first), Some(second)) => {
            let mut text = format!(
                "option '--{shown}' is ambiguous; possibilities: '--{}' '--{}'",
                first.long, second.long
            );
            for more in candidates {
                text.push_str(&format!(" '--{}'", more.long));
            }
            return Err(text);
        }
    };
    let value = match (spec.value, attached) {
        (Value::None, Some(_)) => {
            return Err(format!(
                "option '--{}' doesn't allow an argument",
                spec.long
            ));
        }
        (Value::Required, None) => Some(
            words
                .next()
                .ok_or_else(|| format!("option '--{}' requires an argument", spec.long))?,
        ),
        (_, attached) => attached,
    };
    Ok((spec.key, value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SPECS: &[Spec] = &[
        Spec::with_value('c', "count"),
        Spec::flag('n', "numeric"),
        Spec::flag('q', ""),
        Spec::optional('m', "mount"),
        Spec::long_optional('u', "uts"),
        Spec::optional('P', "mount-proc").long_only(),
    ];

    fn read(words: &[&str], order: Order) -> Result<String, String> {
        let args: Vec<OsString> = words.iter().map(OsString::from).collect();
        parse(&args, SPECS, order).map(|parsed| {
            let options: Vec<String> = parsed
                .options
                .iter()
                .map(|(key, value)| {
                    format!(
                        "{key}={}",
                        value.map_or("".into(), |value| value.to_string_lossy())
                    )
                })
                .collect();
            let operands: Vec<_> = parsed
                .operands
                .iter()
                .map(|word| word.to_string_lossy())
                .collect();
            format!("{} | {}", options.join(" "), operands.join(" "))
        })
    }

    #[test]
    fn values_are_attached_or_follow() {
        for line in [
            &["-c3", "h"][..],
            &["-c", "3", "h"],
            &["h", "--count=3"],
            &["--co", "3", "h"],
        ] {
            assert_eq!(read(line, Order::Mixed).unwrap(), "c=3 | h");
        }
        assert_eq!(read(&["-nqc", "3"], Order::Mixed).unwrap(), "n= q= c=3 | ");
        assert_eq!(
            read(&["-unq", "--uts=x"], Order::Mixed).unwrap(),
            "u= n= q= u=x | "
        );
        assert_eq!(read(&["-m", "x"], Order::Mixed).unwrap(), "m= | x");
        assert_eq!(
            read(&["-mx", "--mount-proc=y"], Order::Mixed).unwrap(),
            "m=x P=y | "
        );
    }

    #[test]
    fn options_end() {
        assert_eq!(
            read(&["-n", "sh", "-c", "x"], Order::OptionsFirst).unwrap(),
            "n= | sh -c x"
        );
        assert_eq!(read(&["-n", "--", "-q"], Order::Mixed).unwrap(), "n= | -q");
        assert_eq!(read(&["-"], Order::Mixed).unwrap(), " | -");
    }

    #[test]
    fn mistakes_are_named_as_getopt_names_them() {
        for (line, text) in [
            ("-Z", "invalid option -- 'Z'"),
            ("-P", "invalid option -- 'P'"),
            ("-c", "option requires an argument -- 'c'"),
            ("--foo", "unrecognized option '--foo'"),
            (
                "--numeric=1",
                "option '--numeric' doesn't allow an argument",
            ),
            ("--count", "option '--count' requires an argument"),
            (
                "--mo",
                "option '--mo' is ambiguous; possibilities: '--mount' '--mount-proc'",
            ),
        ] {
            assert_eq!(read(&[line], Order::Mixed).unwrap_err(), text);
        }
    }

    proptest! {
        #[test]
        fn no_word_is_lost_or_panics(words in prop::collection::vec("[-a-z=é]{0,6}", 0..6)) {
            let args: Vec<OsString> = words.iter().map(OsString::from).collect();
            if let Ok(parsed) = parse(&args, SPECS, Order::Mixed) {
                prop_assert!(parsed.operands.len() <= words.len());
            }
        }
    }
}
