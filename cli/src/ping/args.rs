//! The command line of `ping`.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use super::echo::Family;
use crate::failure::Failure;
use crate::options::{self, Order, Spec};

const OPTIONS: &[Spec] = &[
    Spec::flag('4', ""),
    Spec::flag('6', ""),
    Spec::flag('a', ""),
    Spec::flag('b', ""),
    Spec::with_value('c', ""),
    Spec::flag('D', ""),
    Spec::flag('h', ""),
    Spec::with_value('I', ""),
    Spec::with_value('i', ""),
    Spec::flag('n', ""),
    Spec::flag('O', ""),
    Spec::with_value('p', ""),
    Spec::flag('q', ""),
    Spec::with_value('s', ""),
    Spec::with_value('t', ""),
    Spec::flag('V', ""),
    Spec::flag('v', ""),
    Spec::with_value('W', ""),
    Spec::with_value('w', ""),
];

/// Letters of iputils' ping that this one does not have.
const NOT_HERE: &str = "ABCdefLlmMNQRSTUF";

const USAGE: &str = "
Usage
  ping [options] <destination>

Options:
  <destination>      dns name or ip address
  -4                 use IPv4
  -6                 use IPv6
  -a                 ring the bell for each reply
  -b                 allow pinging broadcast
  -c <count>         stop after <count> replies
  -D                 print timestamps
  -h                 print help and exit
  -I <interface>     either interface name or address
  -i <interval>      seconds between sending each packet
  -n                 no dns name resolution
  -O                 report outstanding replies
  -p <pattern>       contents of padding byte
  -q                 quiet output
  -s <size>          use <size> as number of data bytes to be sent
  -t <ttl>           define time to live
  -V                 print version and exit
  -v                 verbose output
  -w <deadline>      reply wait <deadline> in seconds
  -W <timeout>       time to wait for response
";

/// The longest payload that fits an IP packet together with its headers.
const LONGEST: u64 = 65_535 - 8;
/// The shortest interval without CAP_NET_RAW's holder asking for it.
const USER_INTERVAL: Duration = Duration::from_millis(2);

/// What to do.
#[derive(Debug)]
pub(super) enum Command {
    Say(String),
    Ping(Args),
}

/// A run of echo requests.
#[derive(Debug)]
pub(super) struct Args {
    pub(super) host: String,
    pub(super) family: Option<Family>,
    pub(super) bell: bool,
    pub(super) broadcast: bool,
    pub(super) count: Option<u64>,
    pub(super) timestamps: bool,
    /// An interface or an address.
    pub(super) from: Option<String>,
    pub(super) interval: Duration,
    pub(super) numeric: bool,
    pub(super) outstanding: bool,
    pub(super) pattern: Vec<u8>,
    pub(super) quiet: bool,
    pub(super) size: usize,
    pub(super) ttl: Option<u8>,
    pub(super) verbose: bool,
    /// How long to wait after the last request while nothing was answered.
    pub(super) linger: Duration,
    pub(super) deadline: Option<Duration>,
}

pub(super) fn parse(words: &[OsString], privileged: bool) -> Result<Command, Failure> {
    let parsed = options::parse(words, OPTIONS, Order::Mixed).map_err(|text| {
        let letter = text
            .strip_prefix("invalid option -- '")
            .and_then(|rest| rest.chars().next());
        match letter.filter(|&letter| NOT_HERE.contains(letter)) {
            Some(letter) => Failure::new(
                2,
                format!("ping: option -{letter} is not supported by nlctl"),
            ),
            None => Failure::new(2, format!("ping: {text}\n{}", USAGE.trim_end())),
        }
    })?;
    let mut args = Args {
        host: String::new(),
        family: None,
        bell: false,
        broadcast: false,
        count: None,
        timestamps: false,
        from: None,
        interval: Duration::from_secs(1),
        numeric: false,
        outstanding: false,
        pattern: Vec::new(),
        quiet: false,
        size: 56,
        ttl: None,
        verbose: false,
        linger: Duration::from_secs(10),
        deadline: None,
    };
    for (key, value) in parsed.options {
        let value = text(value.unwrap_or_default())?;
        match key {
            '4' => family(&mut args, Family::V4)?,
            '6' => family(&mut args, Family::V6)?,
            'a' => args.bell = true,
            'b' => args.broadcast = true,
            'c' => args.count = Some(number(value, 1, i64::MAX.unsigned_abs())?),
            'D' => args.timestamps = true,
            'I' => args.from = Some(value.to_owned()),
            'i' => args.interval = seconds(value).ok_or_else(|| invalid(value))?,
            'n' => args.numeric = true,
            'O' => args.outstanding = true,
            'p' => args.pattern = pattern(value)?,
            'q' => args.quiet = true,
            's' => args.size = size(value)?,
            't' => args.ttl = u8::try_from(number(value, 0, 255)?).ok(),
            'v' => args.verbose = true,
            'W' => {
                args.linger = seconds(value)
                    .ok_or_else(|| Failure::new(2, format!("ping: bad linger time: {value}")))?;
            }
            'w' => {
                args.deadline = Some(Duration::from_secs(number(
                    value,
                    0,
                    i32::MAX.unsigned_abs().into(),
                )?))
            }
            'V' => {
                return Ok(Command::Say(format!(
                    "ping from nlctl {}",
                    env!("CARGO_PKG_VERSION")
                )));
            }
            // As in iputils, help is no success.
            _ => return Err(Failure::new(2, USAGE.trim_end())),
        }
    }
    args.deadline = args.deadline.filter(|deadline| !deadline.is_zero());
    if !privileged && args.interval < USER_INTERVAL {
        return Err(Failure::new(
            2,
            "ping: cannot flood, minimal interval for user must be >= 2 ms, use -i 0.002 (or higher)",
        ));
    }
    match parsed.operands.as_slice() {
        [] => Err(Failure::new(
            1,
            "ping: usage error: Destination address required",
        )),
        [host] => {
            args.host = text(host)?.to_owned();
            Ok(Command::Ping(args))
        }
        [..] => Err(Failure::new(
            2,
            "ping: source routes (several destinations) are not supported by nlctl",
        )),
    }
}

