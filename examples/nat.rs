//! The network of `examples/nat.sh` with the libraries alone: a namespace with a private address, a router that
//! masquerades, and an "internet" that has no route back.
//!
//! `cargo run --example nat` needs no privilege: the program starts itself once more in a sandbox.

use std::error::Error;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::time::Duration;
use std::{env, fs, io, process, thread};

use nl_core::Connection;
use nl_netfilter::build::ip;
use nl_netfilter::expr::{CtState, Expr};
use nl_netfilter::{
    Family, GetRules, Hook, Netfilter, NetfilterExt, NewChain, NewRule, NewTable, Policy,
    Transaction, priority,
};
use nl_netns::{Namespace, Sandbox};
use nl_route::addr::NewAddr;
use nl_route::link::NewLink;
use nl_route::route::NewRoute;
use nl_route::{Prefix, Route, RouteExt};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const INSIDE: &str = "inside-the-sandbox";

fn main() -> Result {
    if env::args().nth(1).as_deref() == Some(INSIDE) {
        return walk_through();
    }
    let mut command = Sandbox::new()?.command(env::current_exe()?)?;
    let status = command.arg(INSIDE).status()?;
    process::exit(status.code().unwrap_or(1))
}

pub(crate) fn walk_through() -> Result {
    // The router is the sandbox itself; the others are namespaces without a name, gone with their handles.
    let mut router = Host::of(Namespace::current()?)?;
    let mut private = Host::of(Namespace::new()?)?;
    let mut internet = Host::of(Namespace::new()?)?;

    router.join("veth-a", &private, "veth-b")?;
    router.join("uplink", &internet, "eth0")?;
    router.address("veth-a", "10.0.0.1/24")?;
    private.address("veth-b", "10.0.0.2/24")?;
    router.address("uplink", "203.0.113.2/24")?;
    internet.address("eth0", "203.0.113.1/24")?;
    internet.address("lo", "8.8.8.8/32")?;
    private.default_route("10.0.0.1")?;
    router.default_route("203.0.113.1")?;
    router.forward()?;

    let service = internet.tell_callers_their_address("8.8.8.8:7")?;
    expect("the router asks", (&router, service), Some("203.0.113.2"))?;
    expect(
        "10.0.0.2 asks, and there is no route back",
        (&private, service),
        None,
    )?;

    // The rules go into tables of their own, which no other tool touches. A transaction is done as a whole.
    let mut netfilter = Connection::<Netfilter>::open_in(router.namespace.as_fd())?;
    let inside = ([10, 0, 0, 0], 24);
    netfilter.commit(
        &Transaction::new()
            .add(NewTable::new(Family::IP, "example-nat"))
            .add(
                NewChain::new(Family::IP, "example-nat", "postrouting")
                    .nat(Hook::POSTROUTING, priority::SRCNAT),
            )
            .add(
                NewRule::new(Family::IP, "example-nat", "postrouting")
                    .matching(ip::saddr(inside))
                    .oifname("uplink")
                    .counter()
                    .masquerade(),
            ),
    )?;
    expect(
        "the same, masqueraded",
        (&private, service),
        Some("203.0.113.2"),
    )?;

    let forward = || NewRule::new(Family::IP, "example-filter", "forward");
    netfilter.commit(
        &Transaction::new()
            .add(NewTable::new(Family::IP, "example-filter"))
            .add(
                NewChain::new(Family::IP, "example-filter", "forward")
                    .filter(Hook::FORWARD, priority::FILTER)
                    .policy(Policy::DROP),
            ),
    )?;
    expect("the router forwards nothing", (&private, service), None)?;

    let way_out = forward().matching(ip::saddr(inside)).counter().accept();
    netfilter.commit(&Transaction::new().add(way_out))?;
    expect("it forwards what goes out", (&private, service), None)?;

    let answers = forward()
        .matching(ip::daddr(inside))
        .ct_state(CtState::ESTABLISHED | CtState::RELATED)
        .counter()
        .accept();
    netfilter.commit(&Transaction::new().add(answers))?;
    expect("and the answers", (&private, service), Some("203.0.113.2"))?;

    println!("What each rule has counted:");
    let mut counts = Vec::new();
    netfilter.dump(&GetRules::all(Family::IP), |rule| {
        let exprs: Vec<Expr> = rule.exprs().iter().flat_map(|exprs| exprs.iter()).collect();
        let names: Vec<&str> = exprs.iter().map(Expr::name).collect();
        let packets = exprs.iter().find_map(|expr| match expr {
            Expr::Counter(counter) => counter.packets,
            _ => None,
        });
        println!("  {} packets: {}", packets.unwrap_or(0), names.join(", "));
        counts.extend(packets);
    })?;
    // Three connections were masqueraded; two had passed the filter on their way out, one on its way back.
    if counts != [3, 2, 1] {
        return Err(format!("the rules have counted {counts:?}").into());
    }
    Ok(())
}

