//! A connection whose peer is not the kernel but a script: silent, endless, damaged, foreign.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod rtnetlink;

use std::os::unix::net::UnixDatagram;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nl_core::header::{NLM_F_DUMP, NLM_F_MULTI};
use nl_core::{BatchOptions, Connection, Errno, Error, Message, Socket, Writer};
use proptest::prelude::*;
use rtnetlink::*;

/// So long that only a test that hangs waits for it, however busy the machine is.
const LONG: Option<Duration> = Some(Duration::from_secs(20));
const SHORT: Option<Duration> = Some(Duration::from_millis(100));

/// A connection, and the other end of its socket. Datagrams of a Unix socket have no sender's
/// port, like those of the kernel.
fn pair() -> (Connection<Route>, UnixDatagram) {
    let (ours, theirs) = UnixDatagram::pair().unwrap();
    let mut connection = Connection::from_socket(Socket::from_fd(ours.into()).unwrap());
    connection.set_timeout(LONG);
    theirs.set_read_timeout(LONG).unwrap();
    (connection, theirs)
}

/// Type, flags and sequence number of the next request.
fn request(peer: &UnixDatagram) -> (u16, u16, u32) {
    let mut bytes = [0; 4096];
    let len = peer.recv(&mut bytes).unwrap();
    let (message, _) = Message::split(&bytes[..len]).unwrap();
    (
        message.message_type(),
        message.flags(),
        message.header.seq.get(),
    )
}

/// A call that is answered as the kernel would, after the request came.
fn next_call_works(connection: &mut Connection<Route>, peer: &UnixDatagram) {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (_, _, seq) = request(peer);
            peer.send(&errno(seq, 0)).unwrap();
        });
        connection.call(&SET).unwrap();
    });
}

fn answer(message_type: u16, flags: u16, seq: u32, body: &[u8]) -> Vec<u8> {
    let mut out = Writer::new();
    out.message(message_type, flags, seq, |out| {
        out.bytes_mut().extend_from_slice(body)
    })
    .unwrap();
    out.bytes().to_vec()
}

fn errno(seq: u32, errno: i32) -> Vec<u8> {
    let mut body = (-errno).to_ne_bytes().to_vec();
    body.extend(answer(0x10, 0, seq, &[]));
    answer(2, 0x100, seq, &body)
}

fn link(seq: u32, flags: u16) -> Vec<u8> {
    answer(16, flags, seq, &[0; 16])
}

const SET: SetMtu = SetMtu {
    ifindex: 1,
    mtu: 1500,
};

#[test]
fn silence_ends_with_the_deadline_and_a_late_answer_is_nobodys() {
    let (mut connection, peer) = pair();
    connection.set_timeout(SHORT);
    let start = Instant::now();
    assert!(matches!(connection.call(&SET), Err(Error::NoAnswer)));
    assert!(start.elapsed() >= Duration::from_millis(100));
    assert!(start.elapsed() < Duration::from_secs(10));
    connection.set_timeout(LONG);
    let (_, _, late) = request(&peer);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (_, _, seq) = request(&peer);
            // Refused, says the answer to the request that nobody waits for any more.
            peer.send(&errno(late, 1)).unwrap();
            peer.send(&errno(seq, 0)).unwrap();
        });
        connection.call(&SET).unwrap();
    });
}

#[test]
fn an_endless_list_ends_with_the_deadline() {
    let (mut connection, peer) = pair();
    let left = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (_, flags, seq) = request(&peer);
            assert_eq!(flags & NLM_F_DUMP, NLM_F_DUMP);
            while !left.load(Ordering::Relaxed) {
                peer.send(&link(seq, NLM_F_MULTI)).unwrap();
                std::thread::sleep(Duration::from_millis(5));
            }
            let (_, _, seq) = request(&peer);
            peer.send(&errno(seq, 0)).unwrap();
        });
        connection.set_timeout(Some(Duration::from_millis(500)));
        let mut count = 0;
        let result = connection.dump(&GetLinks, |_| count += 1);
        left.store(true, Ordering::Relaxed);
        connection.set_timeout(None);
        connection.call(&SET).unwrap();
        assert!(matches!(result, Err(Error::NoAnswer)), "{result:?}");
        assert!(count > 0);
    });
}

