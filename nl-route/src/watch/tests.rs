//! What happens while the state is read, at the very moment where it matters: the kernel is the real one, and the
//! test takes the place of the driver.

use std::collections::BTreeMap;
use std::time::Duration;

use nl_core::{Connection, Header, Message, Notification};

use super::kind::{Kind, Objects};
use super::state::{State, Step};
use super::{Event, Tally, Watch};
use crate::link::NewLink;
use crate::protocol::{self as rtm, Route};
use crate::route::{DelRoute, GetRoutes, NewRoute, RTA_DST, RTA_OIF};
use crate::{Mode, Prefix, RouteExt};

/// When something is done, other than a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    /// Between the last look at the queue and the list.
    Before(Kind),
    /// Between the list and the next look at the queue.
    Behind(Kind),
}
use When::{Before, Behind};

/// A watch, and what its reader knows.
struct Reader {
    watch: Watch,
    told: Tally,
    /// How much it was told.
    events: usize,
}

impl Reader {
    fn new(objects: Objects) -> Self {
        Self {
            watch: Watch::open(objects).unwrap(),
            told: Tally::default(),
            events: 0,
        }
    }

    /// Reads until nothing is told any more; `meanwhile` may do something next to each list.
    fn read(&mut self, mut meanwhile: impl FnMut(When)) {
        loop {
            match self.watch.state.step().unwrap() {
                Step::Deliver(event) => {
                    self.events += 1;
                    self.told.take(&event);
                }
                Step::Wait if self.watch.take(Some(Duration::ZERO)).unwrap() => {}
                Step::Wait => break,
                step @ Step::List(kind) => {
                    meanwhile(Before(kind));
                    self.watch.act(step).unwrap();
                    meanwhile(Behind(kind));
                }
                step => self.watch.act(step).unwrap(),
            }
        }
        self.told.check(&self.watch.state);
    }

    /// What is queued is lost.
    fn lose(&mut self) {
        let zero = Duration::ZERO;
        while self.watch.events.next_within(zero).unwrap().is_some() {}
        self.watch.state.lost();
    }

    /// The reader has the routes that the kernel has.
    #[track_caller]
    fn agrees(&self, rt: &mut Connection<Route>) {
        for (kind, list) in [
            (Kind::Ipv4Route, GetRoutes::ipv4()),
            (Kind::Ipv6Route, GetRoutes::ipv6()),
        ] {
            if !self.watch.state.watches(kind) {
                continue;
            }
            let mut kernel = BTreeMap::new();
            let routes = rt.collect(&list).unwrap();
            for route in &routes {
                let name = Tally::name(kind, route.payload());
                *kernel.entry(name).or_insert(0) += 1;
            }
            let mut known = self.told.0.clone();
            known.retain(|(of, ..), _| *of == kind);
            let objects: Vec<_> = self.watch.objects().collect();
            assert!(
                known == kernel,
                "known: {objects:#?}\nthe kernel's: {routes:#?}"
            );
        }
    }
}

/// Bridges without ports: they do nothing by themselves.
fn bridges(rt: &mut Connection<Route>, names: &[&str]) -> Vec<i32> {
    std::fs::write("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1").unwrap();
    let mut made = Vec::new();
    for &name in names {
        rt.call(&NewLink::bridge(name)).unwrap();
        rt.set_up(name).unwrap();
        made.push(rt.ifindex(name).unwrap());
    }
    made
}

fn to(dst: &str, ifindex: i32) -> NewRoute {
    let dst: Prefix = dst.parse().unwrap();
    NewRoute::new(dst).dev(ifindex)
}

/// What is asked for besides routes, so that nothing that a link does is news but what the test does.
const ALL: Objects = Objects::LINKS
    .union(Objects::NEXTHOPS)
    .union(Objects::ROUTES);

#[test]
fn a_link_that_goes_down_behind_the_list_takes_its_routes_along() {
    nl_netns::isolate!(|| {
        let mut rt = Connection::<Route>::open().unwrap();
        let links = bridges(&mut rt, &["a0", "b0"]);
        rt.call(&to("10.1.0.0/16", links[0])).unwrap();
        rt.call(&to("10.2.0.0/16", links[1])).unwrap();
        let mut reader = Reader::new(ALL);
        reader.read(|_| {});
        reader.agrees(&mut rt);
        rt.set_down("a0").unwrap();
        let mut lists = 0;
        reader.read(|when| {
            if when == Behind(Kind::Ipv4Route) {
                lists += 1;
                if lists == 1 {
                    rt.set_down("b0").unwrap();
                }
            }
        });
        reader.agrees(&mut rt);
        assert!(lists <= 3, "{lists}");
    });
}

