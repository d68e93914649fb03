//! [`AsyncWatch`] against the running kernel.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "watch/replica.rs"]
mod replica;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use nl_core::Connection;
use nl_netfilter::table::TableFlags;
use nl_netfilter::watch::{AsyncWatch, Event, Objects};
use nl_netfilter::{
    DataType, DelTable, Element, Family, Hook, Netfilter, NetfilterExt, NewChain, NewRule, NewSet,
    NewTable, Place, SetElements, Transaction,
};

use self::replica::{Replica, generation};

const F: Family = Family::INET;

/// Reads up to the end of this generation.
async fn read(watch: &mut AsyncWatch, replica: &mut Replica, up_to: u32) -> usize {
    let mut events = 0;
    loop {
        let event = watch.next().await.unwrap();
        replica.apply(&event);
        events += 1;
        match event {
            Event::Synced { generation } | Event::Committed { generation, .. }
                if generation >= up_to =>
            {
                return events;
            }
            _ => {}
        }
    }
}

#[test]
fn it_follows_as_the_other_does() {
    nl_netns::isolate!(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut nf = Connection::<Netfilter>::open().unwrap();
            let set = NewSet::new(F, "t", "s", DataType::INET_SERVICE).timeout(3_600_000);
            let make = Transaction::new()
                .add(NewTable::new(F, "t"))
                .add(NewChain::new(F, "t", "c").filter(Hook::INPUT, 0))
                .add(set);
            nf.commit(&make).unwrap();
            let mut watch = AsyncWatch::open(Objects::all()).unwrap();
            let mut replica = Replica::default();
            assert_eq!(read(&mut watch, &mut replica, 0).await, 4);
            replica.check(&mut nf, &"listing");
            // Waiting that is given up loses nothing, wherever it is.
            watch.read_again();
            for n in 0..200u16 {
                let rule = NewRule::new(F, "t", "c").accept().at(Place::Start);
                let element = Element::new(n.to_be_bytes());
                let change =
                    Transaction::new()
                        .add(rule)
                        .add(SetElements::add(F, "t", "s", [element]));
                nf.commit(&change).unwrap();
                let patience = Duration::from_micros(u64::from(n) * 10);
                while let Ok(event) = tokio::time::timeout(patience, watch.next()).await {
                    replica.apply(&event.unwrap());
                }
            }
            let now = generation(&mut nf);
            nf.commit(&Transaction::new().add(NewTable::new(F, "u")))
                .unwrap();
            read(&mut watch, &mut replica, now + 1).await;
            replica.check(&mut nf, &"200 commits");
            assert_eq!(replica.len(), Replica::from_objects(watch.objects()).len());
            // Elements end.
            let element = Element::new([9, 9]).timeout(100);
            let change = Transaction::new().add(SetElements::add(F, "t", "s", [element]));
            nf.commit(&change).unwrap();
            read(&mut watch, &mut replica, now + 2).await;
            let event = watch.next().await.unwrap();
            assert!(matches!(event, Event::Removed { port: 0, .. }), "{event:?}");
            replica.apply(&event);
            replica.check(&mut nf, &"it has ended");
            let delete = Transaction::new().add(DelTable::new(F, "t"));
            nf.commit(&delete).unwrap();
            read(&mut watch, &mut replica, now + 3).await;
            replica.check(&mut nf, &"the table is gone");
            assert_eq!(replica.len(), 1);
        });
    });
}

/// Reading is left at every point where it waits; then a table goes with its owner, which is not told.
#[test]
fn what_is_read_again_is_as_of_then() {
    nl_netns::isolate!(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut nf = Connection::<Netfilter>::open().unwrap();
            let mut make = Transaction::new().add(NewTable::new(F, "t"));
            for n in 0..400 {
                let name = format!("s{n}");
                make.push(NewSet::new(F, "t", &name, DataType::INET_SERVICE));
            }
            nf.commit(&make).unwrap();
            let mut waits = 0;
            let mut is_listed = false;
            while !is_listed {
                let mut owner = Connection::<Netfilter>::open().unwrap();
                let owned = NewTable::new(F, "owned").flags(TableFlags::OWNER);
                owner.commit(&Transaction::new().add(owned)).unwrap();
                let mut watch = AsyncWatch::open(Objects::all()).unwrap();
                let mut replica = Replica::default();
                for _ in 0..waits {
                    if let Some(event) = polled(&mut watch).await {
                        replica.apply(&event);
                        is_listed = true;
                        break;
                    }
                    tokio::task::yield_now().await;
                }
                drop(owner);
                watch.read_again();
                // What was listed before is handed out still, but the mark is of the new list.
                loop {
                    let event = watch.next().await.unwrap();
                    replica.apply(&event);
                    if matches!(event, Event::Synced { .. }) {
                        break;
                    }
                }
                replica.check(&mut nf, &waits);
                waits += 1;
            }
            assert!(waits > 3, "it waits while it lists");
        });
    });
}

/// The next event, if nothing has to be waited for.
async fn polled(watch: &mut AsyncWatch) -> Option<Event> {
    let mut next = pin!(watch.next());
    poll_fn(|context| {
        Poll::Ready(match next.as_mut().poll(context) {
            Poll::Ready(event) => Some(event.unwrap()),
            Poll::Pending => None,
        })
    })
    .await
}
