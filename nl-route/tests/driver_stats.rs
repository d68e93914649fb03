//! Driver statistics on the real kernel.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nl_route::link::{NewLink, driver_stats};
use nl_route::{Connection, Error, Route, RouteExt};

#[test]
fn a_veth_names_its_peer() {
    nl_netns::isolate!(|| {
        let mut rt = Connection::<Route>::open().unwrap();
        rt.call(&NewLink::veth("v0", "v1")).unwrap();
        let peer = u64::try_from(rt.ifindex("v1").unwrap()).unwrap();
        let stats = driver_stats(&rt, "v0").unwrap();
        assert_eq!(
            (stats[0].name.as_str(), stats[0].value),
            ("peer_ifindex", peer)
        );
        assert!(stats.len() > 1);
        assert!(
            stats
                .iter()
                .all(|stat| !stat.name.is_empty() && stat.name.len() <= 32)
        );
    });
}

#[test]
fn a_driver_without_statistics_has_none() {
    nl_netns::isolate!(|| {
        let rt = Connection::<Route>::open().unwrap();
        assert_eq!(driver_stats(&rt, "lo").unwrap(), []);
    });
}

#[test]
fn an_unknown_device_is_an_error() {
    nl_netns::isolate!(|| {
        let rt = Connection::<Route>::open().unwrap();
        for name in ["v0", "", "a-name-of-more-than-15-bytes", "v\0"] {
            let Err(Error::Io { source, .. }) = driver_stats(&rt, name) else {
                panic!("{name:?} was found")
            };
            let long = name.len() > 15 || name.contains('\0');
            assert_eq!(
                source.raw_os_error(),
                (!long).then_some(libc::ENODEV),
                "{name:?}"
            );
        }
    });
}
