//! Extended acknowledgements as the kernel sent them.
#![cfg(target_endian = "little")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod rtnetlink;

use nl_core::extack::Failure;
use nl_core::{Errno, Event, Exchange, KernelError, MessageType, Source, Writer};
use rtnetlink::*;

fn explain(request: &str, answer: &str, message_type: &MessageType) -> KernelError {
    let (request, answer) = (vector(request), vector(answer));
    let mut exchange = Exchange::ack(8099, 7);
    match exchange.accept(Source::KERNEL, message(&answer)) {
        Event::Failed(7, failure) => failure.explain(Some(message(&request)), Some(message_type)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn text_and_nested_path_are_found_whether_or_not_the_request_is_echoed() {
    for answer in ["vxlan_id_error_uncapped", "vxlan_id_error_capped"] {
        let error = explain("vxlan_id_request", answer, &NEWLINK);
        assert_eq!(error.errno, Errno::ERANGE);
        assert_eq!(
            error.to_string(),
            "RTM_NEWLINK: VXLAN ID must be lower than 16777216 (ERANGE) at \
             IFLA_LINKINFO > IFLA_INFO_DATA > IFLA_VXLAN_ID"
        );
    }
}

#[test]
fn the_policy_says_what_the_kernel_would_accept() {
    let error = explain("policy_request", "policy_error_capped", &NEWLINK);
    assert_eq!(
        error.to_string(),
        "RTM_NEWLINK: Attribute failed policy validation (ERANGE) at IFLA_CARRIER_CHANGES, \
         expects u32, 0..=4294967295"
    );
}

#[test]
fn a_missing_attribute_is_named() {
    for answer in ["missing_error_uncapped", "missing_error_capped"] {
        let error = explain("missing_request", answer, &NETDEV);
        assert!(error.missing);
        assert_eq!(
            error.to_string(),
            "NETDEV_CMD_DEV_GET: Invalid argument (EINVAL), missing NETDEV_A_DEV_IFINDEX"
        );
    }
}

#[test]
fn a_dump_that_fails_at_its_end_fails() {
    let answer = vector("dump_done_error");
    let mut exchange = Exchange::dump(8099, 9);
    let Event::Failed(9, failure) = exchange.accept(Source::KERNEL, message(&answer)) else {
        panic!("a failed dump was taken for an empty one");
    };
    assert!(exchange.is_done());
    let error = failure.explain(None, None);
    assert_eq!(error.errno, Errno::ENOENT);
    assert_eq!(
        error.message.as_deref(),
        Some("ipv4: FIB table does not exist")
    );
}

#[test]
fn a_damaged_extack_never_hides_the_errno() {
    let whole = vector("vxlan_id_error_capped");
    for len in 36..whole.len() {
        let mut cut = whole[..len].to_vec();
        cut[..4].copy_from_slice(&u32::try_from(len).unwrap().to_ne_bytes());
        let failure = Failure::from_error(&message(&cut)).unwrap();
        assert_eq!(failure.errno, 34, "cut to {len}");
        assert_eq!(failure.explain(None, None).errno, Errno::ERANGE);
    }
    // An echoed length that lies.
    let mut lie = vector("vxlan_id_error_uncapped");
    lie[20..24].copy_from_slice(&u32::MAX.to_ne_bytes());
    let failure = Failure::from_error(&message(&lie)).unwrap();
    assert_eq!((failure.errno, failure.extack().is_none()), (34, true));
}

#[test]
fn our_writer_gives_the_captured_request_byte_for_byte() {
    let mut out = Writer::new();
    out.message(16, 0x0605, 7, |out| {
        LinkWriter::new(out, &IfInfoMsg::default())
            .name("vx0")
            .link_info(|info| {
                info.driver("vxlan").data(|out| {
                    VxlanWriter::new(out, &()).id(1 << 24);
                });
            });
    })
    .unwrap();
    assert_eq!(out.bytes(), vector("vxlan_id_request"));
}
