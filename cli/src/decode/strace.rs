//! Traces of strace: which lines hold bytes, of which system call and which socket.
//!
//! strace puts netlink messages into words itself, and keeps no bytes of them; they are in the dumps of
//! `-e read=all -e write=all`, which follow the call. Where it does not know the socket, strings hold them.

use std::collections::HashMap;
use std::io::Write;

use nl_core::Messages;

use super::{Label, MAX_DATAGRAM, Printer, escape, family_named, wrong};
use crate::failure::Failure;

/// How many sockets and unfinished calls are remembered; beyond them all are forgotten, and messages are recognised by
/// how they look.
const MAX_REMEMBERED: usize = 1 << 14;

/// What a line of a trace is.
pub(super) enum Line<'l> {
    /// A row of a dump, ` | 00010  24 25 …  text |`: offset and columns.
    Row(usize, &'l str),
    /// ` = 1 buffers in vector 1`: the messages of one datagram follow.
    Vector,
    /// ` * 52 bytes in buffer 0`.
    Buffer,
    Call(Call<'l>),
    /// A signal, an exit.
    Event,
    /// Nothing that strace writes.
    Other,
}

/// A system call.
pub(super) struct Call<'l> {
    pid: Option<u32>,
    name: &'l str,
    /// What stands between the parentheses, or as much of it as there is on the line.
    args: &'l str,
    /// What stands behind the equals sign.
    result: Option<&'l str>,
    /// `<... recvmsg resumed>`.
    resumed: bool,
}

impl<'l> Line<'l> {
    pub(super) fn of(line: &'l str) -> Self {
        let trimmed = line.trim();
        if let Some(row) = trimmed.strip_prefix("| ")
            && let Some((offset, rest)) = row.trim_start().split_once("  ")
            && offset.len() >= 5
            && let Ok(offset) = usize::from_str_radix(offset, 16)
        {
            // 16 bytes in two halves are 48 columns wide; then comes the text.
            let end = rest.char_indices().nth(48).map_or(rest.len(), |(at, _)| at);
            return Self::Row(offset, rest.get(..end).unwrap_or(rest));
        }
        if trimmed.starts_with("* ") && trimmed.contains(" bytes in buffer ") {
            return Self::Buffer;
        }
        if trimmed.starts_with("= ") && trimmed.contains(" buffers in vector ") {
            return Self::Vector;
        }
        let (pid, rest) = without_prefix(trimmed);
        if rest.starts_with("+++ ") || rest.starts_with("--- ") || rest.starts_with("strace: ") {
            return Self::Event;
        }
        match Call::parse(pid, rest) {
            Some(call) => Self::Call(call),
            None => Self::Other,
        }
    }
}

impl<'l> Call<'l> {
    fn parse(pid: Option<u32>, text: &'l str) -> Option<Self> {
        let (name, behind, resumed) = match text.strip_prefix("<... ") {
            Some(rest) => {
                let (name, behind) = rest.split_once(" resumed>")?;
                (name, behind, true)
            }
            None => {
                let (name, behind) = text.split_once('(')?;
                (name, behind, false)
            }
        };
        let is_name = |c: u8| c.is_ascii_alphanumeric() || c == b'_';
        if name.is_empty() || !name.bytes().all(is_name) {
            return None;
        }
        if let Some(args) = behind.strip_suffix("<unfinished ...>") {
            let result = None;
            return Some(Self {
                pid,
                name,
                args,
                result,
                resumed,
            });
        }
        // Blanks stand before the equals sign, too.
        let (args, result) = behind.rsplit_once("= ")?;
        let args = args.trim_end().strip_suffix(')')?;
        Some(Self {
            pid,
            name,
            args,
            result: Some(result),
            resumed,
        })
    }

    /// Which way the call moves data, if it does.
    fn direction(&self) -> Option<Way> {
        match self.name {
            "sendto" | "sendmsg" | "sendmmsg" | "send" | "write" | "writev" => Some(Way::Sent),
            "recvfrom" | "recvmsg" | "recvmmsg" | "recvmmsg_time64" | "recv" | "read" | "readv" => {
                Some(Way::Received)
            }
            _ => None,
        }
    }

