//! The `ping` applet: ICMP echo over IPv4 and IPv6.
//!
//! Grammar, output and exit codes are those of iputils; see ping(8).

mod args;
pub mod echo;
mod names;
pub mod report;
mod socket;

use std::ffi::OsString;
use std::io::Write;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::applet::Invocation;
use crate::failure::{Failure, describe, say};
use crate::output::Output;

use args::{Args, Command};
use echo::{Echo, Family};
use report::Statistics;
use socket::{Arrival, EchoSocket, Origin, Trouble};

/// Below this payload there is no room for the time of sending, and ping shows no times.
const TIMED: usize = 16;
/// A refused request is tried this often before it counts as sent.
const ATTEMPTS: usize = 3;

/// Runs the applet.
///
/// # Errors
///
/// Usage errors (exit code 1 or 2), and all that keeps the first request from being sent (2).
pub fn run(invocation: &Invocation, out: &mut Output) -> Result<ExitCode, Failure> {
    let privileged = nix::unistd::geteuid().is_root();
    let mut words = invocation.args.clone();
    if invocation.name == "ping6" {
        words.insert(0, OsString::from("-6"));
    }
    let args = match args::parse(&words, privileged)? {
        Command::Say(text) => {
            writeln!(out, "{text}")?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Ping(args) => args,
    };

    let origin = Origin::new(args.from.as_deref());
    let mut target = names::resolve(&args.host, args.family)?;
    origin.place(&mut target);
    let socket = EchoSocket::open(&origin, &target, &args)?;
    let (source, broadcast) = socket::probe(&origin, &target, args.broadcast)?;
    // `ping 0` asks this host, and says so.
    if target.is_ipv4() && target.ip().is_unspecified() {
        target.set_ip(source.ip());
    }
    if broadcast {
        say("WARNING: pinging broadcast address");
    }
    let mut session = Session {
        numeric: args.numeric || names::is_numeric(&args.host),
        family: names::family_of(&target),
        args,
        target,
        any_source: broadcast || names::is_group(target.ip()),
        socket,
        out,
        statistics: Statistics::default(),
        slots: vec![Slot::default(); 1 << 16],
        last_sent: None,
        first_sent: None,
        message: Vec::new(),
    };
    session.header(&source, &origin)?;
    session.exchange()?;
    session.footer()
}

/// What is known of a request; there is one slot per sequence number.
#[derive(Clone, Debug, Default)]
struct Slot {
    sent: Option<Instant>,
    answered: bool,
}

/// A run.
struct Session<'a> {
    args: Args,
    numeric: bool,
    family: Family,
    target: SocketAddr,
    /// Whether answers come from other addresses than the target.
    any_source: bool,
    socket: EchoSocket,
    out: &'a mut Output,
    statistics: Statistics,
    slots: Vec<Slot>,
    first_sent: Option<Instant>,
    last_sent: Option<Instant>,
    message: Vec<u8>,
}

/// Why the exchange pauses no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wake {
    Time,
    Socket,
    Interrupt,
}

