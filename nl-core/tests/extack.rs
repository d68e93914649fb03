//! Extended acknowledgements as the kernel sent them.
#![cfg(target_endian = "little")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod rtnetlink;

use nl_core::extack::Failure;
use nl_core::kind::Str;
use nl_core::{
    Errno, Event, Exchange, KernelError, MessageType, Messages, Protocol, Source, Writer,
};
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
fn a_range_and_a_length_are_said_in_numbers() {
    for answer in ["range_error_uncapped", "range_error_capped"] {
        assert_eq!(
            explain("range_request", answer, &NETDEV).to_string(),
            "NETDEV_CMD_DEV_GET: integer out of range (ERANGE) at NETDEV_A_DEV_IFINDEX, \
             expects u32, 1..=4294967295"
        );
    }
    assert_eq!(
        explain("length_request", "length_error_capped", &NEWLINK).to_string(),
        "RTM_NEWLINK: Attribute failed policy validation (ERANGE) at IFLA_IFNAME, \
         expects a string, at most 15 bytes"
    );
}

/// What the kernel refused of a datagram, by number, in words; and whether its last request was answered.
fn refused(request: &str, answers: &str, types: &[&MessageType]) -> (Vec<(u32, String)>, bool) {
    let (request, answers) = (vector(request), vector(answers));
    let requests: Vec<_> = Messages::new(&request).map(Result::unwrap).collect();
    let last = requests.last().unwrap().header.seq.get();
    let mut exchange = Exchange::batch(8099, 7, last);
    let mut refused = Vec::new();
    for message in Messages::new(&answers) {
        if let Event::Failed(seq, failure) = exchange.accept(Source::KERNEL, message.unwrap()) {
            let asked = requests.iter().find(|r| r.header.seq.get() == seq).unwrap();
            let asked_type = types.iter().find(|t| t.number == asked.message_type());
            let error = failure.explain(Some(*asked), asked_type.copied());
            refused.push((seq, error.to_string()));
        }
    }
    (refused, exchange.is_done())
}

#[test]
fn members_of_a_batch_fail_each_with_its_words() {
    let newroute = Route::message_type(24).unwrap();
    let (refused, done) = refused("batch_request", "batch_answers_capped", &[newroute]);
    let words = "RTM_NEWROUTE: Invalid prefix for given prefix length (EINVAL)";
    let there = format!("RTM_NEWROUTE: {} (EEXIST)", Errno::EEXIST.description());
    assert_eq!(refused, [(8, words.to_owned()), (9, there)]);
    assert!(done);
}

nl_core::attrs! {
    /// `NFTA_CHAIN_*`, two, behind `struct nfgenmsg`.
    pub table CHAIN_ATTRS: [u8; 4], view ChainView, writer ChainWriter;
    values {
        /// Table.
        NFTA_CHAIN_TABLE = 1, chain_table: Str;
        /// Chain.
        NFTA_CHAIN_NAME = 3, name: Str;
    }
}

#[test]
fn members_of_a_transaction_fail_each_at_its_attribute_and_its_end_is_silent() {
    let newchain = MessageType {
        number: 0x0a03,
        name: "NFT_MSG_NEWCHAIN",
        table: &CHAIN_ATTRS,
    };
    for answers in ["nft_answers_uncapped", "nft_answers_capped"] {
        let (refused, done) = refused("nft_request", answers, &[&newchain]);
        let there = Errno::ENOENT.description();
        let hook = Errno(95).description();
        let want = [
            (
                9,
                format!("NFT_MSG_NEWCHAIN: {there} (ENOENT) at NFTA_CHAIN_TABLE"),
            ),
            (10, format!("NFT_MSG_NEWCHAIN: {hook} (EOPNOTSUPP)")),
        ];
        assert_eq!(refused, want);
        assert!(!done);
    }
}

/// Made up, but for its header: the kernel at hand has nothing that says so.
#[test]
fn an_attribute_that_is_missing_in_a_nest_is_named_with_its_nest() {
    let request = vector("vxlan_id_request");
    let mut answer = vector("vxlan_id_error_capped")[..36].to_vec();
    // NLMSGERR_ATTR_MISS_TYPE 1 in the nest at NLMSGERR_ATTR_MISS_NEST: IFLA_INFO_DATA, then IFLA_LINKINFO.
    for (nest, want) in [
        (56u32, "IFLA_LINKINFO > IFLA_INFO_DATA > IFLA_VXLAN_ID"),
        (40, "IFLA_LINKINFO > IFLA_INFO_KIND"),
    ] {
        answer.truncate(36);
        for (number, value) in [(5u16, 1u32), (6, nest)] {
            answer.extend(8u16.to_ne_bytes());
            answer.extend(number.to_ne_bytes());
            answer.extend(value.to_ne_bytes());
        }
        answer[..4].copy_from_slice(&52u32.to_ne_bytes());
        let failure = Failure::from_error(&message(&answer)).unwrap();
        let error = failure.explain(Some(message(&request)), Some(&NEWLINK));
        assert!(error.missing);
        assert!(
            error.to_string().ends_with(&format!(", missing {want}")),
            "{error}"
        );
    }
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
