//! `nlctl decode`: netlink messages that were captured elsewhere, through the attribute tables.
//!
//! Input is a capture of an nlmon link (`pcap`, `pcapng`), a trace of strace (`strace`) or bytes in hexadecimal
//! (`hex`); which of them, its beginning tells. Nothing is held but one datagram at a time.

mod capture;
mod escape;
mod hex;
mod pcap;
mod pcapng;
mod strace;

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::ExitCode;

use nl_core::Messages;
use nl_core::Protocol;
use nl_core::header::{HEADER_LEN, NLMSG_ERROR, NLMSG_MIN_TYPE};
use nl_netfilter::Netfilter;
use nl_route::Route;

use crate::applet::Invocation;
use crate::failure::{Failure, strerror};
use crate::output::Output;
use crate::trace;

const USAGE: &str = "\
Usage: nlctl decode [--protocol route|netfilter|...] [FILE|-]
Prints captured netlink messages. FILE is one of
  hex     bytes with or without blanks, colons, commas, 0x and # comments; as xxd, hexdump, od and Wireshark write
          them; as lists or strings of C, Go, Python, Rust; an empty line, the end of a list, or an offset that
          starts over begins a new datagram
  strace  what strace -f -e trace=network -e read=all -e write=all writes, with any of -t -T -r -y -yy -i -n -ff;
          netlink messages that strace has put into words (with or without -x, -xx, -v, -s) hold no bytes any more
          without read=all and write=all; a string of bytes that it cut short wants -s 65536
  pcap    a capture of an nlmon link, or of all links, in pcap or pcapng; gunzip it first
Without --protocol (or --family) the capture's header says it, or strace's socket() or -yy, elsewhere the message
types do; one by name or number overrides them. Of others than route and netfilter the payload is hexadecimal.";

/// The longest datagram that is taken, in bytes; the kernel's are far shorter.
const MAX_DATAGRAM: usize = 4 << 20;

/// The longest line that is taken, in bytes: a datagram as `\x` escapes.
const MAX_LINE: u64 = 4 * MAX_DATAGRAM as u64 + 4096;

/// `NETLINK_*` by name. Source: include/uapi/linux/netlink.h.
const FAMILIES: &[(&str, i32)] = &[
    ("ROUTE", 0),
    ("USERSOCK", 2),
    ("SOCK_DIAG", 4),
    ("INET_DIAG", 4),
    ("XFRM", 6),
    ("SELINUX", 7),
    ("ISCSI", 8),
    ("AUDIT", 9),
    ("FIB_LOOKUP", 10),
    ("CONNECTOR", 11),
    ("NETFILTER", 12),
    ("DNRTMSG", 14),
    ("KOBJECT_UEVENT", 15),
    ("GENERIC", 16),
    ("SCSITRANSPORT", 18),
    ("ECRYPTFS", 19),
    ("RDMA", 20),
    ("CRYPTO", 21),
    ("SMC", 22),
];

/// The number of a name without `NETLINK_`, in any case.
fn family_named(name: &str) -> Option<i32> {
    let mut all = FAMILIES.iter();
    all.find(|family| family.0.eq_ignore_ascii_case(name))
        .map(|family| family.1)
}

