//! Seeing what goes over the wire: observers of sockets, and a decoder that prints datagrams
//! through the attribute tables.
//!
//! ```no_run
//! use nl_core::{Connection, Protocol, trace};
//!
//! # fn run<Route: Protocol>() -> Result<(), nl_core::Error> {
//! let mut route = Connection::<Route>::open()?;
//! route.observe(|traffic| {
//!     eprint!("{}\n{}", traffic.direction, trace::decode::<Route>(traffic.datagram));
//! });
//! # Ok(())
//! # }
//! ```

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use crate::extack::Failure;
use crate::header::*;
use crate::layout;
use crate::message::{Message, Messages};
use crate::request::{MessageType, Protocol};

/// Which way a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the kernel, told before it is sent: the kernel works it off meanwhile.
    Sent,
    /// From the kernel.
    Received,
    /// To the kernel, if this were no [dry run](crate::Connection::set_dry_run).
    Withheld,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sent => "sent",
            Self::Received => "received",
            Self::Withheld => "not sent",
        })
    }
}

/// One datagram on a socket.
#[derive(Clone, Copy, Debug)]
pub struct Traffic<'a> {
    /// Which way it goes.
    pub direction: Direction,
    /// The socket's protocol, `NETLINK_*`.
    pub protocol: i32,
    /// All of it.
    pub datagram: &'a [u8],
}

type Observe = dyn Fn(Traffic<'_>) + Send + Sync;

/// Who is told of a socket's traffic.
#[derive(Clone)]
pub(crate) struct Observer(Arc<Observe>);

impl Observer {
    pub(crate) fn new(observe: impl Fn(Traffic<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(observe))
    }

    #[cold]
    pub(crate) fn tell(&self, traffic: Traffic<'_>) {
        (self.0)(traffic);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

static EVERYWHERE: OnceLock<Observer> = OnceLock::new();
static DRY: AtomicBool = AtomicBool::new(false);

/// Observes all sockets that this process opens from now on; for a program's `--trace`.
///
/// Only the first call has an effect.
pub fn observe_all(observe: impl Fn(Traffic<'_>) + Send + Sync + 'static) {
    let _ = EVERYWHERE.set(Observer::new(observe));
}

/// Makes a [dry run](crate::Connection::set_dry_run) of all connections that this process opens
/// from now on; for a program's `--dry-run`.
pub fn dry_run_all() {
    DRY.store(true, Ordering::Relaxed);
}

pub(crate) fn default_observer() -> Option<Observer> {
    EVERYWHERE.get().cloned()
}

pub(crate) fn default_dry_run() -> bool {
    DRY.load(Ordering::Relaxed)
}

/// Prints the messages of a datagram: a line for each header, then the payload through the tables of
/// the protocol, unknown attributes in hex. `{:#}` gives every attribute a line, indented as it is
/// nested.
///
/// ```
/// use nl_core::{Header, trace};
/// # use nl_core::{MessageType, Protocol};
/// # enum Route {}
/// # impl Protocol for Route {
/// #     const NUMBER: i32 = 0;
/// #     const NAME: &'static str = "rtnetlink";
/// #     const STRICT: bool = true;
/// #     fn message_types() -> &'static [MessageType] {
/// #         &[]
/// #     }
/// # }
///
/// let done = [20, 0, 0, 0, 3, 0, 2, 0, 7, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0];
/// # if cfg!(target_endian = "little") {
/// assert_eq!(
///     trace::decode::<Route>(&done).to_string(),
///     "NLMSG_DONE len 20 seq 7 port 9 flags MULTI\n"
/// );
/// # }
/// ```
#[must_use]
pub fn decode<P: Protocol>(datagram: &[u8]) -> Decoded<'_> {
    Decoded {
        datagram,
        message_type: P::message_type,
    }
}

/// [`decode`] for a protocol that is known only at run time.
#[must_use]
pub fn decode_with(
    datagram: &[u8],
    message_type: fn(u16) -> Option<&'static MessageType>,
) -> Decoded<'_> {
    Decoded {
        datagram,
        message_type,
    }
}

/// A datagram, printed by its `Display`; see [`decode`].
#[derive(Clone, Copy)]
pub struct Decoded<'a> {
    datagram: &'a [u8],
    message_type: fn(u16) -> Option<&'static MessageType>,
}

impl fmt::Debug for Decoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Decoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut messages = Messages::new(self.datagram);
        loop {
            let at = messages.offset();
            match messages.next() {
                None => return Ok(()),
                Some(Ok(message)) => self.message(&message, f)?,
                Some(Err(error)) => {
                    write!(f, "{error}: ")?;
                    hex(self.datagram.get(at..).unwrap_or(&[]), f)?;
                    f.write_char('\n')?;
                }
            }
        }
    }
}

