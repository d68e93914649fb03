//! 100,000 IPv4 routes added, listed and deleted, in a network namespace that is thrown away.
#![allow(
    missing_docs,
    reason = "criterion's macros make undocumented functions"
)]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run must stop")]

use std::net::Ipv4Addr;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nl_netns::Namespace;
use nl_route::addr::NewAddr;
use nl_route::link::NewLink;
use nl_route::route::{DelRoute, GetRoutes, NewRoute, RouteTable};
use nl_route::{Connection, Prefix, Route, RouteExt};

const COUNT: u32 = 100_000;

/// A namespace with a link to route by.
fn network() -> (Namespace, Connection<Route>, i32) {
    let netns = Namespace::new().unwrap_or_else(|error| {
        eprintln!("{error}\nrun it as root, or inside `nlctl sandbox`");
        std::process::exit(1);
    });
    let mut rt = Connection::<Route>::open_in(netns.as_fd()).unwrap();
    rt.call(&NewLink::veth("v0", "v1").up()).unwrap();
    rt.set_up("v1").unwrap();
    let ifindex = rt.ifindex("v0").unwrap();
    rt.call(&NewAddr::new(
        ifindex,
        "10.255.0.1/24".parse::<Prefix>().unwrap(),
    ))
    .unwrap();
    (netns, rt, ifindex)
}

fn routes(ifindex: i32) -> Vec<NewRoute> {
    let first = u32::from(Ipv4Addr::new(20, 0, 0, 0));
    (0..COUNT)
        .map(|i| {
            NewRoute::new(Prefix::new(Ipv4Addr::from(first + (i << 8)).into(), 24))
                .via([10, 255, 0, 2].into())
                .dev(ifindex)
                .table(RouteTable(100))
        })
        .collect()
}

fn timed(total: &mut Duration, work: impl FnOnce()) {
    let start = Instant::now();
    work();
    *total += start.elapsed();
}

fn bulk(c: &mut Criterion) {
    let (_netns, mut rt, ifindex) = network();
    let new = routes(ifindex);
    let del: Vec<_> = new.iter().cloned().map(DelRoute::from).collect();
    let mut group = c.benchmark_group("100,000 routes");
    group
        .throughput(Throughput::Elements(COUNT.into()))
        .sample_size(10);

    group.bench_function("add", |b| {
        b.iter_custom(|rounds| {
            let mut total = Duration::ZERO;
            for _ in 0..rounds {
                timed(&mut total, || assert!(rt.batch(&new).unwrap().is_success()));
                assert!(rt.batch(&del).unwrap().is_success());
            }
            total
        });
    });
    group.bench_function("delete", |b| {
        b.iter_custom(|rounds| {
            let mut total = Duration::ZERO;
            for _ in 0..rounds {
                assert!(rt.batch(&new).unwrap().is_success());
                timed(&mut total, || assert!(rt.batch(&del).unwrap().is_success()));
            }
            total
        });
    });
    assert!(rt.batch(&new).unwrap().is_success());
    group.bench_function("dump", |b| {
        b.iter(|| {
            let mut count = 0;
            rt.dump(&GetRoutes::ipv4().table(RouteTable(100)), |route| {
                count += u32::from(route.dst().is_some());
            })
            .unwrap();
            assert_eq!(count, COUNT);
        });
    });
    group.finish();
}

criterion_group!(benches, bulk);
criterion_main!(benches);
