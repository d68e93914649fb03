//! A peer that follows a script instead of the protocol, for tests and the fuzzer.
//!
//! A script is bytes: what is asked for, then three bytes for each message of the answer. The real
//! [`Connection`] asks, over a Unix socket; its answers are queued before it does. [`play_async`] has
//! the other driver ask: what comes of a script must be the same.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use zerocopy::IntoBytes;

use crate::batch::{BatchOptions, BatchReport, OnFailure};
use crate::connection::RECEIVE_BUFFER;
use crate::datagram::DatagramReport;
use crate::extack::{ExtackView, NLMSGERR_ATTRS};
use crate::header::{
    NLM_F_ACK_TLVS, NLM_F_DUMP_INTR, NLM_F_MULTI, NLMSG_DONE, NLMSG_ERROR, NLMSG_OVERRUN,
};
use crate::message::{Message, Messages};
use crate::request::{DumpRequest, GetRequest, MessageType, Protocol, Request};
use crate::socket::Socket;
use crate::subscription::{BUFFER, Notification, Subscription};
#[cfg(feature = "tokio")]
use crate::tokio::{AsyncConnection, AsyncSubscription};
use crate::writer::Writer;
use crate::{Connection, Error};

/// The type of request and reply, and the attribute in which a reply says whether it is right.
const OBJECT: u16 = 16;
const RIGHT: u16 = 100;

/// A Unix socket queues ten datagrams by default.
const DATAGRAMS: usize = 8;

/// So far from the numbers of a script's requests that it never becomes one.
const STRANGE: u32 = 1_000_000;

#[derive(Debug)]
struct Scripted;

impl Protocol for Scripted {
    const NUMBER: i32 = 0;
    const NAME: &'static str = "scripted";
    const STRICT: bool = false;

    fn message_types() -> &'static [MessageType] {
        const TYPES: &[MessageType] = &[MessageType {
            number: OBJECT,
            name: "OBJECT",
            table: &NLMSGERR_ATTRS,
        }];
        TYPES
    }
}

struct Object;

impl Request for Object {
    type Protocol = Scripted;

    fn message_type(&self) -> u16 {
        OBJECT
    }

    fn write(&self, out: &mut Writer) {
        out.raw(2, &[0; 4]);
    }
}

impl GetRequest for Object {
    type Reply = ExtackView<'static>;
    const REPLY_TYPE: u16 = OBJECT;
}

impl DumpRequest for Object {
    type Reply = ExtackView<'static>;
    const REPLY_TYPE: u16 = OBJECT;
}

fn message(kind: u16, flags: u16, seq: u32, body: &[u8]) -> Vec<u8> {
    let mut out = Writer::new();
    out.message(kind, flags, seq, |out| {
        out.bytes_mut().extend_from_slice(body);
    })
    .expect("a script's message is short");
    out.bytes().to_vec()
}

fn object(seq: u32, flags: u16, right: bool) -> Vec<u8> {
    let mut body = Writer::new();
    body.raw(RIGHT, &[right.into()]);
    message(OBJECT, flags, seq, body.bytes())
}

fn error(seq: u32, error: i32, offset: Option<u32>) -> Vec<u8> {
    let mut body = error.to_ne_bytes().to_vec();
    body.extend(message(OBJECT, 0, seq, &[]));
    let mut extack = Writer::new();
    if let Some(offset) = offset {
        extack.raw(1, b"no\0");
        extack.raw(2, &offset.to_ne_bytes());
    }
    body.extend_from_slice(extack.bytes());
    let tlvs = offset.map_or(0, |_| NLM_F_ACK_TLVS);
    message(NLMSG_ERROR, 0x100 | tlvs, seq, &body)
}

/// Overwrites the field of the message's header at `at`.
fn patch(mut message: Vec<u8>, at: usize, value: u32) -> Vec<u8> {
    if let Some(field) = message.get_mut(at..at + 4) {
        field.copy_from_slice(&value.to_ne_bytes());
    }
    message
}

