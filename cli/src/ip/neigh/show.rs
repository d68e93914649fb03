//! `ip neigh show` and `ip neigh flush`.

use nl_core::Errno;
use nl_route::Family;
use nl_route::neigh::{GetNeighs, NeighFlags, NeighState, NeighView};
use nl_route::protocol::RTM_DELNEIGH;
use nl_route::route::RouteProtocol;

use super::{state, usage};
use crate::failure::Failure;
use crate::ip::Ip;
use crate::ip::doc::{Color, Doc, Value};
use crate::ip::flush::Deletion;
use crate::ip::inet::{PrefixWord, prefix, show as show_addr};
use crate::ip::names::PROTOCOLS;
use crate::ip::options::AF_UNSPEC;
use crate::ip::route::vrf_device;
use crate::words::{Words, duplicate, matches, wrong};

/// The states as they are shown.
const STATES: &[(NeighState, &str)] = &[
    (NeighState::INCOMPLETE, "INCOMPLETE"),
    (NeighState::REACHABLE, "REACHABLE"),
    (NeighState::STALE, "STALE"),
    (NeighState::DELAY, "DELAY"),
    (NeighState::PROBE, "PROBE"),
    (NeighState::FAILED, "FAILED"),
    (NeighState::NOARP, "NOARP"),
    (NeighState::PERMANENT, "PERMANENT"),
];

const FLAGS: &[(NeighFlags, &str)] = &[
    (NeighFlags::ROUTER, "router"),
    (NeighFlags::PROXY, "proxy"),
    (NeighFlags::EXT_LEARNED, "extern_learn"),
    (NeighFlags::OFFLOADED, "offload"),
    (NeighFlags::MANAGED, "managed"),
];

/// Which neighbours are meant.
#[derive(Clone, Debug, Default)]
pub(in crate::ip) struct Select {
    family: u8,
    ifindex: Option<i32>,
    master: Option<i32>,
    states: NeighState,
    /// Those without a state.
    stateless: bool,
    proxy: bool,
    unused: bool,
    protocol: Option<RouteProtocol>,
    dst: Option<PrefixWord>,
}

impl Select {
    /// What belongs to a link, or to all.
    pub(in crate::ip) fn of_link(ifindex: Option<i32>) -> Self {
        Self {
            ifindex,
            ..Self::default()
        }
    }

    fn parse(ip: &mut Ip<'_>, mut words: Words<'_>, flush: bool) -> Result<Self, Failure> {
        let states = if flush {
            !(NeighState::PERMANENT | NeighState::NOARP)
        } else {
            !NeighState::NOARP
        };
        let mut select = Self {
            family: ip.options.family,
            states,
            stateless: flush,
            ..Self::default()
        };
        let mut device = None;
        let mut states_given = false;
        while let Some(word) = words.next() {
            match word {
                "dev" => {
                    let value = words.required()?;
                    if device.is_some() {
                        return Err(duplicate("dev", value));
                    }
                    device = Some(value);
                }
                "master" => {
                    let name = words.required()?;
                    let master = ip
                        .ifindex(name)
                        .ok_or_else(|| wrong(name, "Device does not exist\n"))?;
                    select.master = Some(master);
                }
                "vrf" => {
                    let name = words.required()?;
                    let vrf = vrf_device(ip, name)
                        .ok_or_else(|| wrong(name, "Not a valid VRF name\n"))?;
                    select.master = Some(vrf);
                }
                // What the kernel takes for "no master".
                "nomaster" => select.master = Some(-1),
                "unused" => select.unused = true,
                "nud" => {
                    let value = words.required()?;
                    if !std::mem::replace(&mut states_given, true) {
                        select.states = NeighState::empty();
                        select.stateless = false;
                    }
                    select.add_states(value, flush)?;
                }
                "proxy" => select.proxy = true,
                "protocol" => {
                    let value = words.required()?;
                    select.protocol = match PROTOCOLS.number(value).map(u8::try_from) {
                        Some(Ok(protocol)) => Some(RouteProtocol(protocol)),
                        None if value == "all" => None,
                        _ => return Err(wrong(value, "invalid \"protocol\"\n")),
                    };
                }
                _ => {
                    let value = if word == "to" {
                        words.required()?
                    } else {
                        word
                    };
                    if matches(value, "help") {
                        return Err(usage());
                    }
                    let dst = prefix(value, select.family)?;
                    if select.family == AF_UNSPEC {
                        select.family = dst.family;
                    }
                    select.dst = Some(dst);
                }
            }
        }
        if let Some(name) = device {
            select.ifindex = Some(ip.device(name)?);
        }
        Ok(select)
    }

    fn add_states(&mut self, word: &str, flush: bool) -> Result<(), Failure> {
        match state(word) {
            Some(state) if state.is_empty() => self.stateless = true,
            Some(state) => self.states |= state,
            None if word == "all" => {
                self.stateless = true;
                self.states = if flush {
                    !NeighState::NOARP
                } else {
                    NeighState::all()
                };
            }
            None => return Err(wrong(word, "nud state is bad")),
        }
        Ok(())
    }

    fn request(&self) -> GetNeighs {
        GetNeighs {
            family: Family(self.family),
            ifindex: self.ifindex,
            master: self.master,
            proxy: self.proxy,
        }
    }