#[test]
fn a_list_that_always_changes_is_asked_for_eight_times_and_given_with_the_fact() {
    for interrupted in [7, 8] {
        let (mut connection, peer) = pair();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for attempt in 0..(interrupted + 1).min(8) {
                    let (_, _, seq) = request(&peer);
                    let intr = if attempt < interrupted { 0x10 } else { 0 };
                    let mut list = link(seq, NLM_F_MULTI).repeat(attempt + 1);
                    list.extend(answer(3, NLM_F_MULTI | intr, seq, &[0; 4]));
                    peer.send(&list).unwrap();
                }
            });
            let listing = connection.list(&GetLinks).unwrap();
            assert_eq!(listing.objects.len(), 8);
            assert_eq!(listing.interrupted, interrupted == 8);
        });
    }
}

#[test]
fn what_the_reader_does_between_objects_is_not_counted() {
    let (mut connection, peer) = pair();
    for _ in 0..4 {
        peer.send(&link(1, NLM_F_MULTI)).unwrap();
    }
    peer.send(&answer(3, NLM_F_MULTI, 1, &[0; 4])).unwrap();
    connection.set_timeout(Some(Duration::from_millis(500)));
    let slow = || std::thread::sleep(Duration::from_millis(200));
    connection.dump(&GetLinks, |_| slow()).unwrap();
}

/// Long datagrams make the buffer grow, for the next request: their objects are gone.
#[test]
fn a_list_that_lost_a_part_never_comes_to_a_good_end() {
    let overrun = answer(4, 0, 1, &[]);
    let long = vec![0; 100_000];
    for lost in [&overrun, &long] {
        let (mut connection, peer) = pair();
        let end = answer(3, NLM_F_MULTI, 1, &[0; 4]);
        for datagram in [&link(1, NLM_F_MULTI), lost, &link(1, NLM_F_MULTI), &end] {
            peer.send(datagram).unwrap();
        }
        let mut dump = connection.start_dump(&GetLinks).unwrap();
        assert!(dump.next().unwrap().is_some());
        for _ in 0..4 {
            let error = dump.next().unwrap_err();
            let told = matches!(error, Error::Overrun | Error::Truncated { .. });
            assert!(told, "{error}");
        }
        request(&peer);
        next_call_works(&mut connection, &peer);
    }
}

#[test]
fn an_answer_that_is_there_is_known_when_no_time_is_left() {
    for is_acknowledged in [true, false] {
        let (mut connection, peer) = pair();
        peer.send(&errno(1, 17)).unwrap();
        connection.set_timeout(Some(Duration::ZERO));
        let result = match is_acknowledged {
            true => connection.call(&SET),
            false => connection.call_unacknowledged(&SET),
        };
        assert_eq!(result.unwrap_err().errno(), Some(Errno::EEXIST));
    }
}

#[test]
fn only_an_acknowledgement_acknowledges() {
    let done = answer(3, NLM_F_MULTI, 1, &[0; 4]);
    let error = answered(std::slice::from_ref(&done), |c| c.call(&SET)).unwrap_err();
    assert!(matches!(error, Error::NoAnswer), "{error}");
    let report = answered(&[done], |c| c.batch([&SET])).unwrap();
    assert_eq!(report.is_done(0), None);
    let refused = answer(3, NLM_F_MULTI, 1, &(-22i32).to_ne_bytes());
    let error = answered(&[refused], |c| c.call(&SET)).unwrap_err();
    assert_eq!(error.errno(), Some(Errno::EINVAL));
}

/// Some protocols mark a single object as one of many, and send no end.
#[test]
fn an_object_is_there_or_the_error_says_that_it_is_not() {
    answered(&[link(1, NLM_F_MULTI)], |c| c.get(&GetLink("lo"))).unwrap();
    let error = answered(&[errno(1, 0)], |c| c.get(&GetLink("lo"))).unwrap_err();
    assert!(matches!(error, Error::NoObject), "{error}");
}