fn family(args: &mut Args, family: Family) -> Result<(), Failure> {
    if args.family.is_some_and(|other| other != family) {
        return Err(Failure::new(
            2,
            "ping: only one -4 or -6 option may be specified",
        ));
    }
    args.family = Some(family);
    Ok(())
}

fn text(word: &OsStr) -> Result<&str, Failure> {
    word.to_str().ok_or_else(|| {
        Failure::new(
            2,
            format!("ping: \"{}\" is not valid UTF-8", word.display()),
        )
    })
}

fn invalid(value: &str) -> Failure {
    Failure::new(1, format!("ping: invalid argument: '{value}'"))
}

fn number(value: &str, min: u64, max: u64) -> Result<u64, Failure> {
    let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(invalid(value));
    }
    value
        .parse()
        .ok()
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| {
            Failure::new(
                1,
                format!("{}: out of range: {min} <= value <= {max}", invalid(value)),
            )
        })
}

fn size(value: &str) -> Result<usize, Failure> {
    let size = number(value, 0, i32::MAX.unsigned_abs().into())?;
    if size > LONGEST {
        return Err(Failure::new(
            2,
            format!("ping: packet size {size} is too large. Maximum is {LONGEST}"),
        ));
    }
    Ok(usize::try_from(size).unwrap_or_default())
}

fn seconds(value: &str) -> Option<Duration> {
    let digits = value
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds: f64 = value.parse().ok().filter(|_| digits)?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|time| time.as_secs() <= i32::MAX.unsigned_abs().into())
}

/// Up to 16 bytes in hexadecimal, repeated over the payload.
fn pattern(value: &str) -> Result<Vec<u8>, Failure> {
    let digits: Option<Vec<u32>> = value.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| !digits.is_empty()).ok_or_else(|| {
        Failure::new(
            2,
            format!("ping: patterns must be specified as hex digits: {value}"),
        )
    })?;
    Ok(digits
        .chunks(2)
        .take(16)
        .filter_map(|pair| u8::try_from(pair.iter().fold(0, |byte, digit| byte * 16 + digit)).ok())
        .collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(line: &str) -> Result<Args, Failure> {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        match parse(&words, true)? {
            Command::Ping(args) => Ok(args),
            Command::Say(text) => panic!("{text}"),
        }
    }

    #[test]
    fn options_and_destination_mix() {
        let args = read("-c 3 10.0.0.1 -I 192.168.0.1 -W0.5 -i.2 -w 7 -nq").unwrap();
        assert_eq!((args.host.as_str(), args.count), ("10.0.0.1", Some(3)));
        assert_eq!(args.from.as_deref(), Some("192.168.0.1"));
        assert_eq!(
            (args.linger, args.interval),
            (Duration::from_millis(500), Duration::from_millis(200))
        );
        assert_eq!(
            (args.deadline, args.numeric, args.quiet),
            (Some(Duration::from_secs(7)), true, true)
        );
    }

    #[test]
    fn mistakes_are_named_as_iputils_names_them() {
        for (line, code, text) in [
            ("", 1, "ping: usage error: Destination address required"),
            (
                "-c 0 h",
                1,
                "ping: invalid argument: '0': out of range: 1 <= value <= 9223372036854775807",
            ),
            ("-c x h", 1, "ping: invalid argument: 'x'"),
            (
                "-s -1 h",
                1,
                "ping: invalid argument: '-1': out of range: 0 <= value <= 2147483647",
            ),
            (
                "-t 300 h",
                1,
                "ping: invalid argument: '300': out of range: 0 <= value <= 255",
            ),
            ("-W -1 h", 2, "ping: bad linger time: -1"),
            (
                "-4 -6 h",
                2,
                "ping: only one -4 or -6 option may be specified",
            ),
        ] {
            let failure = read(line).unwrap_err();
            assert_eq!((failure.code(), failure.text()), (code, text), "{line}");
        }
        assert!(
            read("-Z")
                .unwrap_err()
                .text()
                .starts_with("ping: invalid option -- 'Z'\n\nUsage\n")
        );
    }

    #[test]
    fn users_may_not_flood() {
        assert_eq!(
            parse(&["-i".into(), "0".into(), "h".into()], false)
                .unwrap_err()
                .code(),
            2
        );
    }

    proptest! {
        #[test]
        fn any_words_are_read_without_panic(words in prop::collection::vec("-?[0-9a-zA-Z.é-]{0,20}", 0..6)) {
            let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
            let _ = parse(&words, false);
        }
    }
}