/// IPv6 routes are listed again as long as something is told of them, but not for ever.
#[test]
fn what_only_a_list_tells_is_not_forgotten_at_the_last_attempt() {
    nl_netns::isolate!(|| {
        let mut rt = Connection::<Route>::open().unwrap();
        let links = bridges(&mut rt, &["a0", "b0"]);
        rt.call(&to("fd01::/64", links[0])).unwrap();
        let way =
            |host: u32| to("fd02::/64", links[0]).via(format!("fd01::{host}").parse().unwrap());
        rt.call(&way(1)).unwrap();
        let mut reader = Reader::new(ALL);
        let mut lists = 0;
        reader.read(|when| {
            if when == Behind(Kind::Ipv6Route) {
                lists += 1;
                if lists < 8 {
                    rt.call(&to(&format!("fd0{lists}:1::/64"), links[0]))
                        .unwrap();
                } else if lists == 8 {
                    rt.call(&way(2).mode(Mode::Append)).unwrap();
                }
            }
        });
        assert!((9..20).contains(&lists), "{lists}");
        reader.agrees(&mut rt);
    });
}

#[test]
fn what_was_replaced_before_it_was_listed_is_gone() {
    nl_netns::isolate!(|| {
        let mut rt = Connection::<Route>::open().unwrap();
        let links = bridges(&mut rt, &["a0", "b0", "c0", "d0"]);
        let replace = |rt: &mut Connection<Route>, dst: &str, link: usize| {
            let route = to(dst, links[link]).mode(Mode::Replace);
            rt.call(&route).unwrap();
        };
        for dst in ["10.1.0.0/16", "fd01::/64"] {
            let mut reader = Reader::new(ALL);
            // The first list: new, and another.
            let mut is_done = false;
            reader.read(|when| {
                if matches!(when, Before(Kind::Ipv4Route | Kind::Ipv6Route)) && !is_done {
                    is_done = true;
                    replace(&mut rt, dst, 0);
                    replace(&mut rt, dst, 1);
                }
            });
            reader.agrees(&mut rt);
            // Listed again: another, and another again; and back.
            for links in [[2, 0], [1, 0]] {
                rt.set_down("d0").unwrap();
                let mut is_done = false;
                reader.read(|when| {
                    if matches!(when, Before(Kind::Ipv4Route | Kind::Ipv6Route)) && !is_done {
                        is_done = true;
                        replace(&mut rt, dst, links[0]);
                        replace(&mut rt, dst, links[1]);
                    }
                });
                assert!(is_done);
                reader.agrees(&mut rt);
                rt.set_up("d0").unwrap();
                reader.read(|_| {});
            }
        }
    });
}

#[test]
fn the_first_of_two_is_replaced_whatever_their_order_was() {
    nl_netns::isolate!(|| {
        let mut rt = Connection::<Route>::open().unwrap();
        let links = bridges(&mut rt, &["a0", "b0", "c0"]);
        let append = |link: usize| to("10.1.0.0/16", links[link]).mode(Mode::Append);
        rt.call(&append(0)).unwrap();
        rt.call(&append(1)).unwrap();
        let mut reader = Reader::new(ALL);
        reader.read(|_| {});
        rt.call(&DelRoute::from(append(0))).unwrap();
        rt.call(&append(0)).unwrap();
        reader.lose();
        reader.read(|_| {});
        reader.agrees(&mut rt);
        let before = reader.events;
        rt.call(&append(2).mode(Mode::Replace)).unwrap();
        reader.read(|_| {});
        reader.agrees(&mut rt);
        // It was right at once, and the list found nothing to add.
        assert_eq!(reader.events, before + 1);
    });
}

#[test]
fn what_links_were_before_events_were_lost_is_forgotten() {
    nl_netns::isolate!(|| {
        let mut rt = Connection::<Route>::open().unwrap();
        let links = bridges(&mut rt, &["a0"]);
        for objects in [Objects::ROUTES, ALL] {
            let mut reader = Reader::new(objects);
            reader.read(|_| {});
            rt.set_down("a0").unwrap();
            reader.read(|_| {});
            rt.set_up("a0").unwrap();
            rt.call(&to("10.1.0.0/16", links[0])).unwrap();
            reader.lose();
            reader.read(|_| {});
            reader.agrees(&mut rt);
            rt.set_down("a0").unwrap();
            reader.read(|_| {});
            reader.agrees(&mut rt);
            rt.set_up("a0").unwrap();
        }
    });
}

#[test]
fn what_is_older_than_a_list_is_told_before_all_is_said_to_be_known() {
    nl_netns::isolate!(|| {
        let mut rt = Connection::<Route>::open().unwrap();
        let links = bridges(&mut rt, &["a0", "b0"]);
        let mut reader = Reader::new(Objects::IPV4_ROUTES);
        loop {
            match reader.watch.state.step().unwrap() {
                Step::Deliver(Event::Synced) => break,
                step @ Step::List(_) => {
                    // More than are taken at once.
                    for n in 0..200 {
                        let route = to(&format!("10.{n}.0.0/16"), links[0]);
                        rt.call(&route).unwrap();
                    }
                    reader.watch.act(step).unwrap();
                }
                step => reader.watch.act(step).unwrap(),
            }
        }
        let zero = Duration::ZERO;
        let left = reader.watch.events.next_within(zero).unwrap();
        assert!(left.is_none(), "{left:?}");
    });
}