#[test]
fn a_damaged_answer_is_an_error_and_the_next_request_is_not_disturbed() {
    let (mut connection, peer) = pair();
    let damages = [
        &[][..],
        &[1, 2, 3],
        &[0; 16],
        &[0xff; 40],
        &link(1, 0)[..20],
    ];
    for damage in damages {
        peer.send(damage).unwrap();
        connection.set_timeout(SHORT);
        let error = connection.call(&SET).unwrap_err();
        assert!(
            matches!(error, Error::Decode(_)) || damage.is_empty(),
            "{error}"
        );
        request(&peer);
        connection.set_timeout(LONG);
        next_call_works(&mut connection, &peer);
    }
}

#[test]
fn a_datagram_longer_than_the_buffer_is_an_error_of_its_own() {
    let (mut connection, peer) = pair();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (_, _, seq) = request(&peer);
            peer.send(&link(seq, NLM_F_MULTI).repeat(3000)).unwrap();
            let (_, _, seq) = request(&peer);
            let mut both = link(seq, NLM_F_MULTI).repeat(2999);
            both.extend(answer(3, NLM_F_MULTI, seq, &[0; 4]));
            peer.send(&both).unwrap();
        });
        let result = connection.dump(&GetLinks, |_| ());
        assert!(
            matches!(result, Err(Error::Truncated { len: 96_000 })),
            "{result:?}"
        );
        // The buffer has grown meanwhile.
        let mut count = 0;
        connection.dump(&GetLinks, |_| count += 1).unwrap();
        assert_eq!(count, 2999);
    });
}

#[test]
fn a_batch_without_its_last_answer_is_unknown_from_there_on() {
    let (mut connection, peer) = pair();
    connection.set_timeout(SHORT);
    // The first request of a connection has number 1.
    peer.send(&errno(4, 17)).unwrap();
    let report = connection.batch((0..10).map(|_| SET.clone())).unwrap();
    assert_eq!(report.failures[0].index, 3);
    assert_eq!(report.unknown.first(), Some(&(4..10)));
    assert_eq!(
        (report.is_done(2), report.is_done(3)),
        (Some(true), Some(false))
    );
    assert_eq!(report.is_done(4), None);
}

extern "C" fn nothing(_: i32) {}

#[test]
fn signals_neither_end_a_wait_nor_prolong_it() {
    let action = SigAction::new(
        SigHandler::Handler(nothing),
        SaFlags::empty(),
        SigSet::empty(),
    );
    // SAFETY: the handler does nothing, which is allowed at any time.
    #[allow(unsafe_code, reason = "a handler cannot be installed otherwise")]
    unsafe { sigaction(Signal::SIGUSR1, &action) }.unwrap();
    let (mut connection, peer) = pair();
    let waiter = nix::sys::pthread::pthread_self();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                nix::sys::pthread::pthread_kill(waiter, Signal::SIGUSR1).unwrap();
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        scope.spawn(|| {
            let (_, _, seq) = request(&peer);
            std::thread::sleep(Duration::from_millis(50));
            peer.send(&errno(seq, 0)).unwrap();
        });
        let answered = connection.call(&SET);
        connection.set_timeout(SHORT);
        let start = Instant::now();
        let silence = connection.call(&SET);
        let waited = start.elapsed();
        done.store(true, Ordering::Relaxed);
        answered.unwrap();
        assert!(matches!(silence, Err(Error::NoAnswer)), "{silence:?}");
        assert!(waited >= Duration::from_millis(100), "{waited:?}");
        assert!(waited < Duration::from_secs(10), "{waited:?}");
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_datagrams_before_the_answer_neither_hang_nor_panic(
        noise in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..120), 0..8),
    ) {
        let (mut connection, peer) = pair();
        for datagram in &noise {
            peer.send(datagram).unwrap();
        }
        peer.send(&errno(1, 0)).unwrap();
        // Damage from the kernel is an error; whichever it is, the next request is as good as new.
        let _ = connection.call(&SET);
        while peer.recv(&mut [0; 4096]).is_err() {}
        next_call_works(&mut connection, &peer);
    }
}