/// Prints what came of a question, and fails if it is not the answer that there should be.
fn expect(what: &str, (host, service): (&Host, SocketAddr), wanted: Option<&str>) -> Result {
    // An answer may take its time on a busy machine; silence is short, or this would take long.
    let patience = match wanted {
        Some(_) => Duration::from_secs(20),
        None => Duration::from_millis(500),
    };
    let seen = match host.ask(service, patience) {
        Ok(address) => Some(address.ip().to_string()),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
        Err(error) => return Err(error.into()),
    };
    match &seen {
        Some(address) => println!("{what}: 8.8.8.8 sees {address}"),
        None => println!("{what}: no answer"),
    }
    if seen.as_deref() == wanted {
        Ok(())
    } else {
        Err(format!("{what}: {seen:?}, where {wanted:?} is right").into())
    }
}

/// A network namespace, and a connection to its routing.
struct Host {
    namespace: Namespace,
    route: Connection<Route>,
}

impl Host {
    fn of(namespace: Namespace) -> Result<Self> {
        let route = Connection::open_in(namespace.as_fd())?;
        Ok(Self { namespace, route })
    }

    /// A veth pair between two hosts, each end made where it belongs.
    fn join(&mut self, device: &str, other: &Self, device_there: &str) -> Result {
        let pair = NewLink::veth(device, device_there).peer_netns(&other.namespace);
        Ok(self.route.call(&pair)?)
    }

    /// An address for a device, which is set up.
    fn address(&mut self, device: &str, address: &str) -> Result {
        let ifindex = self.route.ifindex(device)?;
        let address: Prefix = address.parse()?;
        self.route.call(&NewAddr::new(ifindex, address))?;
        Ok(self.route.set_up(device)?)
    }

    fn default_route(&mut self, gateway: &str) -> Result {
        let gateway: IpAddr = gateway.parse()?;
        Ok(self
            .route
            .call(&NewRoute::new(Prefix::ALL_V4).via(gateway))?)
    }

    fn forward(&self) -> Result {
        let write = || fs::write("/proc/sys/net/ipv4/ip_forward", "1");
        Ok(self.namespace.run(write)??)
    }

    /// Answers every datagram with the address that it seems to come from, for as long as the program runs.
    fn tell_callers_their_address(&self, at: &str) -> Result<SocketAddr> {
        let socket = self.namespace.run(|| UdpSocket::bind(at))??;
        let address = socket.local_addr()?;
        thread::spawn(move || {
            while let Ok((_, caller)) = socket.recv_from(&mut [0; 16]) {
                // A caller that cannot be reached is what this is about.
                let _ = socket.send_to(caller.to_string().as_bytes(), caller);
            }
        });
        Ok(address)
    }

    /// The address that this host seems to have for a service, if it answers so soon.
    fn ask(&self, service: SocketAddr, patience: Duration) -> io::Result<SocketAddr> {
        let socket = self
            .namespace
            .run(|| UdpSocket::bind("0.0.0.0:0"))
            .map_err(io::Error::from)??;
        socket.set_read_timeout(Some(patience))?;
        socket.connect(service)?;
        socket.send(b"who am I?")?;
        let mut answer = [0; 64];
        let length = socket.recv(&mut answer)?;
        let text = String::from_utf8_lossy(answer.get(..length).unwrap_or_default());
        text.parse().map_err(io::Error::other)
    }
}
