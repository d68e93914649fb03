//! The exchange against a peer that sends damaged, foreign, reordered and hostile answers.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod rtnetlink;

use nl_core::{Event, Exchange, Message, Messages, Source, Writer};
use proptest::prelude::*;

const PORT: u32 = 4711;

/// A message as the kernel would answer.
fn answer(message_type: u16, flags: u16, seq: u32, port: u32, body: &[u8]) -> Vec<u8> {
    let mut out = Writer::new();
    out.message(message_type, flags, seq, |out| {
        out.bytes_mut().extend_from_slice(body)
    })
    .unwrap();
    let mut bytes = out.bytes().to_vec();
    bytes[12..16].copy_from_slice(&port.to_ne_bytes());
    bytes
}

fn errno(seq: u32, errno: i32) -> Vec<u8> {
    let mut body = (-errno).to_ne_bytes().to_vec();
    body.extend(answer(0x20, 0, seq, 0, &[]));
    answer(2, 0x100, seq, PORT, &body)
}

fn accept(exchange: &mut Exchange, source: Source, bytes: &[u8]) -> &'static str {
    name(&exchange.accept(source, Message::split(bytes).unwrap().0))
}

fn name(event: &Event<'_>) -> &'static str {
    match event {
        Event::Ignored => "ignored",
        Event::Reply(_) => "reply",
        Event::Acked(_) => "acked",
        Event::Failed(..) => "failed",
        Event::Done => "done",
        Event::Overrun => "overrun",
    }
}

#[test]
fn strangers_notifications_and_old_answers_are_ignored() {
    let mut exchange = Exchange::ack(PORT, 5);
    let kernel = Source::KERNEL;
    let process = Source {
        port: 99,
        groups: 0,
    };
    let multicast = Source { port: 0, groups: 1 };
    assert_eq!(accept(&mut exchange, process, &errno(5, 0)), "ignored");
    assert_eq!(accept(&mut exchange, multicast, &errno(5, 0)), "ignored");
    for mut exchange in [Exchange::reply(PORT, 5), Exchange::dump(PORT, 5)] {
        let event = accept(&mut exchange, multicast, &answer(16, 0, 5, PORT, &[]));
        assert_eq!(event, "ignored");
    }
    assert_eq!(accept(&mut exchange, kernel, &errno(4, 0)), "ignored");
    assert_eq!(accept(&mut exchange, kernel, &errno(6, 0)), "ignored");
    assert_eq!(
        accept(&mut exchange, kernel, &answer(16, 0, 5, PORT + 1, &[])),
        "ignored"
    );
    assert_eq!(
        accept(&mut exchange, kernel, &answer(1, 0, 5, PORT, &[])),
        "ignored"
    );
    assert!(!exchange.is_done());
    assert_eq!(accept(&mut exchange, kernel, &errno(5, 0)), "acked");
    assert!(exchange.is_done());
    assert_eq!(accept(&mut exchange, kernel, &errno(5, 17)), "ignored");
}

#[test]
fn an_error_without_room_for_its_request_is_ignored() {
    let mut exchange = Exchange::ack(PORT, 5);
    let short = answer(2, 0, 5, PORT, &(-1i32).to_ne_bytes());
    assert_eq!(accept(&mut exchange, Source::KERNEL, &short), "ignored");
    assert!(!exchange.is_done());
}

#[test]
fn a_dump_ends_with_done_and_remembers_an_interruption_on_any_message() {
    for interrupted in 0..3 {
        let mut exchange = Exchange::dump(PORT, 5);
        let flag = |at| 2 | if at == interrupted { 0x10 } else { 0 };
        let kernel = Source::KERNEL;
        assert_eq!(
            accept(&mut exchange, kernel, &answer(16, flag(0), 5, PORT, &[])),
            "reply"
        );
        assert_eq!(
            accept(&mut exchange, kernel, &answer(3, flag(1), 5, PORT, &[])),
            "done"
        );
        assert!(exchange.is_done());
        assert_eq!(exchange.interrupted(), interrupted < 2);
    }
}

#[test]
fn an_error_in_the_middle_of_a_dump_ends_it() {
    let mut exchange = Exchange::dump(PORT, 5);
    assert_eq!(
        accept(&mut exchange, Source::KERNEL, &answer(16, 2, 5, PORT, &[])),
        "reply"
    );
    assert_eq!(
        accept(&mut exchange, Source::KERNEL, &errno(5, 12)),
        "failed"
    );
    assert!(exchange.is_done());
}

#[test]
fn a_batch_is_complete_with_the_answer_to_its_last_request() {
    for last in [0, 17] {
        // The numbers wrap around.
        let first = u32::MAX - 1;
        let mut exchange = Exchange::batch(PORT, first, 1);
        let kernel = Source::KERNEL;
        assert_eq!(accept(&mut exchange, kernel, &errno(2, 0)), "ignored");
        assert_eq!(
            accept(&mut exchange, kernel, &errno(u32::MAX, 17)),
            "failed"
        );
        assert_eq!(exchange.position(u32::MAX), 1);
        assert!(!exchange.is_done());
        // A spurious acknowledgement of another member is not the end.
        assert_eq!(accept(&mut exchange, kernel, &errno(first, 0)), "acked");
        assert!(!exchange.is_done());
        accept(&mut exchange, kernel, &errno(1, last));
        assert!(exchange.is_done());
    }
}

proptest! {
    #[test]
    fn no_datagram_makes_an_exchange_panic_or_take_a_strangers_word(
        datagram in prop::collection::vec(any::<u8>(), 0..400),
        seq in any::<u32>(),
        source_port in prop_oneof![Just(0u32), any::<u32>()],
        groups in prop_oneof![Just(0u32), any::<u32>()],
    ) {
        let source = Source { port: source_port, groups };
        let mut exchanges = [
            Exchange::ack(PORT, seq), Exchange::reply(PORT, seq), Exchange::dump(PORT, seq),
            Exchange::batch(PORT, seq, seq.wrapping_add(9)),
        ];
        for exchange in &mut exchanges {
            for message in Messages::new(&datagram).flatten() {
                let event = name(&exchange.accept(source, message));
                prop_assert!(source.port == 0 || event == "ignored");
            }
        }
    }

    #[test]
    fn answers_mixed_with_noise_are_found_in_any_order(
        noise in prop::collection::vec((0u16..40, any::<u16>(), 0u32..20, 4709u32..4713), 0..30),
        at in any::<prop::sample::Index>(),
        code in 0i32..133,
    ) {
        let mut messages: Vec<_> = noise
            .iter()
            .filter(|(_, _, seq, port)| (*seq, *port) != (7, PORT))
            .map(|&(kind, flags, seq, port)| answer(kind, flags, seq, port, &[0; 24]))
            .collect();
        let place = at.index(messages.len() + 1);
        messages.insert(place, errno(7, code));
        let mut exchange = Exchange::ack(PORT, 7);
        for (i, bytes) in messages.iter().enumerate() {
            let event = accept(&mut exchange, Source::KERNEL, bytes);
            let want = if i != place { "ignored" } else if code == 0 { "acked" } else { "failed" };
            prop_assert_eq!(event, want);
            prop_assert_eq!(exchange.is_done(), i >= place);
        }
    }
}