    /// How much `recvfrom` takes at most, if it asks for the length of all.
    fn capacity(&self) -> Option<usize> {
        let (before, _) = self.args.split_once("MSG_TRUNC")?;
        let (before, _flags) = before.rsplit_once(", ")?;
        before.rsplit_once(", ")?.1.parse().ok()
    }

    /// The first argument, and strace's `<…>` behind it.
    fn fd(&self) -> Option<(i32, &'l str)> {
        let (digits, behind) = split_number(self.args);
        let fd = number(digits)?;
        let about = behind.strip_prefix('<').unwrap_or("");
        Some((fd, about))
    }
}

fn split_number(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric());
    text.split_at(end.unwrap_or(text.len()))
}

fn number(digits: &str) -> Option<i32> {
    match digits.strip_prefix("0x") {
        Some(hex) => i32::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    }
}

/// The process id that a line begins with (`-f`), and the line without it and without times (`-t`, `-r`), call numbers
/// (`-n`) and addresses (`-i`).
fn without_prefix(line: &str) -> (Option<u32>, &str) {
    let mut pid = None;
    let mut rest = line;
    loop {
        if let Some((inside, behind)) = rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
            let number = inside.strip_prefix("pid").map(str::trim);
            pid = pid.or(number.and_then(|number| number.parse().ok()));
            rest = behind.trim_start();
            continue;
        }
        let Some((token, behind)) = rest.split_once(' ') else {
            return (pid, rest);
        };
        let is_time = |c: u8| c.is_ascii_digit() || b":.+()".contains(&c);
        let has_digit = token == "(+" || token.bytes().any(|c| c.is_ascii_digit());
        if !has_digit || !token.bytes().all(is_time) {
            return (pid, rest);
        }
        pid = pid.or(token.parse().ok());
        rest = behind.trim_start();
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Sent,
    Received,
}

/// What is known of a call's socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Socket {
    /// Netlink, of this protocol if it is known.
    Netlink(Option<i32>),
    /// Another one, or no socket.
    Foreign,
    /// The trace does not say.
    Unknown,
}

/// A call whose bytes are being read.
struct Current {
    pid: Option<u32>,
    fd: Option<i32>,
    way: Option<Way>,
    socket: Socket,
    /// The error's name, if it failed.
    failed: Option<String>,
    /// Length of the datagram, if the call says it.
    whole: Option<usize>,
    /// Length of the receiver's buffer, if the call says it: strace dumps what is behind it, too.
    capacity: Option<usize>,
    /// Whether the message is only looked at: it is received again.
    is_peek: bool,
    /// Whether there are messages in strace's words.
    in_words: bool,
    /// What its strings hold, and whether they were cut short; a dump has more.
    strings: Vec<(Vec<u8>, bool)>,
    /// Whether there is a dump.
    dumped: bool,
    bytes: Vec<u8>,
    /// Where the buffer begins whose rows are being read.
    buffer: usize,
}

/// A call that is interrupted by another process's.
struct Begun {
    fd: i32,
    socket: Socket,
    in_words: bool,
    strings: Vec<(Vec<u8>, bool)>,
}

/// What is known while a trace is read.
#[derive(Default)]
pub(super) struct Trace {
    /// Sockets by process and descriptor, and for children by descriptor alone: the protocol, `None` if foreign.
    sockets: HashMap<(Option<u32>, i32), Option<i32>>,
    begun: HashMap<Option<u32>, Begun>,
    /// How many bytes of strings `begun` has taken since it was empty.
    begun_bytes: usize,
    current: Option<Current>,
    /// A datagram that was looked at and not received yet.
    peeked: Option<(Current, Vec<u8>)>,
    /// Calls of which strace kept words only.
    in_words: bool,
}