/// The bytes of one step, for the request `seq`.
fn step(kind: u8, arg: u8, seq: u32, earlier: &[u8]) -> Vec<u8> {
    let wide = u32::from(arg);
    match kind % 24 {
        0 => object(seq, NLM_F_MULTI, true),
        1 => object(seq, 0, true),
        2 => error(seq, 0, None),
        3 => error(seq, -i32::from(arg.max(1)), Some(wide)),
        4 => error(seq, -22, Some(u32::MAX - wide)),
        5 if arg.is_multiple_of(2) => error(seq, i32::MIN, None),
        5 => error(seq, i32::MAX, None),
        6 => message(NLMSG_DONE, NLM_F_MULTI, seq, &0i32.to_ne_bytes()),
        7 => message(
            NLMSG_DONE,
            NLM_F_MULTI,
            seq,
            &(-i32::from(arg)).to_ne_bytes(),
        ),
        8 => message(
            NLMSG_DONE,
            NLM_F_MULTI,
            seq,
            &vec![0xff; usize::from(arg % 4)],
        ),
        9 => message(NLMSG_DONE, NLM_F_MULTI, seq, &i32::MIN.to_ne_bytes()),
        10 => object(seq, NLM_F_MULTI | NLM_F_DUMP_INTR, true),
        11 => message(
            NLMSG_DONE,
            NLM_F_MULTI | NLM_F_DUMP_INTR,
            seq,
            &0i32.to_ne_bytes(),
        ),
        12 => message(NLMSG_OVERRUN, 0, seq, &[]),
        // Another's: by number, by port, for everybody.
        13 => object(STRANGE + wide, NLM_F_MULTI, false),
        14 => error(STRANGE + wide, -i32::from(arg), None),
        15 => patch(object(seq, NLM_F_MULTI, false), 12, 1 + wide),
        16 => patch(error(seq, -i32::from(arg), None), 12, 1 + wide),
        17 => patch(message(NLMSG_DONE, 0, seq, &[0; 4]), 12, u32::MAX - wide),
        18 => object(0, 0, false),
        // Damage: a length too long, too short, a cut, a type that nobody knows.
        19 => patch(
            object(seq, NLM_F_MULTI, true),
            0,
            wide.wrapping_mul(0x0101_0101),
        ),
        20 => {
            let mut cut = error(seq, -1, Some(20));
            cut.truncate(usize::from(arg) % cut.len());
            cut
        }
        21 => message(u16::from(arg), 0, seq, &[arg; 5]),
        22 => earlier.repeat(usize::from(arg % 64)),
        _ => vec![arg; usize::from(arg % 40)],
    }
}

/// The datagrams of a script whose requests have the numbers `1..=requests`.
fn datagrams(script: &[u8], requests: u32) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    let mut earlier = Vec::new();
    for pair in script.chunks_exact(3) {
        let &[kind, arg, number] = pair else { continue };
        let seq = 1 + u32::from(number & 0x3f) % requests;
        let bytes = step(kind, arg, seq, &earlier);
        if let Some(datagram) = all.last_mut() {
            datagram.extend_from_slice(&bytes);
        }
        earlier = bytes;
        earlier.truncate(1024);
        if number & 0x40 != 0 {
            // One that no buffer was made for.
            if let Some(datagram) = all.last_mut().filter(|_| number & 0x3f == 0x3f) {
                datagram.resize(80_000, 0);
            }
            if all.len() == DATAGRAMS {
                return all;
            }
            all.push(Vec::new());
        }
    }
    all
}

/// What a reader of all of the script would know of a batch that went out in one datagram.
#[derive(Debug, Default)]
struct Truth {
    refused: BTreeSet<usize>,
    acknowledged: BTreeSet<usize>,
    /// The last request was answered.
    barrier: bool,
    /// Damage or a loss came first.
    damaged: bool,
}

