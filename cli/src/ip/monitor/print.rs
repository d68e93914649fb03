//! An event as text and as a line of JSON.

use nl_core::Message;
use nl_route::addr::AddrView;
use nl_route::link::{Link, LinkView};
use nl_route::neigh::NeighView;
use nl_route::netconf::NetconfView;
use nl_route::nexthop::NexthopView;
use nl_route::nsid::NsidView;
use nl_route::protocol as rtm;
use nl_route::route::RouteView;
use nl_route::rule::RuleView;

use super::{netconf, stamp};
use crate::failure::Failure;
use crate::ip::doc::Doc;
use crate::ip::link::show::{Command, brief, full};
use crate::ip::options::AF_UNSPEC;
use crate::ip::{Ip, address, neigh, nexthop, route, rule};

/// What is printed of an event, and of which.
pub(in crate::ip) struct Printer {
    /// Whether its object stands before it, in brackets.
    pub(in crate::ip) labels: bool,
    /// Whether its namespace does.
    pub(in crate::ip) all_nsid: bool,
    /// Whether ids of namespaces are told of; what they were is forgotten in any case.
    pub(in crate::ip) nsids: bool,
    /// Only events of the link with this index.
    pub(in crate::ip) ifindex: Option<i32>,
}

/// What an event is about.
struct Label {
    /// As ip has it.
    text: &'static str,
    /// In JSON.
    object: &'static str,
}

const fn label(text: &'static str, object: &'static str) -> Label {
    Label { text, object }
}

impl Printer {
    pub(super) fn print(
        &self,
        ip: &mut Ip<'_>,
        message: &Message<'_>,
        nsid: Option<i32>,
    ) -> Result<(), Failure> {
        ip.speak_of(nsid);
        let body = self.body(ip, message);
        ip.speak_of(None);
        let Some((label, body)) = body else {
            return Ok(());
        };
        let deleted = message.message_type() & 1 != 0;
        let mut doc = Doc::new();
        match ip.options.timestamp {
            0 => {}
            1 => {
                let now = stamp::now();
                doc.json("timestamp", now.short())
                    .text(format_args!("Timestamp: {}\n", now.long("usec")));
            }
            _ => {
                let now = stamp::now().short();
                doc.field("timestamp", now.as_str(), format_args!("[{now}] "));
            }
        }
        if self.all_nsid {
            match nsid {
                Some(nsid) => doc.field("nsid", nsid, format_args!("[nsid {nsid}]")),
                None => doc.text("[nsid current]"),
            };
        }
        doc.json("object", label.object);
        if self.labels {
            doc.text(label.text);
        }
        // What the words leave out has its label all the same, as with ip.
        let Some(body) = body else {
            if !ip.options.json {
                doc.print_text(&ip.options, ip.out)?;
            }
            return Ok(());
        };
        if deleted {
            doc.field("deleted", true, "Deleted ");
        }
        doc.append(body);
        if ip.options.json {
            doc.print_json_line(ip.out)?;
        } else {
            doc.print_text(&ip.options, ip.out)?;
        }
        Ok(())
    }

    /// What the event is about, and its text if it is wanted; `None` for events without a text.
    fn body(&self, ip: &mut Ip<'_>, message: &Message<'_>) -> Option<(Label, Option<Doc>)> {
        let payload = message.payload;
        match message.message_type() {
            rtm::RTM_NEWLINK | rtm::RTM_DELLINK => {
                let link = Link::from_payload(payload).ok()?;
                let view = link.view();
                if message.message_type() == rtm::RTM_DELLINK {
                    ip.forget_link(view.ifindex());
                } else {
                    ip.remember(std::slice::from_ref(&link));
                }
                let body = self.is_wanted(view.ifindex()).then(|| link_doc(ip, &view));
                Some((label("[LINK]", "link"), body))
            }
            rtm::RTM_NEWADDR | rtm::RTM_DELADDR => {
                let addr = AddrView::parse(payload).ok()?;
                let wanted = self.is_wanted(addr.ifindex()) && self.is_family(ip, addr.family().0);
                let body = wanted.then(|| match ip.options.brief {
                    true => address::show::brief(&addr),
                    false => address::show::full(ip, &addr, true),
                });
                Some((label("[ADDR]", "address"), body))
            }
            rtm::RTM_NEWROUTE | rtm::RTM_DELROUTE => {
                let view = RouteView::parse(payload).ok()?;
                // Multicast routes have families of their own, behind AF_MAX.
                if view.family().0 >= 128 {
                    return None;
                }
                let select = route::select::Select::of_link(self.ifindex);
                let body = select
                    .fits(&view)
                    .then(|| route::print::doc(ip, &view, &select));
                Some((label("[ROUTE]", "route"), body))
            }
            rtm::RTM_NEWNEIGH | rtm::RTM_DELNEIGH => {
                let view = NeighView::parse(payload).ok()?;
                if !self.is_family(ip, view.family().0) {
                    return None;
                }
                let select = neigh::show::Select::of_link(self.ifindex);
                let body = self
                    .is_wanted(view.ifindex())
                    .then(|| neigh::show::doc(ip, &view, &select));
                Some((label("[NEIGH]", "neigh"), body))
            }
            rtm::RTM_NEWRULE | rtm::RTM_DELRULE => {
                let view = RuleView::parse(payload).ok()?;
                Some((label("[RULE]", "rule"), Some(rule::show::doc(ip, &view))))
            }
            rtm::RTM_NEWNEXTHOP | rtm::RTM_DELNEXTHOP => {
                let view = NexthopView::parse(payload).ok()?;
                Some((
                    label("[NEXTHOP]", "nexthop"),
                    Some(nexthop::show::line(ip, &view)),
                ))
            }
            rtm::RTM_NEWNETCONF | rtm::RTM_DELNETCONF => {
                let view = NetconfView::parse(payload).ok()?;
                let body = self
                    .is_wanted(view.ifindex().unwrap_or(0))
                    .then(|| netconf::doc(ip, &view));
                Some((label("[NETCONF]", "netconf"), body))
            }
            rtm::RTM_NEWNSID | rtm::RTM_DELNSID => {
                let view = NsidView::parse(payload).ok()?;
                if message.message_type() == rtm::RTM_NEWNSID {
                    ip.forget_netns_names();
                }
                if let Some(nsid) = view.nsid() {
                    ip.forget_links_elsewhere(nsid);
                }
                self.nsids
                    .then(|| (label("[NSID]", "nsid"), Some(nsid_doc(ip, &view))))
            }
            _ => None,
        }
    }

    fn is_wanted(&self, ifindex: i32) -> bool {
        self.ifindex.is_none_or(|wanted| wanted == ifindex)
    }

    fn is_family(&self, ip: &Ip<'_>, family: u8) -> bool {
        ip.options.family == AF_UNSPEC || ip.options.family == family
    }
}

fn link_doc(ip: &mut Ip<'_>, link: &LinkView<'_>) -> Doc {
    if ip.options.brief {
        brief(ip, link, Command::Monitor)
    } else {
        full(ip, link, Command::Monitor)
    }
}

fn nsid_doc(ip: &mut Ip<'_>, view: &NsidView<'_>) -> Doc {
    let mut doc = Doc::new();
    let nsid = view.nsid().unwrap_or(-1);
    doc.field("nsid", nsid, format_args!("nsid {nsid} "));
    if let Some(name) = ip.netns_name(nsid) {
        doc.field("name", name, format_args!("(iproute2 netns name: {name})"));
    }
    doc.text('\n');
    doc
}
