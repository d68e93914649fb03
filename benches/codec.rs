//! Writing and reading one route and one link.
#![allow(
    missing_docs,
    reason = "criterion's macros make undocumented functions"
)]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run must stop")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nl_core::{Request, Writer};
use nl_route::link::{LinkView, NewLink};
use nl_route::route::{NewRoute, RouteTable, RouteView};

fn route() -> NewRoute {
    NewRoute::new("10.1.2.0/24".parse().unwrap())
        .via([10, 0, 0, 254].into())
        .dev(7)
        .table(RouteTable(100))
        .metric(5)
}

/// The payload of a message.
fn payload(request: &impl Request) -> Vec<u8> {
    let mut out = Writer::new();
    request.write(&mut out);
    out.bytes().to_vec()
}

fn write(c: &mut Criterion, name: &str, request: &impl Request) {
    let mut out = Writer::new();
    let mut group = c.benchmark_group("encode");
    group.throughput(Throughput::Elements(1));
    group.bench_function(name, |b| {
        b.iter(|| {
            out.clear();
            let request = black_box(request);
            out.message(request.message_type(), 1, 1, |out| request.write(out))
                .unwrap();
            black_box(out.bytes());
        });
    });
    group.finish();
}

fn codec(c: &mut Criterion) {
    write(c, "route", &route());
    write(c, "veth", &NewLink::veth("v0", "v1").mtu(1400).up());

    let mut group = c.benchmark_group("decode");
    group.throughput(Throughput::Elements(1));
    let bytes = payload(&route());
    group.bench_function("route", |b| {
        b.iter(|| {
            let view = RouteView::parse(black_box(&bytes)).unwrap();
            black_box((view.dst(), view.gateway(), view.oif(), view.table()));
        });
    });
    // A veth as the kernel lists it, with statistics, settings of both address families and its driver.
    let bytes = include_bytes!("veth.bin");
    group.bench_function("link", |b| {
        b.iter(|| {
            let view = LinkView::parse(black_box(bytes)).unwrap();
            black_box((view.name(), view.mtu(), view.ifindex(), view.link_netnsid()));
        });
    });
    group.finish();
}

criterion_group!(benches, codec);
criterion_main!(benches);