impl Session<'_> {
    fn header(&mut self, source: &SocketAddr, origin: &Origin) -> Result<(), Failure> {
        if self.args.verbose {
            let kind = if self.socket.is_raw() {
                "SOCK_RAW"
            } else {
                "SOCK_DGRAM"
            };
            say(format_args!("ping: socktype: {kind}"));
        }
        if !self.args.pattern.is_empty() {
            let digits: String = self
                .args
                .pattern
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            writeln!(self.out, "PATTERN: 0x{digits}")?;
        }
        let host = &self.args.host;
        match self.family {
            Family::V4 => write!(
                self.out,
                "PING {host} ({}) ",
                names::show(&self.target, true)
            )?,
            Family::V6 => write!(
                self.out,
                "PING {host}({}) ",
                names::show(&self.target, self.numeric)
            )?,
        }
        if origin.addr.is_some() || origin.device.is_some() {
            let source = names::show(source, true);
            write!(
                self.out,
                "from {source} {}: ",
                origin.device.as_deref().unwrap_or_default()
            )?;
        }
        let size = self.args.size;
        match self.family {
            Family::V4 => writeln!(self.out, "{size}({}) bytes of data.", size + 28)?,
            Family::V6 => writeln!(self.out, "{size} data bytes")?,
        }
        self.out.flush()?;
        Ok(())
    }

    /// Sends and receives until the run is over.
    fn exchange(&mut self) -> Result<(), Failure> {
        let signals = signals()
            .map_err(|errno| Failure::new(2, format!("ping: signalfd: {}", describe(errno))))?;
        let start = Instant::now();
        let mut end = self
            .args
            .deadline
            .and_then(|deadline| start.checked_add(deadline));
        let mut next = start;
        loop {
            if self.is_done() {
                return Ok(());
            }
            let now = Instant::now();
            if end.is_some_and(|end| now >= end) {
                return Ok(());
            }
            // With a deadline, requests go on until enough are answered.
            let more = self.args.deadline.is_some()
                || self
                    .args
                    .count
                    .is_none_or(|count| self.statistics.transmitted < count);
            if more && now >= next {
                self.send()?;
                // A late request does not make the following ones hurry.
                next = Instant::now()
                    .checked_add(self.args.interval)
                    .unwrap_or(now);
                if self.args.deadline.is_none()
                    && self.args.count == Some(self.statistics.transmitted)
                {
                    end = Instant::now().checked_add(self.linger());
                }
                continue;
            }
            let until = [end, more.then_some(next)].into_iter().flatten().min();
            match self.wait(&signals, until)? {
                Wake::Time => {}
                Wake::Socket => self.receive()?,
                Wake::Interrupt => return Ok(()),
            }
        }
    }

    /// Whether there is nothing left to wait for.
    fn is_done(&self) -> bool {
        let done = self
            .statistics
            .received
            .saturating_add(self.statistics.errors);
        self.args.count.is_some_and(|count| done >= count)
            || (self.args.deadline.is_some() && self.statistics.errors > 0)
    }

    /// How long to wait for answers after the last request.
    fn linger(&self) -> Duration {
        if self.statistics.received == 0 {
            self.args.linger
        } else {
            self.args.interval.max(self.statistics.longest() * 2)
        }
    }

    fn wait(&mut self, signals: &SignalFd, until: Option<Instant>) -> Result<Wake, Failure> {
        let timeout = match until {
            // Rounded up: waking early would mean spinning.
            Some(until) => {
                let left = until
                    .saturating_duration_since(Instant::now())
                    .as_micros()
                    .div_ceil(1000);
                PollTimeout::try_from(left.min(1 << 30)).unwrap_or(PollTimeout::MAX)
            }
            None => PollTimeout::NONE,
        };
        let mut fds = [
            PollFd::new(self.socket.as_fd(), PollFlags::POLLIN),
            PollFd::new(signals.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut fds, timeout) {
            Ok(0) | Err(Errno::EINTR) => return Ok(Wake::Time),
            Ok(_) => {}
            Err(errno) => return Err(Failure::new(2, format!("ping: poll: {}", describe(errno)))),
        }
        while let Ok(Some(signal)) = signals.read_signal() {
            if signal.ssi_signo != Signal::SIGQUIT as u32 {
                return Ok(Wake::Interrupt);
            }
            say(format_args!("\r{}", self.statistics.status()));
        }
        Ok(Wake::Socket)
    }

    fn send(&mut self) -> Result<(), Failure> {
        if self.args.outstanding {
            self.report_outstanding()?;
        }
        let seq = sequence(self.statistics.transmitted + 1);
        let echo = Echo {
            kind: self.family.request(),
            ident: self.socket.ident,
            seq,
        };
        for _ in 0..ATTEMPTS {
            let data = payload(self.args.size, &self.args.pattern);
            echo.write(self.family, data, &mut self.message);
            let now = Instant::now();
            if let Some(slot) = self.slots.get_mut(usize::from(seq)) {
                *slot = Slot {
                    sent: Some(now),
                    answered: false,
                };
            }
            self.first_sent.get_or_insert(now);
            self.last_sent = Some(now);
            match self.socket.send(&self.message, &self.target) {
                Ok(()) => break,
                Err(errno) => match self.receive_errors()? {
                    // The refusal was news about an earlier request.
                    Troubles { icmp: 1.., .. } => {}
                    Troubles { local: 1.., .. } => break,
                    Troubles { .. } => {
                        if !self.args.quiet {
                            self.complain(&format!("ping: sendmsg: {}", describe(errno)))?;
                        }
                        break;
                    }
                },
            }
        }
        self.statistics.transmitted += 1;
        Ok(())
    }

    fn report_outstanding(&mut self) -> Result<(), Failure> {
        let last = self.statistics.transmitted;
        let unanswered = self
            .slots
            .get(usize::from(sequence(last)))
            .is_some_and(|slot| !slot.answered);
        if last > 0 && unanswered {
            self.stamp()?;
            writeln!(self.out, "no answer yet for icmp_seq={last}")?;
            self.out.flush()?;
        }
        Ok(())
    }

    /// Reads what has come in, as far as it is wanted.
    fn receive(&mut self) -> Result<(), Failure> {
        self.receive_errors()?;
        while !self.is_done() {
            match self.socket.receive() {
                Ok(Some(Arrival::Reply {
                    seq,
                    from,
                    length,
                    ttl,
                })) => self.reply(seq, from, length, ttl)?,
                Ok(Some(Arrival::Foreign)) => {}
                Ok(None) => return Ok(()),
                // An ICMP error came in between; a socket without a story would never rest.
                Err(errno) => match self.receive_errors()? {
                    Troubles {
                        icmp: 0,
                        local: 0,
                        foreign: 0,
                    } if errno == Errno::ENETDOWN => {
                        return self.complain(&format!("ping: recvmsg: {}", describe(errno)));
                    }
                    Troubles { .. } => return Ok(()),
                },
            }
        }
        Ok(())
    }

    fn reply(
        &mut self,
        seq: u16,
        from: SocketAddr,
        length: usize,
        ttl: Option<u8>,
    ) -> Result<(), Failure> {
        let now = Instant::now();
        let Some(slot) = self.slots.get_mut(usize::from(seq)) else {
            return Ok(());
        };
        let Some(sent) = slot.sent else { return Ok(()) };
        let repeated = std::mem::replace(&mut slot.answered, true);
        let time = now.saturating_duration_since(sent);
        self.acknowledge(seq);
        if repeated {
            self.statistics.repeats += 1;
        } else {
            self.statistics.received += 1;
        }
        let timed = self.args.size >= TIMED;
        if timed {
            self.statistics.time(time);
        }
        if self.args.quiet {
            return Ok(());
        }
        self.stamp()?;
        write!(
            self.out,
            "{length} bytes from {}: icmp_seq={seq}",
            names::show(&from, self.numeric)
        )?;
        if self.args.verbose {
            write!(self.out, " ident={}", self.socket.ident)?;
        }
        if let Some(ttl) = ttl {
            write!(self.out, " ttl={ttl}")?;
        }
        if timed {
            write!(self.out, " time={} ms", report::milliseconds(time))?;
        }
        if repeated {
            write!(self.out, " (DUP!)")?;
        }
        if from.ip() != self.target.ip() && !self.any_source && !self.target.ip().is_unspecified() {
            write!(self.out, " (DIFFERENT ADDRESS!)")?;
        }
        if self.args.bell {
            write!(self.out, "\x07")?;
        }
        writeln!(self.out)?;
        self.out.flush()?;
        Ok(())
    }

    /// Empties the error queue.
    fn receive_errors(&mut self) -> Result<Troubles, Failure> {
        let mut troubles = Troubles::default();
        while let Ok(Some(trouble)) = self.socket.receive_error() {
            match trouble {
                Trouble::Icmp {
                    seq,
                    from,
                    kind,
                    code,
                    info,
                } => {
                    troubles.icmp += 1;
                    self.statistics.errors += 1;
                    self.acknowledge(seq);
                    if self.args.quiet {
                        continue;
                    }
                    self.stamp()?;
                    if let Some(from) = from {
                        write!(self.out, "From {} ", names::show(&from, self.numeric))?;
                    }
                    writeln!(
                        self.out,
                        "icmp_seq={seq} {}",
                        report::describe(self.family, kind, code, info)
                    )?;
                    self.out.flush()?;
                }
                Trouble::Local { errno, info } => {
                    troubles.local += 1;
                    self.statistics.errors += 1;
                    if self.args.quiet {
                        continue;
                    }
                    match errno {
                        Errno::EMSGSIZE => {
                            self.complain(&format!(
                                "ping: local error: message too long, mtu={info}"
                            ))?;
                        }
                        errno => {
                            self.complain(&format!("ping: local error: {}", describe(errno)))?
                        }
                    }
                }
                Trouble::Foreign => troubles.foreign += 1,
            }
        }
        Ok(troubles)
    }

    /// Notes how many requests were under way when one was answered.
    fn acknowledge(&mut self, seq: u16) {
        let behind = sequence(self.statistics.transmitted).wrapping_sub(seq);
        // A request that is answered while it is being sent is not counted yet.
        if behind < u16::MAX / 2 {
            self.statistics.pipe = self.statistics.pipe.max(u64::from(behind) + 1);
        }
    }

    /// `-D`: the time before a line.
    fn stamp(&mut self) -> Result<(), Failure> {
        if self.args.timestamps {
            let now = since_epoch();
            write!(self.out, "[{}.{:06}] ", now.as_secs(), now.subsec_micros())?;
        }
        Ok(())
    }

    fn complain(&mut self, text: &str) -> Result<(), Failure> {
        self.out.flush()?;
        say(text);
        Ok(())
    }

    fn footer(mut self) -> Result<ExitCode, Failure> {
        if let (Some(first), Some(last)) = (self.first_sent, self.last_sent) {
            self.statistics.elapsed = last.saturating_duration_since(first);
        }
        writeln!(self.out, "{}", self.statistics.summary(&self.args.host))?;
        let received = self.statistics.received;
        let short =
            self.args.deadline.is_some() && self.args.count.is_some_and(|count| received < count);
        Ok(ExitCode::from(u8::from(received == 0 || short)))
    }
}