impl Trace {
    /// Reads a line; whether it was one of a trace.
    pub(super) fn line<W: Write>(
        &mut self,
        number: u64,
        line: &str,
        printer: &mut Printer<'_, W>,
    ) -> Result<bool, Failure> {
        match Line::of(line) {
            Line::Row(offset, columns) => self.row(number, offset, columns, printer)?,
            Line::Buffer => {
                if let Some(current) = &mut self.current {
                    current.buffer = current.bytes.len();
                }
            }
            Line::Vector => self.flush(printer)?,
            Line::Call(call) => {
                self.finish(printer)?;
                self.call(&call);
            }
            Line::Event => self.finish(printer)?,
            Line::Other => return Ok(false),
        }
        Ok(true)
    }

    /// Ends the trace; the error says what to do if nothing in it was of use.
    pub(super) fn end<W: Write>(&mut self, printer: &mut Printer<'_, W>) -> Result<(), Failure> {
        self.finish(printer)?;
        self.forget_peeked(printer)?;
        if self.in_words && !printer.any {
            return Err(super::failure(
                "strace has put these messages into words at best and kept no bytes, run it with -e read=all -e write=all",
            ));
        }
        Ok(())
    }

    fn row<W: Write>(
        &mut self,
        number: u64,
        offset: usize,
        columns: &str,
        printer: &mut Printer<'_, W>,
    ) -> Result<(), Failure> {
        // A dump that lost its call.
        if self.current.is_none() || (offset == 0 && self.is_loose()) {
            self.finish(printer)?;
            self.current = Some(Current::loose());
        }
        let Some(current) = &mut self.current else {
            return Ok(());
        };
        if offset == 0 {
            current.buffer = current.bytes.len();
        }
        if current.buffer.saturating_add(offset) != current.bytes.len() {
            return Err(wrong(number, "a row of the dump is missing"));
        }
        for word in columns.split_whitespace() {
            let byte = u8::from_str_radix(word, 16).ok();
            let byte = byte.filter(|_| word.len() == 2);
            current
                .bytes
                .push(byte.ok_or_else(|| wrong(number, "a row of the dump is damaged"))?);
        }
        if current.bytes.len() > MAX_DATAGRAM {
            return Err(wrong(number, "the datagram is too long"));
        }
        Ok(())
    }

    /// Whether a dump without a call has begun.
    fn is_loose(&self) -> bool {
        let current = self.current.as_ref();
        current.is_some_and(|current| current.way.is_none() && !current.bytes.is_empty())
    }

    fn call(&mut self, call: &Call<'_>) {
        if call.name == "socket" {
            return self.remember(call);
        }
        let Some(way) = call.direction() else {
            return;
        };
        let begun = match call.resumed {
            true => self.begun.remove(&call.pid),
            false => None,
        };
        let (fd, mut socket) = match (&begun, call.fd()) {
            (Some(begun), _) => (Some(begun.fd), begun.socket),
            (None, Some((fd, about))) if !call.resumed => {
                (Some(fd), self.socket(call.pid, fd, about))
            }
            _ => (None, Socket::Unknown),
        };
        let mut in_words = call.args.contains("nlmsg_len=");
        if in_words && socket == Socket::Unknown {
            socket = Socket::Netlink(None);
        }
        let found = match in_words || socket == Socket::Foreign {
            // Strings among strace's words are parts of attributes.
            true => Vec::new(),
            false => datagrams(call.args),
        };
        let mut strings = found;
        if let Some(begun) = begun {
            in_words |= begun.in_words;
            if strings.is_empty() {
                strings = begun.strings;
            }
        }
        let failed = call.result.and_then(|result| {
            let mut words = result.strip_prefix("-1 ")?.split_whitespace();
            words.next().map(str::to_owned)
        });
        let counts_messages = call.name.contains("mmsg");
        let len = call.result.map(|result| split_number(result).0);
        let len = len.and_then(number).and_then(|len| len.try_into().ok());
        let whole = len.filter(|_| !counts_messages && failed.is_none());
        let is_peek = way == Way::Received && call.args.contains("MSG_PEEK");
        // As with `-e raw`: not even words.
        let is_bare = matches!(socket, Socket::Netlink(_)) && strings.is_empty() && !is_peek;
        in_words |= is_bare && whole.is_some_and(|len| len > 0);
        if call.result.is_some() {
            self.current = Some(Current {
                pid: call.pid,
                fd,
                way: Some(way),
                socket,
                is_peek,
                whole,
                capacity: call.capacity(),
                failed,
                in_words,
                strings,
                dumped: false,
                bytes: Vec::new(),
                buffer: 0,
            });
        } else if let Some(fd) = fd {
            self.begin(call.pid, fd, socket, in_words, strings);
        }
    }

