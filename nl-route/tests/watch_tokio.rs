//! [`AsyncWatch`] against the running kernel.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use nl_route::link::NewLink;
use nl_route::watch::{AsyncWatch, Event, Object, Objects};
use nl_route::{Connection, Route, RouteExt};

async fn links(watch: &mut AsyncWatch) -> Vec<String> {
    let mut seen = Vec::new();
    loop {
        let (sign, object) = match watch.next().await.unwrap() {
            Event::Added { object, .. } => ('+', object),
            Event::Removed { object, .. } => ('-', object),
            Event::Synced => return seen,
            _ => continue,
        };
        if let Object::Link(link) = object {
            seen.push(format!("{sign}{}", link.view().name().unwrap()));
        }
    }
}

#[test]
fn links_come_and_go() {
    nl_netns::isolate!(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut rt = Connection::<Route>::open().unwrap();
            let mut watch = AsyncWatch::open(Objects::LINKS).unwrap();
            assert_eq!(links(&mut watch).await, ["+lo"]);
            // Waiting that is given up loses nothing.
            let waited = tokio::time::timeout(Duration::from_millis(20), watch.next());
            assert!(waited.await.is_err());
            rt.call(&NewLink::bridge("br0")).unwrap();
            rt.delete_link("br0").unwrap();
            for wanted in ["Added", "Removed"] {
                let event = loop {
                    let event = format!("{:?}", watch.next().await.unwrap());
                    if !event.starts_with("Changed") {
                        break event;
                    }
                };
                assert!(
                    event.starts_with(wanted) && event.contains("br0"),
                    "{event}"
                );
            }
            assert_eq!(watch.objects().count(), 1);
        });
    });
}
