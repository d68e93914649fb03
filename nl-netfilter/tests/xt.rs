//! Layouts against the bytes that iptables-nft 1.8.9 sent (strace -xx), both ways.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::field_reassign_with_default,
    reason = "test code, which clippy does not see as such"
)]

use nl_netfilter::expr::NatFlags;
use nl_netfilter::xt::{
    AddrType, Comment, Conntrack, ConntrackFlags, Dnat, Icmp, Icmp6, Info, Log, Mac, Mark,
    MasqueradeV4, Multiport, NatRange, NatRange2, NatRangeV4, RejectV4, SnatV4, SnatV6, Tcp,
};

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn same<I: Info + PartialEq + std::fmt::Debug>(info: I, hex: &str) {
    if cfg!(target_endian = "big") {
        return;
    }
    let want = bytes(hex);
    assert_eq!(info.to_info(), want, "{}", I::NAME);
    assert_eq!(I::from_info(&want).unwrap(), info);
    assert!(I::from_info(&want[..1]).is_none());
}

#[test]
fn nat_targets() {
    let ports = NatFlags::PROTO_SPECIFIED.bits();
    let addrs = NatFlags::MAP_IPS.bits();
    // -j MASQUERADE --to-ports 1000-2000 --random
    let masquerade = NatRangeV4 {
        flags: (ports | NatFlags::PROTO_RANDOM.bits()).into(),
        min_port: 1000.into(),
        max_port: 2000.into(),
        ..NatRangeV4::default()
    };
    same(
        MasqueradeV4(masquerade),
        "01000000 06000000 00000000 00000000 03e8 07d0 00000000",
    );
    // -j SNAT --to-source 1.2.3.4:10-20
    let snat = NatRangeV4 {
        flags: (ports | addrs).into(),
        min_addr: [1, 2, 3, 4],
        max_addr: [1, 2, 3, 4],
        min_port: 10.into(),
        max_port: 20.into(),
        ..NatRangeV4::default()
    };
    same(
        SnatV4(snat),
        "01000000 03000000 01020304 01020304 000a 0014 00000000",
    );
    // ip6tables -j SNAT --to-source 2001:db8::1
    let addr = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    let snat6 = NatRange {
        flags: addrs.into(),
        min_addr: addr,
        max_addr: addr,
        min_port: 0.into(),
        max_port: 0.into(),
    };
    same(
        SnatV6(snat6),
        "01000000 20010db8000000000000000000000001 20010db8000000000000000000000001 00000000",
    );
    // -j DNAT --to-destination 10.0.0.1:8080
    let mut addr = [0; 16];
    addr[..4].copy_from_slice(&[10, 0, 0, 1]);
    let dnat = NatRange2 {
        flags: (ports | addrs).into(),
        min_addr: addr,
        max_addr: addr,
        min_port: 8080.into(),
        max_port: 8080.into(),
        base_port: 0.into(),
        pad: [0; 2],
    };
    same(
        Dnat(dnat),
        "03000000 0a000001000000000000000000000000 0a000001000000000000000000000000
         1f90 1f90 0000 0000 00000000",
    );
}

#[test]
fn other_targets() {
    same(RejectV4 { with: 3.into() }, "03000000 00000000");
    // -j LOG --log-prefix pre --log-level 4 --log-uid
    let mut prefix = [0; 30];
    prefix[..3].copy_from_slice(b"pre");
    let log = Log {
        level: 4,
        flags: 8,
        prefix,
    };
    same(
        log,
        "0408 707265 000000000000000000000000000000000000000000000000000000",
    );
    let mark = Mark {
        mark: 5.into(),
        mask: u32::MAX.into(),
    };
    same(mark, "05000000 ffffffff");
}

#[test]
fn conntrack_with_everything() {
    // ! --ctstate NEW --ctproto 6 --ctorigsrc 10.0.0.0/8 --ctdir ORIGINAL --ctstatus SEEN_REPLY
    // --ctexpire 10:20 --ctorigdstport 80:90
    let mut info = Conntrack::default();
    info.origsrc_addr[0] = 10;
    info.origsrc_mask[0] = 255;
    info.expires_min = 10.into();
    info.expires_max = 20.into();
    info.l4proto = 6.into();
    info.origdst_port = 80.into();
    info.origdst_port_high = 90.into();
    info.match_flags = (ConntrackFlags::STATE
        | ConntrackFlags::PROTO
        | ConntrackFlags::ORIGSRC
        | ConntrackFlags::STATUS
        | ConntrackFlags::EXPIRES
        | ConntrackFlags::ORIGDST_PORT
        | ConntrackFlags::DIRECTION)
        .bits()
        .into();
    info.invert_flags = ConntrackFlags::STATE.bits().into();
    info.state_mask = 8.into();
    info.status_mask = 2.into();
    let addresses = format!(
        "{}{}{}",
        "0a000000000000000000000000000000",
        "ff000000000000000000000000000000",
        "00".repeat(96)
    );
    same(
        info,
        &format!(
            "{addresses} 0a000000 14000000 0600 0000 5000 0000 0000 c712 0100 0800 0200
             0000 5a00 0000 0000 0000 00000000"
        ),
    );
    let state = Conntrack::state(8, true).to_match();
    assert_eq!((&*state.name, state.rev), ("conntrack", 3));
    assert_eq!(state.info[146..154], bytes("0120 0000 0800 0000"));
}

#[test]
fn other_matches() {
    same(
        Comment::new("hello"),
        &format!("68656c6c6f{}", "00".repeat(251)),
    );
    assert_eq!(Comment::new(&"x".repeat(999)).text().unwrap().len(), 255);
    // --dports 22,80:90
    let mut multiport = Multiport::default();
    multiport.kind = 1;
    multiport.count = 3;
    multiport.ports[..3].copy_from_slice(&[22.into(), 80.into(), 90.into()]);
    multiport.range_starts[1] = 1;
    same(
        multiport,
        &format!(
            "0103 1600 5000 5a00 {} 0001 {} 00",
            "0000".repeat(12),
            "00".repeat(13)
        ),
    );
    let addrtype = AddrType {
        source: 0.into(),
        dest: 4.into(),
        flags: 0.into(),
    };
    same(addrtype, "0000 0400 00000000");
    // --tcp-option 2
    let tcp = Tcp {
        source_ports: [0.into(), 65535.into()],
        dest_ports: [0.into(), 65535.into()],
        option: 2,
        ..Tcp::default()
    };
    same(tcp, "0000ffff 0000ffff 02000000 00000000");
    let icmp = Icmp {
        icmp_type: 8,
        codes: [0, 255],
        invert: 0,
    };
    same(icmp, "0800ff00 00000000");
    let icmp6 = Icmp6 {
        icmp_type: 128,
        codes: [0, 255],
        invert: 0,
    };
    same(icmp6, "8000ff00 00000000");
    let mac = Mac {
        source: [0, 0x11, 0x22, 0x33, 0x44, 0x55],
        ..Mac::default()
    };
    same(mac, "001122334455 0000 00000000 00000000");
}