    /// Remembers a call that is interrupted.
    fn begin(
        &mut self,
        pid: Option<u32>,
        fd: i32,
        socket: Socket,
        in_words: bool,
        strings: Vec<(Vec<u8>, bool)>,
    ) {
        let len = |strings: &[(Vec<u8>, bool)]| strings.iter().map(|s| s.0.len()).sum::<usize>();
        self.begun_bytes = self.begun_bytes.saturating_add(len(&strings));
        if self.begun.len() >= MAX_REMEMBERED || self.begun_bytes > 2 * MAX_DATAGRAM {
            self.begun.clear();
            self.begun_bytes = len(&strings);
        }
        let begun = Begun {
            fd,
            socket,
            in_words,
            strings,
        };
        self.begun.insert(pid, begun);
    }

    /// A socket that was opened: of netlink or not.
    fn remember(&mut self, call: &Call<'_>) {
        let Some(fd) = call
            .result
            .and_then(|result| number(split_number(result).0))
        else {
            return;
        };
        let mut args = call.args.split(',').map(str::trim);
        let domain = args.next().unwrap_or("");
        let is_netlink = domain.contains("_NETLINK") || ["0x10", "16"].contains(&domain);
        let protocol = args.nth(1).unwrap_or("");
        let protocol = match protocol.find("NETLINK_") {
            Some(at) => {
                let name = protocol.get(at + 8..).unwrap_or("");
                family_named(name.trim_end_matches([' ', '*', '/']))
            }
            None => number(protocol),
        };
        if self.sockets.len() >= MAX_REMEMBERED {
            self.sockets.clear();
        }
        let socket = is_netlink.then_some(protocol.unwrap_or(UNNAMED));
        self.sockets.insert((call.pid, fd), socket);
        self.sockets.insert((None, fd), socket);
    }

    fn socket(&self, pid: Option<u32>, fd: i32, about: &str) -> Socket {
        // `<NETLINK:[ROUTE:1234]>`, `<NETLINK:[56789]>` before it is bound, `<socket:[56789]>` with -y alone.
        let known = self.sockets.get(&(pid, fd));
        let known = match known.or_else(|| self.sockets.get(&(None, fd))) {
            Some(None) => Socket::Foreign,
            Some(&Some(UNNAMED)) => Socket::Netlink(None),
            Some(&Some(family)) => Socket::Netlink(Some(family)),
            None => Socket::Unknown,
        };
        if let Some(inside) = about.strip_prefix("NETLINK:[") {
            let name = inside.split([':', ']']).next().unwrap_or("");
            return match (family_named(name), known) {
                (None, Socket::Netlink(family)) => Socket::Netlink(family),
                (family, _) => Socket::Netlink(family),
            };
        }
        match about.is_empty() || about.starts_with("socket:[") {
            true => known,
            false => Socket::Foreign,
        }
    }

    /// Prints the datagram that has been read of the current call.
    fn flush<W: Write>(&mut self, printer: &mut Printer<'_, W>) -> Result<(), Failure> {
        let Some(mut current) = self.current.take() else {
            return Ok(());
        };
        if !current.bytes.is_empty() {
            current.dumped = true;
            let capacity = current.capacity.unwrap_or(usize::MAX);
            current.bytes.truncate(capacity);
            self.show(&mut current, false, printer)?;
            current.bytes.clear();
            current.buffer = 0;
        }
        self.current = Some(current);
        Ok(())
    }

