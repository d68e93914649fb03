//! `ip monitor file`: what rtmon(8) has written.

use std::fs::File;
use std::io::{BufReader, Read, Write};

use nl_core::Message;

use super::print::Printer;
use super::stamp::Moment;
use crate::failure::{Failure, strerror};
use crate::ip::Ip;
use crate::ip::framed::{self, Broken};

/// `NLMSG_TSTAMP`: when the messages behind it came; two numbers of 32 bits.
const NLMSG_TSTAMP: u16 = 15;

/// The longest message that is taken for one, in bytes; iproute2 has the same.
const LONGEST: usize = 16 * 1024;

/// Prints the messages of a file, one after the other.
pub(super) fn replay(ip: &mut Ip<'_>, printer: &Printer, name: &str) -> Result<(), Failure> {
    let file = File::open(name)
        .map_err(|error| Failure::new(255, format!("Cannot fopen: {}", strerror(&error))))?;
    print(ip, printer, BufReader::new(file))
}

/// Prints the messages that `file` holds.
pub(in crate::ip) fn print(
    ip: &mut Ip<'_>,
    printer: &Printer,
    mut file: impl Read,
) -> Result<(), Failure> {
    let mut at = 0;
    let mut bytes = Vec::new();
    while let Some(len) = next(&mut file, &mut bytes, &mut at)? {
        let Ok((message, _)) = Message::split(bytes.get(..len).unwrap_or(&[])) else {
            return Err(malformed(len, at));
        };
        if message.message_type() == NLMSG_TSTAMP {
            stamp(ip, message.payload)?;
        } else {
            printer.print(ip, &message, None)?;
        }
        ip.out.flush()?;
    }
    Ok(())
}

/// Reads the next message into `bytes`; its length, `None` at the end.
fn next(
    file: &mut impl Read,
    bytes: &mut Vec<u8>,
    at: &mut usize,
) -> Result<Option<usize>, Failure> {
    let next = framed::next(file, bytes, LONGEST);
    *at += bytes.len();
    next.map_err(|broken| match broken {
        Broken::Unread(error) => failed(&error),
        Broken::CutOff => truncated(),
        Broken::Length(len) => malformed(len, *at),
    })
}

fn stamp(ip: &mut Ip<'_>, payload: &[u8]) -> Result<(), Failure> {
    let number = |at: usize| {
        let bytes = payload.get(at..)?.first_chunk().copied()?;
        Some(u32::from_ne_bytes(bytes))
    };
    if let (Some(seconds), Some(micros)) = (number(0), number(4))
        && !ip.options.json
    {
        let moment = Moment {
            seconds: seconds.into(),
            micros,
        };
        writeln!(ip.out, "Timestamp: {}", moment.long("us"))?;
    }
    Ok(())
}

fn truncated() -> Failure {
    Failure::new(1, "rtnl-from_file: truncated message")
}

fn malformed(len: usize, at: usize) -> Failure {
    Failure::new(1, format!("!!!malformed message: len={len} @{at}"))
}

fn failed(error: &std::io::Error) -> Failure {
    Failure::new(255, format!("rtnl_from_file: fread: {}", strerror(error)))
}
