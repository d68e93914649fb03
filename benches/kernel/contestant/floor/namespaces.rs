//! Namespaces by `unshare`, a bind mount and prebuilt messages.

use std::fs::File;
use std::os::fd::AsRawFd;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

use super::links::{
    IFF_UP, RTM_NEWADDR, RTM_NEWLINK, Veth, address_message, up_message, veth_message,
};
use super::message::{NEW, Prebuilt, attr, link_header};
use super::socket::Socket;
use crate::sample::Part;
use crate::{Result, network};

/// Makes a named namespace; returns its file and a socket in it. Left to a thread, so that this one stays where it is.
fn create(name: &str) -> Result<(File, Socket)> {
    let make = || -> std::result::Result<(File, Socket), String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        unshare(CloneFlags::CLONE_NEWNET).map_err(|error| text(&error))?;
        let path = format!("/run/netns/{name}");
        File::create(&path).map_err(|error| text(&error))?;
        let here = "/proc/thread-self/ns/net";
        mount(
            Some(here),
            path.as_str(),
            None::<&str>,
            MsFlags::MS_BIND,
            None::<&str>,
        )
        .map_err(|error| text(&error))?;
        let file = File::open(&path).map_err(|error| text(&error))?;
        Ok((file, Socket::open().map_err(|error| text(&error))?))
    };
    let made = std::thread::scope(|scope| scope.spawn(make).join());
    Ok(made.map_err(|_| "the thread panicked")??)
}

pub(crate) fn namespaces(part: &mut Part) -> Result<()> {
    let bridge = network::bridge()?;
    let mut here = Socket::open()?;
    let items = part.items;
    part.measure("create", || {
        for index in 0..items {
            let (file, mut there) = create(&format!("ns{index}"))?;
            let mut cable = Prebuilt::default();
            cable.push(RTM_NEWLINK, NEW, |out| {
                let name = &format!("p{index}");
                let peer_netns = Some(file.as_raw_fd());
                veth_message(
                    out,
                    Veth {
                        name,
                        peer: "eth0",
                        peer_netns,
                        up: true,
                        group: 0,
                        master: bridge,
                    },
                );
            });
            here.send(&cable.finish())?;
            let mut inside = Prebuilt::default();
            inside.push(RTM_NEWLINK, 0, |out| up_message(out, "lo"));
            // The first link of a namespace after `lo` has index 2.
            inside.push(RTM_NEWADDR, NEW, |out| {
                address_message(out, 2, network::inside(index).octets(), 16);
            });
            inside.push(RTM_NEWLINK, 0, |out| link_header(out, 2, IFF_UP));
            inside.push(24, NEW, |out| {
                // struct rtmsg, then RTA_GATEWAY. Source: include/uapi/linux/rtnetlink.h.
                out.extend_from_slice(&[libc::AF_INET as u8, 0, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0]);
                attr(out, 5, &network::BRIDGE.octets());
            });
            there.send(&inside.finish())?;
        }
        Ok(())
    })
}