/// The applet `decode`.
pub(crate) fn run(invocation: &Invocation, out: &mut Output) -> Result<ExitCode, Failure> {
    let usage = || Failure::new(2, USAGE);
    let mut family = None;
    let mut file = None;
    let mut args = invocation.args.iter();
    while let Some(arg) = args.next() {
        let value = match arg.to_str() {
            Some("-h" | "--help") => {
                writeln!(out, "{USAGE}")?;
                return Ok(ExitCode::SUCCESS);
            }
            Some("--family" | "--protocol") => args.next().and_then(|value| value.to_str()),
            Some(word) if word.starts_with("--family=") => word.strip_prefix("--family="),
            Some(word) if word.starts_with("--protocol=") => word.strip_prefix("--protocol="),
            Some(word) if word.starts_with('-') && word != "-" => return Err(usage()),
            _ if file.is_some() => return Err(usage()),
            _ => {
                file = Some(arg);
                continue;
            }
        };
        let number = |value: &str| family_named(value).or_else(|| value.parse().ok());
        family = Some(value.and_then(number).ok_or_else(usage)?);
    }
    match file {
        Some(file) if file != "-" => {
            let opened = File::open(file).map_err(|error| {
                Failure::new(
                    1,
                    format!("nlctl: {}: {}", file.display(), strerror(&error)),
                )
            })?;
            decode(BufReader::new(opened), family, out)?;
        }
        _ => read(io::stdin().lock(), &mut Printer::new(family, out, true))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints what is in `input`.
///
/// `family` is a `NETLINK_*` number that overrides what the input says.
///
/// # Errors
///
/// Exit code 1 with the line or the byte of what is none of the known forms; what was before it is printed.
pub fn decode(
    input: impl BufRead,
    family: Option<i32>,
    out: &mut impl Write,
) -> Result<(), Failure> {
    read(input, &mut Printer::new(family, out, false))
}

fn read<W: Write>(mut input: impl BufRead, printer: &mut Printer<'_, W>) -> Result<(), Failure> {
    let mut start = Vec::new();
    input
        .by_ref()
        .take(4)
        .read_to_end(&mut start)
        .map_err(|error| unreadable(&error))?;
    if let Some(order) = pcap::order(&start) {
        return pcap::read(&mut input, order, printer);
    }
    match &*start {
        magic if magic == pcapng::SECTION => pcapng::read(&mut input, printer),
        [0x1f, 0x8b, ..] => Err(failure("the input is compressed, gunzip it first")),
        // A byte order mark, which editors put before a text.
        [0xef, 0xbb, 0xbf, first @ ..] => text(&mut first.chain(input), printer),
        _ => text(&mut start.chain(input), printer),
    }
}

/// What is said of a datagram before it.
struct Label {
    /// Where it went, or its number.
    what: String,
    /// Its length in bytes, of which fewer may have been captured.
    whole: Option<usize>,
    /// Where it was seen.
    from: String,
}

/// Prints datagrams, with an empty line between them.
struct Printer<'o, W> {
    family: Option<i32>,
    out: &'o mut W,
    /// Whether the input may still be growing: a datagram is not kept back until there are more.
    is_live: bool,
    /// Whether a datagram was printed.
    any: bool,
    /// Whether it was said why one is not.
    told: bool,
}

impl<'o, W: Write> Printer<'o, W> {
    fn new(family: Option<i32>, out: &'o mut W, is_live: bool) -> Self {
        Self {
            family,
            out,
            is_live,
            any: false,
            told: false,
        }
    }

    /// `family` is what the capture says.
    fn print(
        &mut self,
        label: Option<&Label>,
        family: Option<i32>,
        datagram: &[u8],
    ) -> Result<(), Failure> {
        self.any = true;
        let protocol = self.family.or(family).unwrap_or_else(|| guess(datagram));
        if let Some(Label { what, whole, from }) = label {
            let len = datagram.len();
            let of = match whole {
                Some(whole) if *whole > len => format!(" of {whole}"),
                _ => String::new(),
            };
            let name = match protocol {
                Route::NUMBER | Netfilter::NUMBER => String::new(),
                other => match FAMILIES.iter().find(|family| family.1 == other) {
                    Some((name, _)) => format!(", NETLINK_{name}"),
                    None => format!(", netlink protocol {other}"),
                },
            };
            writeln!(self.out, "-- {what}, {len}{of} bytes{name}{from}")?;
        }
        writeln!(self.out, "{:#}", trace::decode(protocol, datagram))?;
        if self.is_live {
            self.out.flush()?;
        }
        Ok(())
    }

    /// Says why a datagram is not printed.
    fn lost(&mut self, what: fmt::Arguments<'_>) -> Result<(), Failure> {
        self.told = true;
        Ok(writeln!(self.out, "-- {what}\n")?)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, whole, from } = self;
        f.write_str(what)?;
        if let Some(whole) = whole {
            write!(f, ", {whole} bytes")?;
        }
        f.write_str(from)
    }
}