impl Decoded<'_> {
    fn message(&self, message: &Message<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = message.header;
        self.write_name(message.message_type(), f)?;
        let (len, seq, port) = (header.len.get(), header.seq.get(), header.port.get());
        write!(f, " len {len} seq {seq} port {port}")?;
        self.write_flags(message, f)?;
        f.write_char('\n')?;
        let indent = &mut Indented {
            out: f,
            at_start: true,
        };
        match message.message_type() {
            NLMSG_ERROR => match Failure::from_error(message) {
                Some(failure) => self.answer(failure, message, indent)?,
                None => hex(message.payload, indent)?,
            },
            NLMSG_DONE => {
                let failure = Failure::from_done(message);
                if failure.errno != 0 {
                    self.answer(failure, message, indent)?;
                }
            }
            number => match (self.message_type)(number) {
                Some(message_type) => {
                    if indent.out.alternate() {
                        layout::payload(message_type.table, message.payload, indent)?;
                    } else {
                        let payload = message_type.table.debug_payload(message.payload);
                        write!(indent, "{payload:?}")?;
                    }
                }
                None => hex(message.payload, indent)?,
            },
        }
        if !indent.at_start {
            f.write_char('\n')?;
        }
        Ok(())
    }

    fn answer(
        &self,
        failure: Failure<'_>,
        message: &Message<'_>,
        out: &mut impl Write,
    ) -> fmt::Result {
        let errno = crate::Errno(failure.errno);
        match failure.errno {
            0 => out.write_str("acknowledged")?,
            _ => write!(out, "{errno} ({})", errno.description())?,
        }
        if message.message_type() == NLMSG_ERROR
            && let Ok((error, _)) =
                <ErrorHeader as zerocopy::FromBytes>::ref_from_prefix(message.payload)
        {
            out.write_str(" to ")?;
            self.write_name(error.request.message_type.get(), out)?;
        }
        if let Some(extack) = failure.extack() {
            write!(
                out,
                " {:?}",
                crate::extack::NLMSGERR_ATTRS.debug(extack.attr_bytes())
            )?;
        }
        Ok(())
    }

    fn write_name(&self, number: u16, out: &mut (impl Write + ?Sized)) -> fmt::Result {
        match number {
            NLMSG_NOOP => out.write_str("NLMSG_NOOP"),
            NLMSG_ERROR => out.write_str("NLMSG_ERROR"),
            NLMSG_DONE => out.write_str("NLMSG_DONE"),
            NLMSG_OVERRUN => out.write_str("NLMSG_OVERRUN"),
            _ => match (self.message_type)(number) {
                Some(message_type) => out.write_str(message_type.name),
                None => write!(out, "message type {number}"),
            },
        }
    }

    /// What the upper flags mean depends on what the message is.
    fn write_flags(&self, message: &Message<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = message.message_type();
        let name = (self.message_type)(number).map_or("", |t| t.name);
        let of_the_verb = if number == NLMSG_ERROR || number == NLMSG_DONE {
            ANSWER_FLAGS
        } else if name.contains("GET") {
            GET_FLAGS
        } else if name.contains("NEW") {
            NEW_FLAGS
        } else if name.contains("DEL") {
            DEL_FLAGS
        } else {
            &[]
        };
        let mut left = message.flags();
        let mut separator = " flags ";
        for &(flag, name) in FLAGS.iter().chain(of_the_verb) {
            if left & flag == flag {
                left &= !flag;
                write!(f, "{separator}{name}")?;
                separator = "|";
            }
        }
        if left != 0 {
            write!(f, "{separator}{left:#x}")?;
        }
        Ok(())
    }
}

const FLAGS: &[(u16, &str)] = &[
    (NLM_F_REQUEST, "REQUEST"),
    (NLM_F_MULTI, "MULTI"),
    (NLM_F_ACK, "ACK"),
    (NLM_F_ECHO, "ECHO"),
    (NLM_F_DUMP_INTR, "DUMP_INTR"),
    (NLM_F_DUMP_FILTERED, "DUMP_FILTERED"),
];
const ANSWER_FLAGS: &[(u16, &str)] = &[(NLM_F_CAPPED, "CAPPED"), (NLM_F_ACK_TLVS, "ACK_TLVS")];
const GET_FLAGS: &[(u16, &str)] = &[
    (NLM_F_DUMP, "DUMP"),
    (NLM_F_ROOT, "ROOT"),
    (NLM_F_MATCH, "MATCH"),
];
const NEW_FLAGS: &[(u16, &str)] = &[
    (NLM_F_REPLACE, "REPLACE"),
    (NLM_F_EXCL, "EXCL"),
    (NLM_F_CREATE, "CREATE"),
    (NLM_F_APPEND, "APPEND"),
];
const DEL_FLAGS: &[(u16, &str)] = &[(NLM_F_NONREC, "NONREC"), (NLM_F_BULK, "BULK")];

/// Bytes in hex, 4 to a group.
fn hex(bytes: &[u8], out: &mut (impl Write + ?Sized)) -> fmt::Result {
    for (i, byte) in bytes.iter().enumerate() {
        if i > 0 && i % 4 == 0 {
            out.write_char(' ')?;
        }
        write!(out, "{byte:02x}")?;
    }
    Ok(())
}

/// Starts every line with two spaces.
struct Indented<'f, 'o> {
    out: &'f mut fmt::Formatter<'o>,
    at_start: bool,
}

impl Write for Indented<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for line in text.split_inclusive('\n') {
            if self.at_start {
                self.out.write_str("  ")?;
            }
            self.out.write_str(line)?;
            self.at_start = line.ends_with('\n');
        }
        Ok(())
    }
}
