//! Any bytes: no panic, an end, at most one error. Any value: written, read, the same.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod rtnetlink;

use nl_core::{Attrs, Messages, Owned, Writer};
use proptest::prelude::*;
use rtnetlink::*;

proptest! {
    #[test]
    fn walking_any_bytes_ends_with_at_most_one_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let items: Vec<_> = Messages::new(&bytes).take(1000).collect();
        prop_assert!(items.len() < 1000);
        prop_assert!(items.iter().rev().skip(1).all(Result::is_ok));
        let items: Vec<_> = Attrs::new(&bytes).take(1000).collect();
        prop_assert!(items.len() < 1000);
        prop_assert!(items.iter().rev().skip(1).all(Result::is_ok));
    }

    #[test]
    fn reading_and_printing_any_bytes_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), offset in 0usize..400) {
        if let Ok(view) = LinkView::parse(&bytes) {
            let _ = (view.name(), view.mtu(), view.link_info().and_then(|i| i.driver()));
            let _ = format!("{view:?}");
        }
        let _ = format!("{:?} {:?}", LINK_ATTRS.debug_payload(&bytes), LINK_ATTRS.path(&bytes, offset));
    }

    #[test]
    fn what_was_written_is_read_and_unknown_attributes_survive(
        name in "[a-z0-9]{1,15}",
        mtu in any::<u32>(),
        id in any::<u32>(),
        unknown in prop::collection::vec((100u16..0x3fff, prop::collection::vec(any::<u8>(), 0..40)), 0..6),
    ) {
        let mut out = Writer::new();
        let mut link = LinkWriter::new(&mut out, &IfInfoMsg::default());
        link.name(&name);
        for (number, payload) in &unknown {
            link.raw(*number, payload);
        }
        link.mtu(mtu).link_info(|info| {
            info.driver("vxlan").data(|out| { VxlanWriter::new(out, &()).id(id); });
        });

        let kept = Owned::<LinkView<'static>>::from_payload(out.bytes()).unwrap();
        let view = kept.view();
        prop_assert_eq!((view.name(), view.mtu()), (Some(name.as_str()), Some(mtu)));
        let data = view.link_info().unwrap().data().unwrap();
        prop_assert_eq!(VxlanView::parse(data).unwrap().id(), Some(id));
        let last = |n: u16| unknown.iter().rev().find(|(m, _)| *m == n).map(|(_, p)| p.as_slice());
        for (number, _) in &unknown {
            prop_assert_eq!(view.raw(*number), last(*number));
        }

        let mut again = Writer::new();
        let mut copy = LinkWriter::new(&mut again, view.header());
        for attr in view.attrs() {
            let attr = attr.unwrap();
            copy.raw(attr.raw_type, attr.payload);
        }
        prop_assert_eq!(again.bytes(), out.bytes());
    }
}

#[test]
fn a_known_attribute_of_a_wrong_size_is_an_error_that_names_it() {
    let mut out = Writer::new();
    LinkWriter::new(&mut out, &IfInfoMsg::default()).raw(IFLA_MTU, &[1, 2, 3]);
    let error = LinkView::parse(out.bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "attribute of a wrong size in IFLA_MTU at byte 0"
    );
    let mut out = Writer::new();
    LinkWriter::new(&mut out, &IfInfoMsg::default())
        .name("v")
        .link_info(|info| {
            info.driver("vxlan")
                .data(|out| out.raw(IFLA_VXLAN_ID, &[1]));
        });
    let error = LinkView::parse(out.bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "attribute of a wrong size in IFLA_VXLAN_ID at byte 28"
    );
}

#[test]
fn nests_deeper_than_the_kernel_sends_are_an_error_not_a_stack_overflow() {
    nl_core::attrs! {
        /// A nest that holds itself.
        pub table SELF_ATTRS: (), view SelfView, writer SelfWriter;
        nests {
            /// Itself.
            SELF = 1, inner: SelfView, SelfWriter, SELF_ATTRS;
        }
    }
    fn nest(out: &mut Writer, depth: usize) {
        if depth > 0 {
            out.nest(SELF, |out| nest(out, depth - 1));
        }
    }
    let mut out = Writer::new();
    nest(&mut out, 10);
    assert!(SelfView::parse(out.bytes()).unwrap().inner().is_some());
    out.clear();
    nest(&mut out, 2000);
    assert!(SelfView::parse(out.bytes()).is_err());
    let _ = format!("{:?}", SELF_ATTRS.debug(out.bytes()));
}