fn truth(datagrams: &[Vec<u8>], requests: u32) -> Truth {
    let mut truth = Truth::default();
    for datagram in datagrams {
        if datagram.len() > RECEIVE_BUFFER {
            truth.damaged = true;
            return truth;
        }
        for message in Messages::new(datagram) {
            let Ok(message) = message else {
                truth.damaged = true;
                return truth;
            };
            let seq = message.header.seq.get();
            if message.header.port.get() != 0 || !(1..=requests).contains(&seq) {
                continue;
            }
            let code = message.payload.split_first_chunk::<4>();
            let code = code.map_or(0, |(code, _)| i32::from_ne_bytes(*code));
            let refused = match message.message_type() {
                NLMSG_ERROR if message.payload.len() >= 20 => code != 0,
                // The end of nothing that was asked: no acknowledgement.
                NLMSG_DONE if code >= 0 => continue,
                NLMSG_DONE => true,
                NLMSG_OVERRUN => {
                    truth.damaged = true;
                    return truth;
                }
                _ => continue,
            };
            if refused {
                truth.refused.extend(usize::try_from(seq - 1).ok());
            }
            if seq == requests {
                truth.barrier = true;
                return truth;
            }
        }
    }
    truth
}

/// Whether the script ever ends the list that a request of number `1..=requests` asks for.
fn is_ended(datagrams: &[Vec<u8>], requests: u32) -> bool {
    datagrams.iter().any(|datagram| {
        Messages::new(datagram).flatten().any(|message| {
            message.message_type() == NLMSG_DONE
                && message.header.port.get() == 0
                && (1..=requests).contains(&message.header.seq.get())
        })
    })
}

/// What the answers to requests of one datagram say, read to their end; `None` if some are damaged.
fn whole_truth(datagrams: &[Vec<u8>], requests: u32) -> Option<Truth> {
    let mut truth = Truth::default();
    for datagram in datagrams {
        if datagram.len() > RECEIVE_BUFFER {
            return None;
        }
        for message in Messages::new(datagram) {
            let message = message.ok()?;
            let seq = message.header.seq.get();
            if message.header.port.get() != 0 || !(1..=requests).contains(&seq) {
                continue;
            }
            match message.message_type() {
                NLMSG_OVERRUN => truth.damaged = true,
                NLMSG_ERROR if message.payload.len() >= 20 => {
                    let index = usize::try_from(seq - 1).ok();
                    match message.payload.first_chunk() {
                        Some([0, 0, 0, 0]) => truth.acknowledged.extend(index),
                        _ => truth.refused.extend(index),
                    }
                }
                _ => {}
            }
        }
    }
    truth.barrier = truth
        .acknowledged
        .contains(&usize::try_from(requests - 1).ok()?);
    Some(truth)
}

fn check_datagram(report: &DatagramReport, answers: &[Vec<u8>], requests: u32) {
    let failed = report.failures.iter().map(|failure| failure.index);
    match whole_truth(answers, requests) {
        Some(truth) => {
            assert!(failed.eq(truth.refused), "{report:?}");
            assert_eq!(report.acknowledged, truth.barrier);
            assert_eq!(report.overrun, truth.damaged);
        }
        None => assert!(report.overrun, "a loss that nobody tells: {report:?}"),
    }
}

fn check_report(report: &BatchReport, requests: usize) {
    assert!(report.sent <= requests, "no more is sent than there is");
    let indices: Vec<_> = report.failures.iter().map(|f| f.index).collect();
    assert!(
        indices
            .iter()
            .zip(indices.iter().skip(1))
            .all(|(a, b)| a < b),
        "failures are in order, each once: {indices:?}"
    );
    assert!(indices.iter().all(|&index| index < report.sent));
    let mut end = 0;
    for span in &report.unknown {
        assert!(
            end <= span.start && span.start < span.end && span.end <= report.sent,
            "spans are in order and apart: {:?}",
            report.unknown
        );
        end = span.end;
    }
    for &index in &indices {
        assert_ne!(report.is_done(index), Some(true), "a refusal is known");
    }
    let text = report.failures.iter().map(|f| f.error.to_string());
    assert!(text.into_iter().all(|text| !text.is_empty()));
}

