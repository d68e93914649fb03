//! What the fuzz targets call, and the tests that replay their corpora.

use nl_core::{Protocol, Writer};

use crate::element::{Element, ElementsView};
use crate::expr::{Expr, ExprView};
use crate::nfgen::Netfilter;
use crate::rule::RuleView;

/// A message type in the first two bytes, then its payload: checked, read, printed, written again.
pub fn message(data: &[u8]) {
    let Some((number, payload)) = data.split_first_chunk::<2>() else {
        return;
    };
    let number = u16::from_ne_bytes(*number);
    let Some(message_type) = Netfilter::message_type(number) else {
        return;
    };
    nl_core::fuzzing::payload(message_type.table, payload);
    crate::watch::feed(number, payload);
    if let Ok(rule) = RuleView::parse(payload) {
        let exprs: Vec<Expr> = rule.exprs().iter().flat_map(|exprs| exprs.iter()).collect();
        exprs.iter().for_each(same_again);
        let _ = format!("{exprs:?} {:?} {:?}", rule.comment(), rule.to_replacement());
    }
    if let Ok(list) = ElementsView::parse(payload) {
        for view in list.elements() {
            let _ = format!("{:?}", Element::read(view));
        }
    }
}

/// The attributes of one expression: read, written, read again: the same.
pub fn expression(data: &[u8]) {
    if let Ok(view) = ExprView::parse(data) {
        same_again(&Expr::read(view));
    }
}

fn same_again(expr: &Expr) {
    let mut out = Writer::new();
    expr.write(&mut out);
    let again = ExprView::parse(out.bytes()).map(Expr::read);
    assert_eq!(again.as_ref(), Ok(expr), "what was written reads the same");
}
