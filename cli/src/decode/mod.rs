//! `nlctl decode`: netlink messages that were captured elsewhere, through the attribute tables.
//!
//! Input is an nlmon capture (`pcap`), a trace of strace (`strace`) or bytes in hexadecimal (`hex`); which of
//! them, its beginning tells. Nothing is held but one datagram at a time.

mod hex;
mod pcap;
mod strace;

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
Usage: nlctl decode [--family route|netfilter] [FILE|-]
Prints captured netlink messages. FILE is one of
  hex     bytes with or without blanks, colons, commas, 0x, offsets (xxd, od -tx1, hexdump -C) and # comments;
          an empty line or an offset that starts over begins a new datagram
  strace  the dumps of strace -e trace=network -e read=all -e write=all, or strings as -xx prints them;
          what strace has put into words itself holds no bytes any more
  pcap    a capture of an nlmon link (link type 253)
Without --family a capture's header says whether it is rtnetlink or nfnetlink, elsewhere the message types do.";

/// The longest datagram that is taken, in bytes; the kernel's are far shorter.
const MAX_DATAGRAM: usize = 4 << 20;

/// The longest line that is taken, in bytes: a datagram as `\x` escapes.
const MAX_LINE: u64 = 4 * MAX_DATAGRAM as u64 + 4096;

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
            Some("--family") => args.next().and_then(|value| value.to_str()),
            Some(word) if word.starts_with("--family=") => word.strip_prefix("--family="),
            Some(word) if word.starts_with('-') && word != "-" => return Err(usage()),
            _ if file.is_some() => return Err(usage()),
            _ => {
                file = Some(arg);
                continue;
            }
        };
        family = Some(match value {
            Some("route") => Route::NUMBER,
            Some("netfilter") => Netfilter::NUMBER,
            _ => return Err(usage()),
        });
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
        _ => decode(io::stdin().lock(), family, out)?,
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
    mut input: impl BufRead,
    family: Option<i32>,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let mut start = Vec::new();
    input
        .by_ref()
        .take(4)
        .read_to_end(&mut start)
        .map_err(|error| unreadable(&error))?;
    let mut printer = Printer { family, out };
    if let Some(form) = pcap::Form::of(&start)? {
        return pcap::read(&mut input, form, &mut printer);
    }
    text(&mut start.chain(input), &mut printer)
}

/// Prints datagrams, with an empty line between them.
struct Printer<'o, W> {
    family: Option<i32>,
    out: &'o mut W,
}

impl<W: Write> Printer<'_, W> {
    /// `family` is what the capture says.
    fn print(&mut self, family: Option<i32>, datagram: &[u8]) -> Result<(), Failure> {
        let protocol = self.family.or(family).unwrap_or_else(|| guess(datagram));
        Ok(writeln!(
            self.out,
            "{:#}",
            trace::decode(protocol, datagram)
        )?)
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
    let mut is_strace = false;
    let (mut in_words, mut printed) = (false, false);
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
        let hexadecimal = match strace::Line::of(&line) {
            strace::Line::Dump(row) => {
                is_strace = true;
                Some(row)
            }
            strace::Line::Call(strings) => {
                is_strace = true;
                printed |= finish(&mut block, printer)?;
                in_words |= strings.in_words;
                for datagram in strings.found {
                    let datagram = datagram.ok_or_else(|| {
                        wrong(number, "strace cut the string short, run it with -s 65536")
                    })?;
                    printer.print(None, &datagram)?;
                    printed = true;
                }
                None
            }
            strace::Line::Else => {
                is_strace = true;
                None
            }
            strace::Line::Other if is_strace => None,
            strace::Line::Other => Some(&*line),
        };
        let Some(hexadecimal) = hexadecimal else {
            continue;
        };
        if block.is_over(hexadecimal) {
            printed |= finish(&mut block, printer)?;
        }
        block
            .add(hexadecimal)
            .map_err(|what| wrong(number, &what))?;
        if block.bytes().len() > MAX_DATAGRAM {
            return Err(wrong(number, "the datagram is too long"));
        }
    }
    printed |= finish(&mut block, printer)?;
    if in_words && !printed {
        return Err(Failure::new(
            1,
            "nlctl: strace has put these messages into words and kept no bytes, run it with -e read=all -e write=all",
        ));
    }
    Ok(())
}

/// Prints what a block holds, and empties it; whether it held anything.
fn finish<W: Write>(block: &mut hex::Block, printer: &mut Printer<'_, W>) -> Result<bool, Failure> {
    let any = !block.bytes().is_empty();
    if any {
        printer.print(None, block.bytes())?;
    }
    block.clear();
    Ok(any)
}

fn wrong(line: u64, what: &str) -> Failure {
    Failure::new(1, format!("nlctl: line {line}: {what}"))
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
