//! No function moves the caller's thread to another namespace, whatever happens in it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::os::fd::AsRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::{fs, io};

use nix::errno::Errno;
use nix::sys::socket::{UnixAddr, bind};
use nl_netns::{Namespace, Sandbox, Unshare, isolate, named, proc};

/// What the calling thread is in: all types.
fn here() -> Vec<String> {
    let mut links: Vec<_> = proc::Kind::ALL
        .into_iter()
        .filter_map(|kind| fs::read_link(format!("/proc/thread-self/ns/{}", kind.name())).ok())
        .map(|link| link.display().to_string())
        .collect();
    links.push(std::env::current_dir().unwrap().display().to_string());
    links
}

#[test]
fn the_caller_never_moves() {
    isolate!(|| {
        let before = here();
        assert_eq!(before.len(), 9, "{before:?}");
        let red = named::create("red").unwrap();
        let scratch = Namespace::new().unwrap();
        let calls: [(&str, &dyn Fn()); 12] = [
            ("run", &|| {
                assert_eq!(red.run(|| Namespace::current().unwrap()).unwrap(), red)
            }),
            ("panic in run", &|| red.run(|| panic!("inside")).unwrap()),
            ("panic in open_in", &|| {
                drop(red.open_in(|| -> io::Result<()> { panic!("inside") }))
            }),
            ("error in open_in", &|| {
                drop(
                    red.open_in(|| Err::<(), _>(io::Error::other("no")))
                        .unwrap_err(),
                )
            }),
            ("socket", &|| {
                drop(red.socket(libc::AF_INET, libc::SOCK_DGRAM, 0).unwrap())
            }),
            ("impossible socket", &|| {
                drop(red.socket(-1, -1, -1).unwrap_err())
            }),
            ("command", &|| {
                assert!(red.command("true").unwrap().status().unwrap().success())
            }),
            ("missing program", &|| {
                drop(red.command("/none").unwrap().status().unwrap_err())
            }),
            ("name that exists", &|| {
                drop(named::create("red").unwrap_err())
            }),
            ("attach", &|| {
                drop(named::attach("blue", 1 << 22).unwrap_err())
            }),
            ("unshare", &|| {
                assert!(
                    Unshare::new()
                        .map_root()
                        .net()
                        .command("true")
                        .unwrap()
                        .status()
                        .unwrap()
                        .success()
                )
            }),
            ("sandbox", &|| {
                drop(
                    Sandbox::builder()
                        .pid(true)
                        .start()
                        .unwrap()
                        .command("true")
                        .unwrap()
                        .status(),
                )
            }),
        ];
        for (name, call) in calls {
            let panicked = catch_unwind(AssertUnwindSafe(call)).is_err();
            assert_eq!(panicked, name.starts_with("panic"), "{name}");
            assert_eq!(here(), before, "{name}");
        }
        // The threads that were moved have ended: no task of this process is elsewhere.
        for task in fs::read_dir("/proc/self/task").unwrap().flatten() {
            let network = fs::read_link(task.path().join("ns/net")).unwrap();
            assert!(before.contains(&network.display().to_string()));
        }
        assert_ne!(scratch, red);
    });
}

#[test]
fn closures_borrow_and_return() {
    isolate!(|| {
        let red = Namespace::new().unwrap();
        let mut names = Vec::new();
        let count = red
            .run(|| {
                let table = fs::read_to_string("/proc/thread-self/net/dev").unwrap();
                names.extend(
                    table
                        .lines()
                        .skip(2)
                        .filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned())),
                );
                names.len()
            })
            .unwrap();
        assert_eq!((count, names), (1, vec!["lo".to_owned()]));
    });
}

#[test]
fn a_panic_keeps_its_words() {
    isolate!(|| {
        let red = Namespace::new().unwrap();
        let payload = catch_unwind(AssertUnwindSafe(|| {
            red.run(|| panic!("number {}", std::process::id()))
        }))
        .unwrap_err();
        assert_eq!(
            payload.downcast_ref::<String>().unwrap(),
            &format!("number {}", std::process::id())
        );
    });
}

#[test]
fn a_socket_stays_where_it_was_opened() {
    isolate!(|| {
        let here = Namespace::current().unwrap();
        let red = Namespace::new().unwrap();
        // Abstract addresses belong to a network; all of this is done by a thread that is outside.
        let taken = |namespace: &Namespace| {
            let socket = namespace
                .socket(libc::AF_UNIX, libc::SOCK_STREAM, 0)
                .unwrap();
            let address = UnixAddr::new_abstract(b"address").unwrap();
            bind(socket.as_raw_fd(), &address).map(|()| socket)
        };
        let inside = taken(&red).unwrap();
        let outside = taken(&here).unwrap();
        assert_eq!(taken(&red).unwrap_err(), Errno::EADDRINUSE);
        assert_eq!(taken(&here).unwrap_err(), Errno::EADDRINUSE);
        drop(inside);
        let again = taken(&red).unwrap();
        assert_eq!(taken(&here).unwrap_err(), Errno::EADDRINUSE);
        drop((outside, again));
    });
}