fn check_truth(report: &BatchReport, truth: &Truth, requests: usize, each: bool, in_time: bool) {
    // What was not read in time may contradict what was: only the kernel answers in order, and once.
    for &index in truth.refused.iter().filter(|_| in_time) {
        assert_ne!(
            report.is_done(index),
            Some(true),
            "{index}: {report:?} {truth:?}"
        );
    }
    if truth.barrier && in_time {
        let failed = report.failures.iter().map(|failure| failure.index);
        assert!(
            failed.eq(truth.refused.iter().copied()),
            "{report:?}, {truth:?}"
        );
    } else if !truth.barrier && !each {
        // What came behind a loss counts only where each answer does.
        assert_ne!(report.is_done(requests - 1), Some(true), "{report:?}");
        assert!(!report.is_success(), "{report:?}");
    }
}

/// Where each was asked for, only an acknowledgement is a success.
fn check_each(report: &BatchReport, answers: &[Vec<u8>], requests: usize) {
    let messages = answers.iter().flat_map(|d| Messages::new(d).flatten());
    let acknowledged: BTreeSet<_> = messages
        .filter(|message| {
            message.message_type() == NLMSG_ERROR
                && message.header.port.get() == 0
                && message.payload.starts_with(&[0; 4])
        })
        .map(|message| message.header.seq.get())
        .collect();
    for (index, seq) in (0..requests).zip(1..) {
        assert!(
            report.is_done(index) != Some(true) || acknowledged.contains(&seq),
            "{index}: {report:?}, {acknowledged:?}"
        );
    }
}

fn right(message: &Message<'_>) {
    let foreign = message.header.port.get() != 0 || message.header.seq.get() >= STRANGE;
    assert!(!foreign, "another's answer was handed out");
}

fn right_view(view: &ExtackView<'_>) {
    assert_ne!(
        view.raw(RIGHT),
        Some(&[0][..]),
        "another's answer was handed out"
    );
}

/// How long a use waits for what a script does not say.
const SHORT: Duration = Duration::from_millis(1);
/// How long the honest answer is waited for: so long that only a failure waits.
const LONG: Duration = Duration::from_secs(20);

/// The same uses for both connections: `$wait` is `.await`, or nothing.
macro_rules! uses {
    ([$($fn:tt)*] $name:ident($connection:ty), $($wait:tt)*) => {
        $($fn)* $name(
            connection: &mut $connection,
            what: u8,
            requests: u32,
            answers: &[Vec<u8>],
        ) {
            let count = usize::try_from(requests).unwrap_or(1);
            let start = Instant::now();
            match what & 7 | (what & 0x80) >> 4 {
                0 => drop(connection.call_with(&Object, |message| right(&message))$($wait)*),
                1 => {
                    if let Ok(object) = connection.get(&Object)$($wait)* {
                        right_view(&object.view());
                    }
                }
                2 => {
                    let result = connection.dump(&Object, |view| right_view(&view))$($wait)*;
                    assert!(result.is_err() || is_ended(answers, 1), "no end was seen");
                }
                3 | 8 => {
                    let taken = 1 + usize::from(what >> 3 & 7);
                    if let Ok(mut dump) = connection.start_dump(&Object)$($wait)* {
                        for _ in 0..taken {
                            match dump.next_message()$($wait)* {
                                Ok(message) => message.iter().for_each(right),
                                Err(_) if what & 0x80 != 0 => {}
                                Err(_) => break,
                            }
                        }
                    }
                }
                4 => {
                    if let Ok(listing) = connection.list(&Object)$($wait)* {
                        listing.objects.iter().for_each(|o| right_view(&o.view()));
                        assert!(is_ended(answers, 8), "no end was seen");
                    }
                }
                how @ 5..8 => {
                    let on_failure = match how {
                        5 => OnFailure::Continue,
                        6 => OnFailure::StopAfterDatagram,
                        _ => OnFailure::Stop,
                    };
                    let each = what & 0x40 != 0;
                    let mut options = BatchOptions::new()
                        .on_failure(on_failure)
                        .acknowledge_each(each)
                        .keep_buffers(true)
                        .replies(|index, message| {
                            assert!(index < count);
                            right(&message);
                        });
                    let objects = (0..count).map(|_| Object);
                    let report = connection.batch_with(objects, &mut options)$($wait)*;
                    let Ok(report) = report else {
                        return;
                    };
                    check_report(&report, count);
                    if on_failure == OnFailure::Stop || report.error.is_some() {
                        return;
                    }
                    let truth = truth(answers, requests);
                    // On a busy machine the deadline may come before what was queued was read.
                    let in_time = start.elapsed() < SHORT || report.unknown.is_empty();
                    check_truth(&report, &truth, count, each, in_time);
                    if each {
                        check_each(&report, answers, count);
                    }
                }
                _ => {
                    let objects = (0..count).map(|_| Object);
                    let taken = connection.datagram(objects, |message| right(&message))$($wait)*;
                    if let Ok(report) = taken {
                        check_datagram(&report, answers, requests);
                    }
                }
            }
        }
    };
}