/// The family of a datagram by its messages. nfnetlink's types have a subsystem in their upper byte, all but the two
/// that frame a batch: they are shorter than a link's header.
fn guess(datagram: &[u8]) -> i32 {
    let is_netfilter = |message_type: u16, len: usize| {
        message_type > 0xff || (matches!(message_type, 16 | 17) && len < HEADER_LEN + 16)
    };
    for message in Messages::new(datagram).flatten() {
        let (mut number, mut len) = (message.message_type(), message.header.len.get());
        if number == NLMSG_ERROR
            && let Some(echo) = message.payload.get(4..10)
            && let (Some(echoed), Some(kind)) = (echo.first_chunk(), echo.last_chunk())
        {
            (len, number) = (u32::from_ne_bytes(*echoed), u16::from_ne_bytes(*kind));
        }
        if number >= NLMSG_MIN_TYPE {
            let is_netfilter = is_netfilter(number, len.try_into().unwrap_or(usize::MAX));
            return if is_netfilter {
                Netfilter::NUMBER
            } else {
                Route::NUMBER
            };
        }
    }
    Route::NUMBER
}

/// Reads lines: hexadecimal, or strace's.
fn text<W: Write>(input: &mut impl BufRead, printer: &mut Printer<'_, W>) -> Result<(), Failure> {
    let mut block = hex::Block::default();
    let mut trace = strace::Trace::default();
    let mut is_strace = false;
    // The first of the lines that the program that was traced has printed between those of strace.
    let mut passed_over = None;
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let len = input
            .take(MAX_LINE)
            .read_until(b'\n', &mut line)
            .map_err(|error| unreadable(&error))?;
        if len == 0 {
            break;
        }
        if u64::try_from(len) == Ok(MAX_LINE) {
            return Err(wrong(number, "the line is too long"));
        }
        let line = String::from_utf8_lossy(&line);
        if trace.line(number, &line, printer)? {
            if !is_strace {
                finish(&mut block, printer)?;
                is_strace = true;
                printer.any = false;
            }
            continue;
        }
        if is_strace {
            if !line.trim().is_empty() {
                passed_over.get_or_insert(number);
            }
            continue;
        }
        if block.is_over(&line) {
            finish(&mut block, printer)?;
        }
        block.add(&line).map_err(|what| wrong(number, &what))?;
        if block.bytes().len() > MAX_DATAGRAM {
            return Err(wrong(number, "the datagram is too long"));
        }
    }
    finish(&mut block, printer)?;
    trace.end(printer)?;
    match passed_over {
        // One line that looks like strace's may have been enough to take bytes for a program's words.
        Some(number) if !printer.any && !printer.told => Err(wrong(
            number,
            "this is no line of strace's, as others are, and those have no messages",
        )),
        _ => Ok(()),
    }
}

/// Prints what a block holds, and empties it.
fn finish<W: Write>(block: &mut hex::Block, printer: &mut Printer<'_, W>) -> Result<(), Failure> {
    if !block.bytes().is_empty() {
        printer.print(None, None, block.bytes())?;
    }
    block.clear();
    Ok(())
}

fn failure(what: &str) -> Failure {
    Failure::new(1, format!("nlctl: {what}"))
}

fn wrong(line: u64, what: &str) -> Failure {
    failure(&format!("line {line}: {what}"))
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::new(1, format!("nlctl: read error: {}", strerror(error)))
}

/// What the fuzz target calls: any input is printed or refused.
pub fn fuzz(data: &[u8]) {
    for family in [None, Some(Route::NUMBER), Some(Netfilter::NUMBER)] {
        let _ = decode(data, family, &mut io::sink());
    }
}
