//! Any bytes: no panic. Any request: written, read, the same.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nl_core::{Owned, Request, Writer};
use nl_route::link::kind::veth::VethView;
use nl_route::link::{LINK_ATTRS, LinkView, NewLink, SetLink};
use proptest::prelude::*;

proptest! {
    #[test]
    fn any_bytes_are_read_and_printed_without_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        kind in prop::sample::select(vec!["veth", "bridge", "vlan", "vxlan", "bond", "x"]),
        offset in 0usize..500,
    ) {
        let mut out = Writer::new();
        NewLink::of_kind(kind, "v0").raw_data(|out| out.bytes_mut().extend_from_slice(&bytes)).write(&mut out);
        for payload in [&bytes[..], out.bytes()] {
            if let Ok(view) = LinkView::parse(payload) {
                let _ = (view.kind(), view.flags(), view.bridge_port(), view.af_spec(), view.bridge_af_spec());
                let _ = (view.altnames().count(), format!("{view:?}"));
            }
            let _ = format!("{:?} {:?}", LINK_ATTRS.debug_payload(payload), LINK_ATTRS.path(payload, offset));
        }
    }

    #[test]
    fn requests_are_read_as_they_were_written(
        name in "[a-z0-9.@-]{3,15}",
        peer in "[a-z0-9]{1,15}",
        alias in "[ -~]{0,255}",
        address in any::<[u8; 6]>(),
        numbers in any::<(u32, u32, u32, i32, i32)>(),
        unknown in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let (mtu, txqueuelen, group, master, ifindex) = numbers;
        let request = NewLink::veth(name.as_str(), peer.as_str())
            .mtu(mtu).txqueuelen(txqueuelen).alias(alias.as_str()).address(address).up()
            .peer_ifindex(ifindex)
            .peer(|p| { p.group = Some(group); p.master = Some(master); });
        let mut out = Writer::new();
        out.message(16, 0, 1, |out| request.write(out)).unwrap();
        let view = LinkView::parse(out.bytes().get(16..).unwrap()).unwrap();
        prop_assert_eq!(view.name(), Some(name.as_str()));
        prop_assert_eq!((view.mtu(), view.txqueuelen()), (Some(mtu), Some(txqueuelen)));
        prop_assert_eq!((view.alias(), view.address()), (Some(alias.as_str()), Some(&address[..])));
        prop_assert!(view.is_up());
        let veth = view.link_info().unwrap().data_of("veth", VethView::parse).unwrap();
        let there = veth.peer().unwrap();
        prop_assert_eq!(there.name(), Some(peer.as_str()));
        prop_assert_eq!((there.ifindex(), there.group(), there.master()), (ifindex, Some(group), Some(master)));

        // Unknown attributes survive being kept.
        let mut out = Writer::new();
        SetLink::new(1).mtu(mtu).write(&mut out);
        out.raw(0x3abc, &unknown);
        let kept = Owned::<LinkView<'static>>::from_payload(out.bytes()).unwrap();
        prop_assert_eq!(kept.payload(), out.bytes());
        prop_assert_eq!(kept.view().raw(0x3abc), Some(&unknown[..]));
    }
}
