//! Expressions as bytes: vectors of what nft 1.0.6 sent, anything read and written back.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test code, which clippy does not see as such"
)]

use nl_core::Writer;
use nl_netfilter::expr::{
    Bitwise, Cmp, CmpOp, Counter, Ct, CtKey, Expr, ExprView, Immediate, Limit, Log, Lookup, Meta,
    MetaKey, Payload, PayloadBase, Reject, RejectType,
};
use nl_netfilter::{Register, Verdict};
use proptest::prelude::*;

fn write(expr: &Expr) -> Vec<u8> {
    let mut out = Writer::new();
    expr.write(&mut out);
    out.bytes().to_vec()
}

fn attr(raw_type: u16, payload: &[u8]) -> Vec<u8> {
    let mut out = Writer::new();
    out.raw(raw_type, payload);
    out.bytes().to_vec()
}

/// Name and data of one expression, as `nft -f` sent them (strace -xx).
fn vector(name: &str, data: &[&[u8]]) -> Vec<u8> {
    let name = attr(1, &[name.as_bytes(), &[0]].concat());
    [name, attr(0x8002, &data.concat())].concat()
}

#[test]
fn expressions_are_the_bytes_that_nft_sent() {
    const N: u16 = 0x8000;
    let value = |bytes: &[u8]| attr(1, bytes);
    let be = |number: u32| number.to_be_bytes();
    let rows: Vec<(Expr, Vec<u8>)> = vec![
        (
            Meta::load(MetaKey::L4PROTO, Register::R1).into(),
            vector("meta", &[&attr(2, &be(16)), &attr(1, &be(1))]),
        ),
        (
            Cmp::new(Register::R1, CmpOp::EQ, [6]).into(),
            vector(
                "cmp",
                &[
                    &attr(1, &be(1)),
                    &attr(2, &be(0)),
                    &attr(3 | N, &value(&[6])),
                ],
            ),
        ),
        (
            Payload::load(PayloadBase::TRANSPORT, 2, 2, Register::R1).into(),
            vector(
                "payload",
                &[
                    &attr(1, &be(1)),
                    &attr(2, &be(2)),
                    &attr(3, &be(2)),
                    &attr(4, &be(2)),
                ],
            ),
        ),
        (
            Lookup {
                sreg: Register::R1,
                dreg: None,
                set: "__set%d".into(),
                set_id: Some(3),
                flags: None,
            }
            .into(),
            vector(
                "lookup",
                &[&attr(2, &be(1)), &attr(1, b"__set%d\0"), &attr(4, &be(3))],
            ),
        ),
        (
            Immediate::verdict(Verdict::Accept).into(),
            vector(
                "immediate",
                &[
                    &attr(1, &be(0)),
                    &attr(2 | N, &attr(2 | N, &attr(1, &be(1)))),
                ],
            ),
        ),
        (
            Ct::load(CtKey::STATE, Register::R1).into(),
            vector("ct", &[&attr(2, &be(0)), &attr(1, &be(1))]),
        ),
        (
            Bitwise::mask(Register::R1, [6, 0, 0, 0]).into(),
            vector(
                "bitwise",
                &[
                    &attr(1, &be(1)),
                    &attr(2, &be(1)),
                    &attr(3, &be(4)),
                    &attr(4 | N, &value(&[6, 0, 0, 0])),
                    &attr(5 | N, &value(&[0; 4])),
                ],
            ),
        ),
        (
            Log::new(Some("x")).into(),
            vector("log", &[&attr(2, b"x\0")]),
        ),
        (Counter::new().into(), vector("counter", &[])),
        (
            Limit::packets(10, 1).into(),
            vector(
                "limit",
                &[
                    &attr(1, &10u64.to_be_bytes()),
                    &attr(2, &1u64.to_be_bytes()),
                    &attr(3, &be(5)),
                    &attr(4, &be(0)),
                    &attr(5, &be(0)),
                ],
            ),
        ),
        (
            Reject {
                kind: RejectType::ICMP_UNREACH,
                code: Some(3),
            }
            .into(),
            vector("reject", &[&attr(1, &be(0)), &attr(2, &[3])]),
        ),
    ];
    for (expr, bytes) in rows {
        assert_eq!(write(&expr), bytes, "{expr:?}");
        assert_eq!(Expr::read(ExprView::parse(&bytes).unwrap()), expr);
    }
}

#[test]
fn an_attribute_of_tomorrow_makes_the_expression_unknown_and_stays() {
    let known = write(&Meta::load(MetaKey::MARK, Register::R1).into());
    let view = ExprView::parse(&known).unwrap();
    let data = [view.data().unwrap(), &attr(99, b"new")].concat();
    let bytes = vector("meta", &[&data]);
    let expr = Expr::read(ExprView::parse(&bytes).unwrap());
    assert!(matches!(&expr, Expr::Unknown { name, .. } if name == "meta"));
    assert_eq!(write(&expr), bytes);
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(view) = ExprView::parse(&bytes) {
            let _ = format!("{:?} {view:?}", Expr::read(view));
        }
    }

    #[test]
    fn any_data_under_a_known_name_is_read_without_panic(
        index in any::<prop::sample::Index>(),
        attrs in prop::collection::vec((1u16..12, prop::collection::vec(any::<u8>(), 0..12)), 0..6),
    ) {
        let (name, _) = nl_netfilter::expr::EXPRESSIONS[index.index(nl_netfilter::expr::EXPRESSIONS.len())];
        let data: Vec<u8> = attrs.iter().flat_map(|(number, payload)| attr(*number, payload)).collect();
        let bytes = vector(name, &[&data]);
        if let Ok(view) = ExprView::parse(&bytes) {
            let expr = Expr::read(view);
            let again = write(&expr);
            prop_assert_eq!(Expr::read(ExprView::parse(&again).unwrap()), expr);
        }
    }

    #[test]
    fn what_is_unknown_survives(name in "[a-z]{1,12}_x", data in prop::collection::vec(any::<u8>(), 0..64)) {
        let bytes = vector(&name, &[&data]);
        let view = ExprView::parse(&bytes).unwrap();
        prop_assert_eq!(write(&Expr::read(view)), bytes);
    }
}
