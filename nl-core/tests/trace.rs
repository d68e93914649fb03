//! What observers see, and how it is printed.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod rtnetlink;

use std::sync::{Arc, Mutex};

use nl_core::header::{NLM_F_ACK, NLM_F_REQUEST};
use nl_core::trace::{self, Direction};
use nl_core::{Connection, Writer};
use proptest::prelude::*;
use rtnetlink::*;

/// A connection, and what it says of itself.
fn observed() -> (Connection<Route>, Arc<Mutex<String>>) {
    let mut route = Connection::<Route>::open().unwrap();
    let port = route.socket().port();
    let log = Arc::new(Mutex::new(String::new()));
    let out = Arc::clone(&log);
    route.observe(move |traffic| {
        assert_eq!(traffic.protocol, 0);
        let text = trace::decode::<Route>(traffic.datagram).to_string();
        let text = text.replace(&format!("port {port}"), "port OURS");
        out.lock()
            .unwrap()
            .push_str(&format!("{}: {text}", traffic.direction));
    });
    (route, log)
}

#[test]
fn both_directions_of_a_refusal_are_printed_in_words() {
    nl_netns::isolate!(|| {
        let (mut route, log) = observed();
        route.call(&NewBridge("br0".into())).unwrap();
        let request = SetMtu {
            ifindex: 2,
            mtu: 70_000,
        };
        route.call(&request).unwrap_err();
        let want = "\
sent: RTM_NEWLINK len 56 seq 1 port 0 flags REQUEST|ACK|EXCL|CREATE
  IfInfoMsg { family: 0, pad: 0, device_type: U16(0), ifindex: I32(0), flags: U32(0), change: U32(0) } \
{IFLA_IFNAME: \"br0\", IFLA_LINKINFO: {IFLA_INFO_KIND: \"bridge\"}}
received: NLMSG_ERROR len 36 seq 1 port OURS flags CAPPED
  acknowledged to RTM_NEWLINK
sent: RTM_NEWLINK len 40 seq 2 port 0 flags REQUEST|ACK
  IfInfoMsg { family: 0, pad: 0, device_type: U16(0), ifindex: I32(2), flags: U32(0), change: U32(0) } \
{IFLA_MTU: 70000}
received: NLMSG_ERROR len 72 seq 2 port OURS flags CAPPED|ACK_TLVS
  EINVAL (Invalid argument) to RTM_NEWLINK {NLMSGERR_ATTR_MSG: \"mtu greater than device maximum\"}
";
        assert_eq!(*log.lock().unwrap(), want);
    });
}

#[test]
fn a_dry_run_shows_changes_and_asks_questions() {
    nl_netns::isolate!(|| {
        let mut route = Connection::<Route>::open().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let out = Arc::clone(&seen);
        route.observe(move |traffic| {
            let messages = nl_core::Messages::new(traffic.datagram).count();
            out.lock().unwrap().push((traffic.direction, messages));
        });
        route.set_dry_run(true);
        route.call(&NewBridge("br0".into())).unwrap();
        assert!(
            route
                .batch((0..3).map(NewRoute::numbered))
                .unwrap()
                .is_success()
        );
        let together = (0..2).map(NewRoute::numbered);
        assert!(route.datagram(together, |_| ()).unwrap().acknowledged);
        let withheld = [1, 3, 2].map(|messages| (Direction::Withheld, messages));
        assert_eq!(*seen.lock().unwrap(), withheld);
        let links = route.collect(&GetLinks).unwrap();
        assert_eq!(links.len(), 1, "only lo");
        assert_eq!(seen.lock().unwrap()[3], (Direction::Sent, 1));
        route.set_dry_run(false);
        route.call(&NewBridge("br0".into())).unwrap();
        assert_eq!(route.collect(&GetLinks).unwrap().len(), 2);
    });
}

#[test]
fn a_request_is_printed_without_a_socket() {
    let mut out = Writer::new();
    let flags = NLM_F_REQUEST | NLM_F_ACK;
    out.request(&Echo(NewRoute::numbered(1)), flags, 7).unwrap();
    let text = format!("{:#}", trace::decode::<Route>(out.bytes()));
    let mut lines = text.lines();
    let first = "RTM_NEWROUTE len 44 seq 7 port 0 flags REQUEST|ACK|ECHO|EXCL|CREATE";
    assert_eq!(lines.next(), Some(first));
    assert!(lines.clone().all(|line| line.starts_with("  ")), "{text}");
    assert!(lines.any(|line| line == "  RTA_DST: 10.0.0.1"), "{text}");
}

#[test]
fn what_no_table_knows_is_printed_in_hex() {
    let mut out = Writer::new();
    out.message(4711, 0x8001, 7, |out| {
        out.bytes_mut().extend([1, 2, 3, 4, 5, 6])
    })
    .unwrap();
    out.bytes_mut().extend([9, 9]);
    assert_eq!(
        trace::decode::<Route>(out.bytes()).to_string(),
        "message type 4711 len 22 seq 7 port 0 flags REQUEST|0x8000\n  01020304 0506\nheader cut off at byte 24: 0909\n"
    );
}

#[test]
fn the_end_of_a_dump_says_its_error() {
    let bytes = vector("dump_done_error");
    let text = trace::decode::<Route>(&bytes).to_string();
    assert!(text.starts_with("NLMSG_DONE len"), "{text}");
    assert!(text.contains("NLMSGERR_ATTR_MSG"), "{text}");
}

proptest! {
    #[test]
    fn any_bytes_are_printed(datagram in prop::collection::vec(any::<u8>(), 0..400)) {
        let text = format!("{:#}", trace::decode::<Route>(&datagram));
        prop_assert!(datagram.is_empty() || text.ends_with('\n'));
    }

    #[test]
    fn any_payload_of_a_known_message_is_printed(
        kind in prop_oneof![Just(2u16), Just(3), 16u16..27],
        flags in any::<u16>(),
        payload in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut out = Writer::new();
        out.message(kind, flags, 1, |out| out.bytes_mut().extend(&payload)).unwrap();
        let text = format!("{:#}", trace::decode::<Route>(out.bytes()));
        prop_assert!(text.contains("len"));
    }
}