/// A route to `fd01::/64`, as it is listed.
fn a_route() -> Vec<u8> {
    let mut payload = vec![10, 64, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0];
    payload.extend(20u16.to_ne_bytes());
    payload.extend(RTA_DST.to_ne_bytes());
    payload.extend([0xfd, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    payload
}

/// Lists what `payloads` says until all is known; what is told of it.
fn list(state: &mut State, payloads: &[Vec<u8>]) -> Vec<Event> {
    let mut events = Vec::new();
    loop {
        match state.step().unwrap() {
            Step::Deliver(event) => {
                let is_last = event == Event::Synced;
                events.push(event);
                if is_last {
                    return events;
                }
            }
            Step::List(_) => {
                for payload in payloads {
                    state.listed(payload).unwrap();
                }
                state.list_done(false);
            }
            Step::Drain => state.drained(),
            Step::Settle => state.settled(),
            step @ Step::Wait => panic!("{step:?}"),
        }
    }
}

#[test]
fn a_route_that_a_list_has_twice_is_there_once() {
    let mut state = State::new(Objects::IPV6_ROUTES);
    let events = list(&mut state, &[a_route(), a_route()]);
    assert!(
        matches!(&events[..], [Event::Added { .. }, Event::Synced]),
        "{events:?}"
    );
}

#[test]
fn what_cannot_be_read_is_lost_and_listed() {
    // Shorter than their headers, and an attribute that is longer than the message.
    let mut cut = a_route();
    cut.truncate(20);
    for (message_type, payload) in [
        (rtm::RTM_NEWADDR, vec![2, 0]),
        (rtm::RTM_DELROUTE, cut),
        (rtm::RTM_NEWLINK, vec![0; 8]),
        (rtm::RTM_NEWNEIGH, vec![2, 0, 0]),
    ] {
        let mut state = State::new(Objects::all());
        list(&mut state, &[]);
        tell(&mut state, message_type, &payload);
        let Step::Deliver(Event::Overrun) = state.step().unwrap() else {
            panic!("{message_type}: nothing is lost");
        };
        assert_eq!(list(&mut state, &[]), [Event::Synced]);
    }
}

/// The kernel tells that an address is gone before it takes the routes along that go with it.
#[test]
fn a_list_because_of_an_event_waits_until_the_event_is_over() {
    let mut state = State::new(Objects::IPV4_ROUTES);
    list(&mut state, &[]);
    tell(&mut state, rtm::RTM_DELADDR, &[2, 24, 0, 0, 1, 0, 0, 0]);
    assert!(matches!(state.step(), Ok(Step::Drain)));
    state.drained();
    // Who gives up waiting waits again.
    for _ in 0..2 {
        assert!(matches!(state.step(), Ok(Step::Settle)));
    }
    state.settled();
    assert!(matches!(state.step(), Ok(Step::List(Kind::Ipv4Route))));
}

fn tell(state: &mut State, message_type: u16, payload: &[u8]) {
    let header = Header {
        message_type: message_type.into(),
        ..Default::default()
    };
    let message = Message {
        header: &header,
        payload,
    };
    state.notified(&Notification::Event {
        message,
        nsid: None,
    });
}

/// A list that is read while it changes may lack what is there. Of the last attempts, all count.
#[test]
fn a_route_that_one_of_several_lists_has_is_there() {
    let mut state = State::new(Objects::IPV6_ROUTES);
    list(&mut state, &[a_route()]);
    state.lost();
    let mut other = a_route();
    other.extend(8u16.to_ne_bytes());
    other.extend(RTA_OIF.to_ne_bytes());
    other.extend(2u32.to_ne_bytes());
    let mut lists = 0;
    loop {
        match state.step().unwrap() {
            Step::Deliver(Event::Synced) => break,
            Step::Deliver(event) => {
                assert!(!matches!(event, Event::Removed { .. }), "{event:?}");
            }
            Step::List(_) => {
                lists += 1;
                if lists == 1 {
                    state.listed(&a_route()).unwrap();
                }
                state.list_done(false);
                tell(&mut state, rtm::RTM_NEWROUTE, &other);
            }
            Step::Drain => state.drained(),
            Step::Settle => state.settled(),
            step @ Step::Wait => panic!("{step:?}"),
        }
    }
    assert_eq!(lists, 8);
    assert_eq!(state.iter(Kind::Ipv6Route).count(), 2);
}