    /// Ends the current call.
    fn finish<W: Write>(&mut self, printer: &mut Printer<'_, W>) -> Result<(), Failure> {
        self.flush(printer)?;
        let Some(mut current) = self.current.take().filter(|current| !current.dumped) else {
            return Ok(());
        };
        for (bytes, cut) in std::mem::take(&mut current.strings) {
            current.bytes = bytes;
            self.show(&mut current, cut, printer)?;
        }
        if current.in_words {
            self.in_words = true;
            printer.lost(format_args!("{}: strace kept no bytes", current.label()))?;
        }
        Ok(())
    }

    /// Prints a datagram, unless it is not netlink or comes again.
    fn show<W: Write>(
        &mut self,
        current: &mut Current,
        cut: bool,
        printer: &mut Printer<'_, W>,
    ) -> Result<(), Failure> {
        let is_framed = matches!(Messages::new(&current.bytes).next(), Some(Ok(_)));
        let family = match current.socket {
            Socket::Foreign => return Ok(()),
            Socket::Unknown if !is_framed => return Ok(()),
            Socket::Unknown => None,
            Socket::Netlink(family) => family,
        };
        if current.is_peek {
            self.forget_peeked(printer)?;
            let bytes = std::mem::take(&mut current.bytes);
            self.peeked = Some((current.clone_label(family), bytes));
            return Ok(());
        }
        if let Some((peek, bytes)) = &self.peeked
            && (peek.pid, peek.fd) == (current.pid, current.fd)
            && current.way == Some(Way::Received)
        {
            if current.bytes.starts_with(bytes) || bytes.starts_with(&current.bytes) {
                self.peeked = None;
            } else {
                self.forget_peeked(printer)?;
            }
        }
        let mut label = current.label();
        if cut {
            label
                .from
                .push_str("; strace cut the string short, run it with -s 65536");
        }
        printer.print(Some(&label), family, &current.bytes)
    }

    /// Prints a datagram that was looked at, and never received.
    fn forget_peeked<W: Write>(&mut self, printer: &mut Printer<'_, W>) -> Result<(), Failure> {
        let Some((peek, bytes)) = self.peeked.take() else {
            return Ok(());
        };
        let family = match peek.socket {
            Socket::Netlink(family) => family,
            _ => None,
        };
        printer.print(Some(&peek.label()), family, &bytes)
    }
}

/// Stands for a netlink protocol that the trace does not name.
const UNNAMED: i32 = -1;

impl Current {
    /// A dump without a call.
    fn loose() -> Self {
        Self {
            pid: None,
            fd: None,
            way: None,
            socket: Socket::Netlink(None),
            failed: None,
            whole: None,
            capacity: None,
            is_peek: false,
            in_words: false,
            strings: Vec::new(),
            dumped: false,
            bytes: Vec::new(),
            buffer: 0,
        }
    }

    /// All but the bytes.
    fn clone_label(&self, family: Option<i32>) -> Self {
        Self {
            socket: Socket::Netlink(family),
            failed: self.failed.clone(),
            strings: Vec::new(),
            bytes: Vec::new(),
            ..*self
        }
    }

    fn label(&self) -> Label {
        let mut what = match (self.way, self.is_peek) {
            (None, _) => "dumped",
            (Some(Way::Sent), _) => "sent",
            (Some(Way::Received), false) => "received",
            (Some(Way::Received), true) => "looked at",
        }
        .to_owned();
        if let Some(error) = &self.failed {
            what = format!("not {what}: {error}");
        }
        let mut from = String::new();
        if let Some(fd) = self.fd {
            from.push_str(&format!(", fd {fd}"));
        }
        if let Some(pid) = self.pid {
            from.push_str(&format!(", process {pid}"));
        }
        Label {
            what,
            whole: self.whole,
            from,
        }
    }
}

