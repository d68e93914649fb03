//! What the fuzz targets call, and the tests that replay their corpora.

use nl_core::{List, Messages, Protocol, Request, Writer};

use crate::element::{Element, ElementsView};
use crate::event::Event;
use crate::expr::{Expr, ExprView};
use crate::iptables::Rule;
use crate::nfgen::{Family, Netfilter};
use crate::object::{NewObject, ObjectView};
use crate::rule::RuleView;
use crate::userdata;
use crate::xt::{self, Info};

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

/// Notifications, one behind the other: read as events, and what can be kept of them is written as it was read.
pub fn events(data: &[u8]) {
    for message in Messages::new(data).flatten() {
        let Ok(Some(event)) = Event::parse(&message) else {
            continue;
        };
        let _ = format!("{event:?}");
        match event {
            Event::Object { view, .. } => {
                let object = NewObject::new(Family::IP, "t", "o", view.to_data());
                let mut out = Writer::new();
                object.write(&mut out);
                let again = ObjectView::parse(out.bytes()).map(|view| view.to_data());
                assert_eq!(again, Ok(object.data), "what was written reads the same");
                let _ = view.comment();
            }
            Event::Elements { view, .. } => {
                let elements: Vec<Element> = view.elements().map(Element::read).collect();
                let exprs = elements.iter().flat_map(|element| &element.exprs);
                exprs.for_each(same_again);
            }
            Event::Rule { view, .. } => {
                for expr in view.exprs().iter().flat_map(|exprs| exprs.iter()) {
                    same_again(&expr);
                }
            }
            _ => {}
        }
    }
}

/// The bytes of a match or target of iptables: read by every layout that they are long enough for, written the same.
pub fn xt(data: &[u8]) {
    macro_rules! each {
        ($($Layout:ident)*) => {$({
            let read = xt::$Layout::from_info(data);
            let size = size_of::<xt::$Layout>();
            assert_eq!(read.is_some(), data.len() >= size);
            if let Some(info) = read {
                let written = info.to_info();
                assert_eq!(written.len(), size.next_multiple_of(8));
                assert_eq!(written.get(..size), data.get(..size));
                assert!(written.iter().skip(size).all(|&pad| pad == 0));
                let expr = info.to_match();
                assert!(xt::$Layout::from_match(&expr).is_some_and(|again| again == info));
                same_again(&expr.into());
                let expr = info.to_target();
                assert!(xt::$Layout::from_target(&expr).is_some_and(|again| again == info));
                same_again(&expr.into());
            }
        })*};
    }
    each!(
        AddrType Comment ConnmarkMatch Conntrack Icmp Icmp6 IpRange Length Mac Multiport Owner PktType Statistic Tcp Udp
        Dnat MasqueradeV4 MasqueradeV6 RedirectV4 RedirectV6 SnatV4 SnatV6
        ConnmarkTarget CtTarget Log Mark NfQueue RejectV4 RejectV6 TcpMss
    );
}

/// A family (0 IPv4, else IPv6), the length of the userdata, the userdata, and a list of expressions: a rule that
/// iptables has words for has a form of its own, which reads and is written the same.
pub fn iptables_rule(data: &[u8]) {
    let Some((&[v6, len], rest)) = data.split_first_chunk::<2>() else {
        return;
    };
    let Some((userdata, list)) = rest.split_at_checked(len.into()) else {
        return;
    };
    let family = if v6 == 0 { Family::IP } else { Family::IP6 };
    let exprs: Vec<Expr> = List::<ExprView<'static>>::new(list)
        .map(Expr::read)
        .collect();
    let Ok(rule) = Rule::from_exprs(family, &exprs, userdata) else {
        return;
    };
    let written = |rule: &Rule| {
        let request = rule.to_new_rule(family, "filter", "c");
        let read = Rule::from_exprs(family, &request.exprs, &request.userdata);
        (read.expect("what was written is read"), request.exprs)
    };
    // Of several forms that mean the same ours is one: `! --dport 0:99` is what `100:65535` is. Where one match says
    // several such things, each writing may mend one of them.
    let (mended, _) = written(&rule);
    let (ours, _) = written(&mended);
    let (again, exprs) = written(&ours);
    assert_eq!(again, ours, "what was written reads the same");
    assert_eq!(written(&again).1, exprs);
    assert_eq!(ours.counters, rule.counters);
    assert_eq!(ours.target, rule.target);
    assert_eq!(ours.transport(), rule.transport());
}

/// Userdata: entries are found where they are, and what is put behind them too.
pub fn userdata(data: &[u8]) {
    let mut entries = Vec::new();
    let mut rest = data;
    while let [kind, len, behind @ ..] = rest {
        let Some((value, next)) = behind.split_at_checked(usize::from(*len)) else {
            break;
        };
        entries.push((*kind, value));
        rest = next;
    }
    let mut written = Vec::new();
    for (kind, value) in &entries {
        userdata::push(&mut written, *kind, value);
    }
    assert!(data.starts_with(&written));
    for kind in 0..=u8::MAX {
        let first = entries.iter().find(|(found, _)| *found == kind);
        let value = first.map(|(_, value)| *value);
        assert_eq!(userdata::find(data, kind), value);
        assert_eq!(userdata::find(&written, kind), value);
        let _ = userdata::find_u32(data, kind);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let userdata = userdata::comment(text);
        assert!(userdata.len() <= userdata::MAX_LEN);
        let found = userdata::find_str(&userdata, userdata::COMMENT);
        assert!(found.is_some_and(|found| text.starts_with(found)));
        assert!(text.len() > 253 || found == Some(text));
    }
}