uses! { [fn] use_it(Connection<Scripted>), }

#[cfg(feature = "tokio")]
uses! { [async fn] use_it_async(AsyncConnection<Scripted>), .await }

/// Asks once more, and answers as the kernel would: after the request came. The request's number, and what came of it.
fn ask_honestly(
    peer: &UnixDatagram,
    ask: impl FnOnce() -> Result<(), Error>,
) -> (u32, Result<(), Error>) {
    let mut bytes = [0; 4096];
    peer.set_nonblocking(true).expect("a socket's mode");
    while peer.recv(&mut bytes).is_ok() {}
    peer.set_nonblocking(false).expect("a socket's mode");
    let gone = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let answered = scope.spawn(|| {
            let len = loop {
                match peer.recv(&mut bytes) {
                    // The fuzzer's alarm.
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    received => break received.expect("a request comes"),
                }
            };
            let request = Messages::new(bytes.get(..len).unwrap_or(&[])).next();
            let request = request.expect("one message").expect("a whole message");
            let seq = request.header.seq.get();
            peer.set_nonblocking(true).expect("a socket's mode");
            // While what is left of the script takes the room, the call reads it, or gives up.
            while peer.send(&error(seq, 0, None)).is_err() && !gone.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
            seq
        });
        let result = ask();
        gone.store(true, Ordering::Relaxed);
        (answered.join().expect("an answer does not panic"), result)
    })
}

/// The connection lives on.
fn live_on(
    peer: &UnixDatagram,
    requests: u32,
    datagrams: usize,
    mut ask: impl FnMut() -> Result<(), Error>,
) {
    peer.set_read_timeout(Some(LONG)).expect("a socket's mode");
    // Damage that was still queued is an error of its own, once for each datagram; and the script may have refused
    // what a batch that stopped had not asked yet.
    for _ in 0..=datagrams + 8 {
        match ask_honestly(peer, &mut ask) {
            (_, Ok(())) => return,
            (_, Err(Error::Decode(_) | Error::Truncated { .. } | Error::Overrun)) => {}
            (seq, Err(Error::Kernel(_))) if seq <= requests => {}
            (seq, Err(error)) => panic!("the honest answer to {seq} was not taken: {error:?}"),
        }
    }
    panic!("an honest answer was never taken");
}

/// A script's parts: what is asked for, of how many requests, and the answers.
fn read(script: &[u8]) -> Option<(u8, u32, Vec<Vec<u8>>)> {
    let (&[what, requests], steps) = script.split_first_chunk::<2>()?;
    let requests = match what & 7 | (what & 0x80) >> 4 {
        0..4 | 8 => 1,
        4 => 8,
        _ => 1 + u32::from(requests % 6),
    };
    Some((what, requests, datagrams(steps, requests)))
}

/// A socket whose peer is the script: as much of it as there is room for.
fn open(answers: &mut Vec<Vec<u8>>) -> (Socket, UnixDatagram) {
    let (ours, peer) = UnixDatagram::pair().expect("a pair of sockets");
    peer.set_nonblocking(true).expect("a socket's mode");
    let queued = answers
        .iter()
        .take_while(|datagram| peer.send(datagram).is_ok())
        .count();
    answers.truncate(queued);
    (Socket::from_fd(ours.into()).expect("a socket"), peer)
}

