//! Namespace ids on the real kernel.

use std::os::fd::{AsFd, AsRawFd};

use nl_core::{Connection, Errno};
use nl_netns::Namespace;
use nl_route::Route;
use nl_route::nsid::{GetNsid, GetNsids, NetnsRef, NewNsid};

#[test]
fn an_id_is_given_listed_and_asked_for() {
    nl_netns::isolate!(|| {
        let (red, blue) = (Namespace::new().unwrap(), Namespace::new().unwrap());
        let fd = red.as_fd().as_raw_fd();
        let mut rt = Connection::<Route>::open().unwrap();
        assert_eq!(rt.get(&GetNsid::of_fd(fd)).unwrap().view().nsid(), Some(-1));
        let netns = NetnsRef::Fd(fd);
        rt.call(&NewNsid { netns, nsid: 7 }).unwrap();
        assert_eq!(rt.get(&GetNsid::of_fd(fd)).unwrap().view().nsid(), Some(7));
        let taken = NewNsid {
            netns: NetnsRef::Fd(blue.as_fd().as_raw_fd()),
            nsid: 7,
        };
        assert_eq!(rt.call(&taken).unwrap_err().errno(), Some(Errno(17)));
        rt.call(&NewNsid { nsid: -1, ..taken }).unwrap();
        let mut ids: Vec<_> = rt
            .collect(&GetNsids::default())
            .unwrap()
            .iter()
            .filter_map(|id| id.view().nsid())
            .collect();
        ids.sort_unstable();
        assert_eq!(ids, [0, 7]);
        // Red knows nobody; seen from there, blue (0 here) has no id.
        let there = GetNsid {
            netns: NetnsRef::Nsid(0),
            target: Some(7),
        };
        let there = rt.get(&there).unwrap();
        assert_eq!(there.view().nsid(), Some(-1));
        assert_eq!(there.view().current_nsid(), Some(0));
    });
}
