//! Straight stores and a plain walk: what it takes at least.

use std::hint::black_box;

use crate::contest::Contest;
use crate::object::{BITS, GATEWAY, IFINDEX, NETWORK, TABLE};

/// An `RTM_NEWROUTE` message. Source: include/uapi/linux/rtnetlink.h.
pub(crate) fn route_message() -> [u8; 60] {
    let mut out = [0; 60];
    put_route(&mut out, NETWORK.octets(), GATEWAY.octets(), IFINDEX, TABLE);
    out
}

#[inline]
fn put_route(out: &mut [u8; 60], dst: [u8; 4], gateway: [u8; 4], ifindex: i32, table: u32) {
    let mut word = |place: usize, bytes: [u8; 4]| out[place..place + 4].copy_from_slice(&bytes);
    word(0, 60u32.to_ne_bytes());
    word(4, [24, 0, 5, 6]);
    word(8, 1u32.to_ne_bytes());
    word(12, [0; 4]);
    word(16, [2, BITS, 0, 0]);
    word(20, [0, 3, 0, 1]);
    word(24, [0; 4]);
    let header = |number: u8| [8, 0, number, 0];
    word(28, header(1));
    word(32, dst);
    word(36, header(5));
    word(40, gateway);
    word(44, header(15));
    word(48, table.to_ne_bytes());
    word(52, header(4));
    word(56, ifindex.to_ne_bytes());
}

pub(crate) fn route(contest: &mut Contest) {
    let mut out = [0; 60];
    contest.time("encode route", "by hand", move |_| {
        let (dst, gateway) = (black_box(NETWORK).octets(), black_box(GATEWAY).octets());
        put_route(&mut out, dst, gateway, black_box(IFINDEX), black_box(TABLE));
        black_box(&out);
    });
    let message = route_message().to_vec();
    contest.time("decode route", "by hand", move |_| {
        let mut attrs = &black_box(&message[..])[28..];
        let (mut dst, mut gateway, mut ifindex, mut table) = (0, 0, 0, 0);
        while let [a, b, c, _, ..] = *attrs {
            let len = usize::from(u16::from_ne_bytes([a, b]));
            if let [_, _, _, _, payload @ ..] = &attrs[..len]
                && let Ok(word) = payload.try_into().map(u32::from_ne_bytes)
            {
                match c {
                    1 => dst = word,
                    4 => ifindex = word,
                    5 => gateway = word,
                    15 => table = word,
                    _ => {}
                }
            }
            attrs = &attrs[len.next_multiple_of(4).min(attrs.len())..];
        }
        black_box((dst, gateway, ifindex, table));
    });
}