/// The datagrams in the strings of a call, and whether strace cut them short. Those of one message's `iov`s are one.
fn datagrams(args: &str) -> Vec<(Vec<u8>, bool)> {
    let mut found: Vec<(Vec<u8>, bool)> = Vec::new();
    let mut joins = false;
    let mut rest = args;
    while let Some((before, behind)) = rest.split_once('"') {
        let Some((bytes, behind)) = escape::string(behind, "\"") else {
            break;
        };
        joins &= !before.contains("msg_iov=");
        rest = behind;
        let is_iov = before.ends_with("iov_base=");
        // `sendto(3, "…"`: the second argument.
        let is_buffer = found.is_empty() && before.ends_with(", ") && !before.contains(['{', '[']);
        let is_buffer = is_buffer || (found.is_empty() && before.ends_with(">, "));
        if !is_iov && !is_buffer {
            continue;
        }
        let cut = behind.starts_with("...");
        match found.last_mut() {
            Some((all, is_cut)) if joins => {
                // Behind a gap nothing is where it should be.
                if !*is_cut {
                    all.extend(bytes);
                }
                *is_cut |= cut;
            }
            _ => found.push((bytes, cut)),
        }
        joins = is_iov;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_lose_their_text() {
        let line =
            " | 00010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 20  ............... |\n";
        let Line::Row(offset, columns) = Line::of(line) else {
            panic!("no row");
        };
        assert_eq!(offset, 16);
        assert_eq!(columns.split_whitespace().count(), 16);
    }

    #[test]
    fn prefixes_are_told_from_calls() {
        for (line, pid, fd) in [
            ("sendto(3, \"\", 0, 0, NULL, 0) = 0", None, 3),
            ("[pid  1234] sendto(4, \"\", 0) = 0", Some(1234), 4),
            ("1234  sendto(5, \"\", 0) = 0", Some(1234), 5),
            (
                "1234  10:11:12.131415 sendto(5, \"\", 0) = 0 <0.000013>",
                Some(1234),
                5,
            ),
            ("1795796317.066 sendto(0x6, \"\", 0) = 0", None, 6),
            (
                "     0.000123 sendto(7<NETLINK:[ROUTE:1]>, \"\", 0) = 0",
                None,
                7,
            ),
            (
                "(+     0.000123) [ 44] [00007f0123456789] sendto(8, \"\", 0) = 0",
                None,
                8,
            ),
            (
                "[pid 9] <... recvmsg resumed>{msg_name=NULL}, 0) = 36",
                Some(9),
                -1,
            ),
        ] {
            let Line::Call(call) = Line::of(line) else {
                panic!("{line}");
            };
            assert_eq!(call.pid, pid, "{line}");
            assert_eq!(call.fd().map_or(-1, |fd| fd.0), fd, "{line}");
        }
        for line in [
            "3800000018000506",
            "0x14, 0x00",
            "uint8_t a[sizeof(x)] = {",
            "# f(x) = 3",
        ] {
            assert!(matches!(Line::of(line), Line::Other), "{line}");
        }
    }

    #[test]
    fn strings_of_one_message_are_joined() {
        let data = |args| datagrams(args);
        assert_eq!(data("3, \"ab\", 2, 0, NULL, 0"), [(b"ab".to_vec(), false)]);
        assert_eq!(
            data("3<NETLINK:[ROUTE:7]>, \"ab\"..., 9"),
            [(b"ab".to_vec(), true)]
        );
        assert_eq!(
            data(
                "3, {msg_name={sun_path=\"x\"}, msg_iov=[{iov_base=\"a\\0\", iov_len=2}, {iov_base=\"b\", iov_len=1}], x=\"y\"}, 0"
            ),
            [(b"a\0b".to_vec(), false)]
        );
        assert_eq!(
            data(
                "3, [{msg_hdr={msg_iov=[{iov_base=\"a\", iov_len=1}]}, msg_len=1}, {msg_hdr={msg_iov=[{iov_base=\"b\", iov_len=1}]}}], 2"
            ),
            [(b"a".to_vec(), false), (b"b".to_vec(), false)]
        );
        assert_eq!(
            data("3, [{iov_base=\"a\", iov_len=1}, {iov_base=\"b\", iov_len=1}], 2"),
            [(b"ab".to_vec(), false)]
        );
    }
}