/// What the error queue held.
#[derive(Clone, Copy, Debug, Default)]
struct Troubles {
    icmp: usize,
    local: usize,
    foreign: usize,
}

/// SIGINT and SIGQUIT as something to poll for; a script's background job, which has SIGINT ignored, gets it too.
fn signals() -> nix::Result<SignalFd> {
    let mut set = SigSet::empty();
    set.add(Signal::SIGINT);
    set.add(Signal::SIGQUIT);
    set.thread_block()?;
    SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)
}

/// The sequence number of the n-th request: 16 bits of it.
fn sequence(number: u64) -> u16 {
    let [.., high, low] = number.to_be_bytes();
    u16::from_be_bytes([high, low])
}

/// `size` bytes of data: the time of sending, as tcpdump's readers expect it there, then a pattern.
fn payload(size: usize, pattern: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let now = since_epoch();
    let time = i64::try_from(now.as_secs())
        .unwrap_or_default()
        .to_ne_bytes();
    let micros = i64::from(now.subsec_micros()).to_ne_bytes();
    let stamp = time
        .into_iter()
        .chain(micros)
        .take(if size >= TIMED { TIMED } else { 0 });
    let counting = (0..=u8::MAX).cycle();
    let fill = counting
        .enumerate()
        .map(move |(at, byte)| match at.checked_rem(pattern.len()) {
            Some(at) => pattern.get(at).copied().unwrap_or_default(),
            None => byte,
        });
    let stamped = if size >= TIMED { TIMED } else { 0 };
    stamp.chain(fill.skip(stamped)).take(size)
}

fn since_epoch() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// For the fuzz target: a command line is understood or refused, and its numbers are in their ranges.
pub(crate) fn read_words(words: &[OsString]) {
    for privileged in [false, true] {
        if let Ok(Command::Ping(args)) = args::parse(words, privileged) {
            assert!(args.size <= 65_527 && args.pattern.len() <= 16);
            assert!(args.count != Some(0) && args.deadline != Some(Duration::ZERO));
            assert!(privileged || args.interval >= Duration::from_millis(2));
        }
    }
}
