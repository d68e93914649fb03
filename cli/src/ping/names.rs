//! Host names to addresses and back.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6, ToSocketAddrs};

use nix::net::if_::if_indextoname;

use super::echo::Family;
use crate::failure::Failure;

/// The address that `host` names, of the family asked for if one is.
pub(super) fn resolve(host: &str, family: Option<Family>) -> Result<SocketAddr, Failure> {
    let failure = |text: &str| Failure::new(2, format!("ping: {host}: {text}"));
    // An empty or NUL-bearing name is no question for a resolver.
    if host.is_empty() || host.contains('\0') {
        return Err(failure("Name or service not known"));
    }
    let addrs: Vec<SocketAddr> = (host, 0)
        .to_socket_addrs()
        .map_err(|error| {
            let text = error.to_string();
            failure(
                text.strip_prefix("failed to lookup address information: ")
                    .unwrap_or(&text),
            )
        })?
        .collect();
    addrs
        .into_iter()
        .find(|addr| family.is_none_or(|family| family == family_of(addr)))
        .ok_or_else(|| failure("Address family for hostname not supported"))
}

/// The protocol to reach an address with.
pub(super) fn family_of(addr: &SocketAddr) -> Family {
    match addr {
        SocketAddr::V4(_) => Family::V4,
        SocketAddr::V6(_) => Family::V6,
    }
}

/// Whether `host` is an address itself, in any spelling that the resolver takes (`127.1`).
pub(super) fn is_numeric(host: &str) -> bool {
    host.contains(':')
        || host
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// An address as ping shows it: the name first where one is known. IPv6 link-local addresses carry their interface.
pub(super) fn show(addr: &SocketAddr, numeric: bool) -> String {
    let number = match addr {
        SocketAddr::V4(addr) => addr.ip().to_string(),
        SocketAddr::V6(addr) => format!("{}{}", addr.ip(), zone(addr)),
    };
    match Some(addr.ip()).filter(|_| !numeric).and_then(name_of) {
        Some(name) => format!("{name} ({number})"),
        None => number,
    }
}

fn zone(addr: &SocketAddrV6) -> String {
    let link_local = addr.ip().is_unicast_link_local() || addr.ip().is_multicast();
    if addr.scope_id() == 0 || !link_local {
        return String::new();
    }
    let name = if_indextoname(addr.scope_id()).ok();
    match name.as_deref().map(|name| name.to_string_lossy()) {
        Some(name) => format!("%{name}"),
        None => format!("%{}", addr.scope_id()),
    }
}

/// The first name that /etc/hosts has for an address. Name servers are not asked: they are out of reach in most
/// namespaces, and waiting for them would distort the run.
fn name_of(addr: IpAddr) -> Option<String> {
    let hosts = fs::read_to_string("/etc/hosts").ok()?;
    name_in(&hosts, addr)
}

fn name_in(hosts: &str, addr: IpAddr) -> Option<String> {
    hosts.lines().find_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        let found = words.next()?.parse::<IpAddr>().ok()? == addr;
        words.next().filter(|_| found).map(str::to_owned)
    })
}

/// Whether an answer may come from another address than the one that was asked.
pub(super) fn is_group(addr: IpAddr) -> bool {
    addr.is_multicast() || addr == IpAddr::V4(Ipv4Addr::BROADCAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_file_is_read_backwards() {
        let hosts = "# 10.0.0.1 no\n\n127.0.0.1 localhost lo\n::1\tlocalhost6 # ten\n10.0.0.1\n";
        let name = |addr: &str| name_in(hosts, addr.parse().unwrap());
        assert_eq!(name("127.0.0.1").as_deref(), Some("localhost"));
        assert_eq!(name("::1").as_deref(), Some("localhost6"));
        assert_eq!(name("10.0.0.1"), None);
    }

    #[test]
    fn addresses_need_no_resolver() {
        assert_eq!(
            resolve("127.0.0.1", None).unwrap().ip(),
            IpAddr::from([127, 0, 0, 1])
        );
        assert!(resolve("::1", Some(Family::V6)).unwrap().is_ipv6());
        let failure = resolve("::1", Some(Family::V4)).unwrap_err();
        assert_eq!(
            failure.text(),
            "ping: ::1: Address family for hostname not supported"
        );
        assert_eq!(
            resolve("", None).unwrap_err().text(),
            "ping: : Name or service not known"
        );
    }
}