    fn fits(&self, neigh: &NeighView<'_>) -> bool {
        let always = NeighFlags::PROXY | NeighFlags::EXT_LEARNED;
        (self.family == AF_UNSPEC || self.family == neigh.family().0)
            && self.ifindex.is_none_or(|index| index == neigh.ifindex())
            && (self.states.intersects(neigh.state())
                || neigh.flags().intersects(always)
                || neigh.state().is_empty() && self.stateless)
            && (!self.unused || neigh.cacheinfo().is_none_or(|info| info.refcnt.get() == 0))
            && self
                .protocol
                .is_none_or(|protocol| neigh.protocol().unwrap_or_default() == protocol)
            && self
                .dst
                .is_none_or(|dst| neigh.dst().is_none_or(|addr| dst.covers(addr, dst.len)))
    }
}

pub(super) fn show(ip: &mut Ip<'_>, words: Words<'_>) -> Result<(), Failure> {
    let select = Select::parse(ip, words, false)?;
    let neighs = ip.collect(&select.request())?;
    let mut docs = Vec::new();
    for neigh in &neighs {
        if select.fits(&neigh.view()) {
            docs.push(doc(ip, &neigh.view(), &select));
        }
    }
    ip.print(&docs)
}

pub(super) fn flush(ip: &mut Ip<'_>, words: Words<'_>) -> Result<(), Failure> {
    if words.is_empty() {
        return Err(Failure::new(1, "Flush requires arguments."));
    }
    let select = Select::parse(ip, words, true)?;
    let deletion = Deletion {
        message_type: RTM_DELNEIGH,
        gone: Errno(nix::libc::ENOENT),
        code: 1,
    };
    let list = |ip: &mut Ip<'_>| {
        let mut neighs = ip.collect(&select.request())?;
        neighs.retain(|neigh| select.fits(&neigh.view()));
        if ip.options.statistics > 1 {
            for neigh in &neighs {
                let doc = doc(ip, &neigh.view(), &select);
                ip.print(&[doc])?;
            }
        }
        Ok(neighs)
    };
    let rounds = deletion.run(ip, list, |neigh, out| {
        out.bytes_mut().extend_from_slice(neigh.payload());
    })?;
    rounds.finish(ip)
}

/// A neighbour; its link is left out if it was selected by it.
pub(in crate::ip) fn doc(ip: &mut Ip<'_>, neigh: &NeighView<'_>, select: &Select) -> Doc {
    if ip.options.brief {
        return brief(ip, neigh, select);
    }
    let mut doc = Doc::new();
    if let Some(dst) = neigh.dst() {
        let color = if dst.is_ipv6() {
            Color::Inet6
        } else {
            Color::Inet
        };
        let text = show_addr(dst);
        doc.colored(Some(color), "dst", text.as_str(), format_args!("{text} "));
    }
    if select.ifindex.is_none() && neigh.ifindex() != 0 {
        let name = ip.link_name(neigh.ifindex());
        doc.text("dev ");
        doc.colored(
            Some(Color::Ifname),
            "dev",
            name.as_str(),
            format_args!("{name} "),
        );
    }
    if let Some(lladdr) = neigh.lladdr() {
        let text = show_lladdr(lladdr);
        doc.text("lladdr ");
        doc.colored(
            Some(Color::Mac),
            "lladdr",
            text.as_str(),
            format_args!("{text} "),
        );
    }
    for (flag, word) in FLAGS {
        if neigh.flags().contains(*flag) {
            doc.field(word, Value::Null, format_args!("{word} "));
        }
    }
    if ip.options.statistics > 0 {
        statistics(&mut doc, neigh);
    }
    if !neigh.state().is_empty() {
        let words = STATES
            .iter()
            .filter(|(state, _)| neigh.state().contains(*state))
            .map(|(_, word)| *word);
        let text: String = words.clone().flat_map(|word| [word, " "]).collect();
        doc.values("state", words, text);
    }
    if let Some(protocol) = neigh.protocol() {
        let name = PROTOCOLS.show(protocol.0.into(), ip.options.numeric);
        doc.shown("protocol", "proto", name);
    }
    doc.text('\n');
    doc
}

/// Three columns.
fn brief(ip: &mut Ip<'_>, neigh: &NeighView<'_>, select: &Select) -> Doc {
    let mut doc = Doc::new();
    if let Some(dst) = neigh.dst() {
        let color = match dst.is_ipv6() {
            true => Color::Inet6,
            false => Color::Inet,
        };
        let text = show_addr(dst);
        doc.colored(
            Some(color),
            "dst",
            text.as_str(),
            format_args!("{text:<39} "),
        );
    }
    if select.ifindex.is_none() && neigh.ifindex() != 0 {
        let name = ip.link_name(neigh.ifindex());
        let text = format!("{name:<16} ");
        doc.colored(Some(Color::Ifname), "dev", name, text);
    }
    if let Some(lladdr) = neigh.lladdr() {
        let text = show_lladdr(lladdr);
        doc.colored(Some(Color::Mac), "lladdr", text.as_str(), &text);
    }
    doc.text('\n');
    doc
}

fn show_lladdr(lladdr: &[u8]) -> String {
    let bytes: Vec<String> = lladdr.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(":")
}

fn statistics(doc: &mut Doc, neigh: &NeighView<'_>) {
    /// `USER_HZ`.
    const HZ: u32 = 100;
    if let Some(info) = neigh.cacheinfo() {
        if info.refcnt.get() != 0 {
            let count = info.refcnt.get();
            doc.field("refcnt", count, format_args!(" ref {count}"));
        }
        let [used, confirmed, updated] =
            [info.used, info.confirmed, info.updated].map(|ticks| ticks.get() / HZ);
        doc.field("used", used, format_args!(" used {used}"));
        doc.field("confirmed", confirmed, format_args!("/{confirmed}"));
        doc.field("updated", updated, format_args!("/{updated}"));
    }
    if let Some(count) = neigh.probes() {
        doc.shown("probes", "probes", count);
    }
}