/// No kernel does it, but a report is searched by position.
#[test]
fn a_refusal_counts_once_and_in_its_place_however_often_and_whenever_it_comes() {
    let (mut connection, peer) = pair();
    for seq in [3, 1, 3, 1] {
        peer.send(&errno(seq, 17)).unwrap();
    }
    peer.send(&errno(4, 0)).unwrap();
    let set = SetMtu {
        ifindex: 1,
        mtu: 1500,
    };
    let report = connection.batch([&set; 4]).unwrap();
    let refused: Vec<_> = report.failures.iter().map(|f| f.index).collect();
    assert_eq!((report.sent, refused), (4, vec![0, 2]));
    let done: Vec<_> = (0..4).map(|index| report.is_done(index)).collect();
    assert_eq!(done, [Some(false), Some(true), Some(false), Some(true)]);
}

#[test]
fn each_missing_acknowledgement_is_a_gap_where_each_was_asked_for() {
    let (mut connection, peer) = pair();
    let mut options = BatchOptions::new().acknowledge_each(true);
    // Nothing about 2, 5 and 6; 4 is late, 7 is refused late.
    for (seq, code) in [(1, 0), (3, 0), (8, 0), (4, 0), (7, 17), (9, 0)] {
        peer.send(&errno(seq, code)).unwrap();
    }
    let report = connection
        .batch_with((0..9).map(|_| SET.clone()), &mut options)
        .unwrap();
    assert_eq!((report.sent, &report.unknown[..]), (9, &[1..2, 4..6][..]));
    let done: Vec<_> = (0..9).map(|index| report.is_done(index)).collect();
    let (yes, no) = (Some(true), Some(false));
    assert_eq!(done, [yes, None, yes, yes, None, None, no, yes, yes]);
    assert!(!report.is_success());
}

#[test]
fn damage_in_the_answers_to_a_datagram_is_gone_with_it() {
    let (mut connection, peer) = pair();
    for damage in [&[1, 2, 3][..], &[0; 16], &[0xff; 40]] {
        peer.send(damage).unwrap();
    }
    peer.send(&errno(2, 0)).unwrap();
    let result = connection.datagram((0..2).map(|_| SET.clone()), |_| ());
    assert!(matches!(result, Err(Error::Decode(_))), "{result:?}");
    request(&peer);
    next_call_works(&mut connection, &peer);
}

#[test]
fn refusals_of_a_datagram_count_once_and_in_their_place() {
    let (mut connection, peer) = pair();
    for seq in [3, 1, 3, 1, 9] {
        peer.send(&errno(seq, 17)).unwrap();
    }
    peer.send(&errno(4, 0)).unwrap();
    let report = connection.datagram((0..4).map(|_| SET.clone()), |_| ());
    let report = report.unwrap();
    let refused: Vec<_> = report.failures.iter().map(|f| f.index).collect();
    assert_eq!((refused, report.acknowledged), (vec![0, 2], true));
}

/// What is answered to the first request, of number 1; then the next request is answered as it should be.
fn answered<T>(
    answers: &[Vec<u8>],
    ask: impl FnOnce(&mut Connection<Route>) -> Result<T, Error>,
) -> Result<T, Error> {
    let (mut connection, peer) = pair();
    for datagram in answers {
        peer.send(datagram).unwrap();
    }
    connection.set_timeout(SHORT);
    let result = ask(&mut connection);
    connection.set_timeout(LONG);
    request(&peer);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (_, _, seq) = request(&peer);
            let mut list = link(seq, NLM_F_MULTI).repeat(3);
            list.extend(answer(3, NLM_F_MULTI, seq, &[0; 4]));
            peer.send(&list).unwrap();
        });
        assert_eq!(connection.collect(&GetLinks).unwrap().len(), 3);
    });
    result
}

/// How many objects a dump hands out, and how it ends.
fn dumped(answers: &[Vec<u8>]) -> (usize, Result<(), Error>) {
    let mut count = 0;
    let result = answered(answers, |c| c.dump(&GetLinks, |_| count += 1));
    (count, result)
}

fn end(flags: u16, body: &[u8]) -> Vec<u8> {
    answer(3, NLM_F_MULTI | flags, 1, body)
}