/// Plays `script`: nothing of it is taken for what it is not, and the connection lives on.
///
/// # Panics
///
/// If it does not.
pub fn play(script: &[u8]) {
    let Some((what, requests, mut answers)) = read(script) else {
        return;
    };
    let (socket, _events_peer) = open(&mut answers);
    listen(subscribed(socket), &answers);
    let (socket, peer) = open(&mut answers);
    let mut connection = Connection::<Scripted>::from_socket(socket);
    connection.set_timeout(Some(SHORT));
    use_it(&mut connection, what, requests, &answers);
    connection.set_timeout(Some(LONG));
    live_on(&peer, requests, answers.len(), || connection.call(&Object));
}

/// [`play`] for an [`AsyncConnection`].
///
/// # Panics
///
/// As [`play`].
#[cfg(feature = "tokio")]
pub fn play_async(script: &[u8]) {
    let Some((what, requests, mut answers)) = read(script) else {
        return;
    };
    let (socket, _events_peer) = open(&mut answers);
    RUNTIME.with(|runtime| {
        let events = async { AsyncSubscription::new(subscribed(socket)) };
        let events = runtime.block_on(events).expect("a subscription");
        listen(Waiting { events, runtime }, &answers);
        let (socket, peer) = open(&mut answers);
        let connection = async { AsyncConnection::<Scripted>::from_socket(socket) };
        let mut connection = runtime.block_on(connection).expect("a connection");
        connection.set_timeout(Some(SHORT));
        runtime.block_on(use_it_async(&mut connection, what, requests, &answers));
        connection.set_timeout(Some(LONG));
        live_on(&peer, requests, answers.len(), || {
            runtime.block_on(connection.call(&Object))
        });
    });
}

#[cfg(feature = "tokio")]
std::thread_local! {
    /// To make one for each script would take longer than most scripts.
    static RUNTIME: ::tokio::runtime::Runtime = ::tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
}

fn subscribed(socket: Socket) -> Subscription<Scripted> {
    Subscription::over(socket, &[]).expect("no group to join")
}

/// One who subscribed, by either driver.
trait Events {
    fn next_within(&mut self, timeout: Duration) -> Result<Option<Notification<'_>>, Error>;
}

impl Events for Subscription<Scripted> {
    fn next_within(&mut self, timeout: Duration) -> Result<Option<Notification<'_>>, Error> {
        Self::next_within(self, timeout)
    }
}

/// A task that waits for events.
#[cfg(feature = "tokio")]
struct Waiting<'r> {
    events: AsyncSubscription<Scripted>,
    runtime: &'r ::tokio::runtime::Runtime,
}

#[cfg(feature = "tokio")]
impl Events for Waiting<'_> {
    fn next_within(&mut self, timeout: Duration) -> Result<Option<Notification<'_>>, Error> {
        let events = &mut self.events;
        self.runtime.block_on(async {
            if timeout.is_zero() {
                return events.try_next();
            }
            match ::tokio::time::timeout(timeout, events.next()).await {
                Ok(told) => told.map(Some),
                Err(_) => Ok(None),
            }
        })
    }
}

/// Whoever subscribed is told each whole message, each damage once, and nothing else.
fn listen(mut events: impl Events, datagrams: &[Vec<u8>]) {
    let mut longest = BUFFER;
    for datagram in datagrams {
        if datagram.len() > longest {
            longest = datagram.len();
            let told = events.next_within(LONG);
            assert!(matches!(told, Ok(Some(Notification::Overrun))), "{told:?}");
            continue;
        }
        for message in Messages::new(datagram) {
            match (message, events.next_within(LONG)) {
                (
                    Ok(sent),
                    Ok(Some(Notification::Event {
                        message,
                        nsid: None,
                    })),
                ) => {
                    assert_eq!(
                        (message.header.as_bytes(), message.payload),
                        (sent.header.as_bytes(), sent.payload)
                    );
                }
                (Err(_), Err(Error::Decode(_))) => {}
                (sent, told) => panic!("{sent:?} was told as {told:?}"),
            }
        }
    }
    let rest = events.next_within(Duration::ZERO);
    assert!(matches!(rest, Ok(None)), "{rest:?}");
}