#[test]
fn an_overrun_that_the_kernel_tells_is_an_error_of_every_use() {
    let overrun = [answer(4, 0, 1, &[]), link(1, NLM_F_MULTI)];
    for result in [
        answered(&overrun, |c| c.call(&SET)),
        answered(&overrun, |c| c.call_unacknowledged(&SET)),
        answered(&overrun, |c| c.get(&GetLink("lo")).map(drop)),
        answered(&overrun, |c| c.collect(&GetLinks).map(drop)),
        answered(&overrun, |c| c.batch([&SET; 3])?.into_result()),
    ] {
        assert!(matches!(result, Err(Error::Overrun)), "{result:?}");
    }
    let report = answered(&overrun, |c| c.datagram([&SET; 3].into_iter(), |_| ()));
    assert!(report.unwrap().overrun);
}

#[test]
fn a_list_ends_with_whatever_its_end_holds_but_an_error() {
    for body in [
        &[][..],
        &[0xff],
        &[0xff; 3],
        &[0; 4],
        &[7, 0, 0, 0],
        &[0; 9],
    ] {
        let (count, result) = dumped(&[link(1, NLM_F_MULTI), end(0, body)]);
        assert!(matches!(result, Ok(())), "{body:?}: {result:?}");
        assert_eq!(count, 1);
    }
}

#[test]
fn a_list_that_ends_with_an_error_fails_with_its_words() {
    let mut body = (-2i32).to_ne_bytes().to_vec();
    body.extend([7, 0, 1, 0]);
    body.extend(b"no\0\0");
    let (count, result) = dumped(&[link(1, NLM_F_MULTI), end(0x200, &body)]);
    assert_eq!(count, 1);
    assert_eq!(result.unwrap_err().to_string(), "RTM_GETLINK: no (ENOENT)");
    // Words that are cut off hide nothing.
    let (_, result) = dumped(&[end(0x200, &body[..7])]);
    assert_eq!(result.unwrap_err().errno(), Some(Errno::ENOENT));
}

#[test]
fn an_error_in_the_middle_ends_a_list_and_what_comes_behind_is_nobodys() {
    let object = || link(1, NLM_F_MULTI);
    let answers = [object(), errno(1, 12), object(), end(0, &[0; 4])];
    let together = [answers.concat()];
    for answers in [&answers[..], &together] {
        let (count, result) = dumped(answers);
        assert_eq!((count, result.unwrap_err().errno()), (1, Some(Errno(12))));
    }
}

#[test]
fn a_list_is_complete_with_its_end_only() {
    // Nothing, an acknowledgement, an interruption, another's end, an end that is cut off.
    let mut cut = end(0, &[0; 4]);
    cut.truncate(18);
    let interrupted = link(1, NLM_F_MULTI | 0x10);
    for last in [errno(1, 0), interrupted, answer(3, 2, 9, &[0; 4]), cut] {
        let (count, result) = dumped(&[link(1, NLM_F_MULTI), last]);
        assert!(count <= 2);
        assert!(
            matches!(result, Err(Error::NoAnswer | Error::Decode(_))),
            "{result:?}"
        );
    }
}

#[test]
fn a_second_end_is_not_that_of_the_next_list() {
    let ends = [
        end(0, &[0; 4]),
        end(0, &[0; 4]),
        end(0, &(-2i32).to_ne_bytes()),
    ];
    let (count, result) = dumped(&ends);
    assert_eq!((count, result.is_ok()), (0, true));
}

#[test]
fn objects_of_another_type_are_an_error_each_and_the_list_goes_on() {
    let (mut connection, peer) = pair();
    let list = [
        link(1, NLM_F_MULTI),
        answer(0xffff, NLM_F_MULTI, 1, &[0; 16]),
        answer(9, NLM_F_MULTI, 1, &[0; 16]),
        answer(24, NLM_F_MULTI, 1, &[]),
        link(1, NLM_F_MULTI),
        end(0, &[0; 4]),
    ];
    peer.send(&list.concat()).unwrap();
    let mut dump = connection.start_dump(&GetLinks).unwrap();
    let mut seen = Vec::new();
    loop {
        match dump.next() {
            Ok(Some(_)) => seen.push("object"),
            Ok(None) => break,
            Err(Error::Decode(_)) => seen.push("damage"),
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(seen, ["object", "damage", "damage", "object"]);
    let wrong = answered(&[answer(24, 0, 1, &[0; 16])], |c| {
        c.get(&GetLink("lo")).map(drop)
    });
    assert!(matches!(wrong, Err(Error::Decode(_))), "{wrong:?}");
}

#[test]
fn offsets_beyond_the_request_hide_neither_errno_nor_words() {
    let attr = |number: u16, value: u32| {
        let mut attr = [8u16, number].map(u16::to_ne_bytes).concat();
        attr.extend(value.to_ne_bytes());
        attr
    };
    for at in [0, 1, 15, 16, 31, 41, 44, 1000, i32::MAX as u32, u32::MAX] {
        for about in [
            attr(2, at),
            [attr(5, 3), attr(6, at)].concat(),
            [attr(5, at), attr(6, at), attr(2, at)].concat(),
        ] {
            let mut body = (-22i32).to_ne_bytes().to_vec();
            body.extend(answer(16, 0, 1, &[]));
            body.extend([7, 0, 1, 0]);
            body.extend(b"no\0\0");
            body.extend(about);
            let error = answered(&[answer(2, 0x300, 1, &body)], |c| c.call(&SET)).unwrap_err();
            assert_eq!(error.errno(), Some(Errno::EINVAL));
            let text = error.to_string();
            assert!(text.starts_with("RTM_NEWLINK: no (EINVAL)"), "{text}");
        }
    }
}

#[test]
fn endless_answers_end_with_the_deadline_in_every_use() {
    let answers = [
        link(1, NLM_F_MULTI),
        link(1, NLM_F_MULTI | 0x10),
        answer(16, 0, 77, &[0; 16]),
        errno(77, 1),
    ];
    for what in 0..6 {
        for answer in &answers {
            let (mut connection, peer) = pair();
            connection.set_timeout(SHORT);
            let over = AtomicBool::new(false);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    // A connection that is talked at too long goes on with a fresh socket.
                    while !over.load(Ordering::Relaxed) {
                        if peer.send(answer).is_err() {
                            return;
                        }
                    }
                });
                let result = match what {
                    0 => connection.call(&SET),
                    1 => connection.call_unacknowledged(&SET),
                    2 => connection.get(&GetLink("lo")).map(drop),
                    3 => connection.collect(&GetLinks).map(drop),
                    4 => connection
                        .batch([&SET; 3])
                        .and_then(|report| report.into_result()),
                    _ => connection.datagram([&SET; 3].into_iter(), |_| ()).map(drop),
                };
                over.store(true, Ordering::Relaxed);
                // The last send may wait for room.
                let mut buffer = vec![0; 4096];
                while connection
                    .socket()
                    .try_receive(&mut buffer)
                    .unwrap()
                    .is_some()
                {}
                // Silence is success where nothing more is expected, and lost answers are told of.
                let answered = what == 2 && answer.get(6) != Some(&0);
                let silent = (matches!(what, 1 | 5) || answered) && result.is_ok();
                let told = matches!(result, Err(Error::NoAnswer | Error::Overrun));
                assert!(silent || told, "{what}: {result:?}");
            });
        }
    }
}

#[test]
fn a_connection_moves_between_threads_and_so_does_a_list_half_read() {
    let (mut connection, peer) = pair();
    peer.send(&link(1, NLM_F_MULTI).repeat(3)).unwrap();
    let mut dump = connection.start_dump(&GetLinks).unwrap();
    assert!(dump.next().unwrap().is_some());
    std::thread::scope(|scope| {
        let rest = scope.spawn(move || dump.next_message().unwrap().is_some());
        assert!(rest.join().unwrap());
    });
    request(&peer);
    let asked = std::thread::spawn(move || connection.call(&SET));
    let (_, _, seq) = request(&peer);
    peer.send(&errno(seq, 0)).unwrap();
    asked.join().unwrap().unwrap();
}
