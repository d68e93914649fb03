//! `ip netns monitor`: names as they come and go.

use std::fs::DirBuilder;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nl_netns::named;

use crate::failure::{Failure, strerror};
use crate::ip::Ip;
use crate::words::Words;

pub(super) fn monitor(ip: &mut Ip<'_>, _: Words<'_>) -> Result<(), Failure> {
    let failed = |what: &'static str| {
        move |error: nix::errno::Errno| {
            Failure::new(1, format!("{what}: {}", strerror(&io::Error::from(error))))
        }
    };
    let inotify = Inotify::init(InitFlags::IN_CLOEXEC).map_err(failed("inotify_init failed"))?;
    match DirBuilder::new().mode(0o755).create(named::DIRECTORY) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            let text = format!("mkdir {} failed: {}", named::DIRECTORY, strerror(&error));
            return Err(Failure::new(1, text));
        }
        _ => {}
    }
    inotify
        .add_watch(
            named::DIRECTORY,
            AddWatchFlags::IN_CREATE | AddWatchFlags::IN_DELETE,
        )
        .map_err(failed("inotify_add_watch failed"))?;
    loop {
        for event in inotify.read_events().map_err(failed("read failed"))? {
            let name = event.name.unwrap_or_default();
            let verb = if event.mask.contains(AddWatchFlags::IN_DELETE) {
                "delete"
            } else {
                "add"
            };
            writeln!(ip.out, "{verb} {}", name.display())?;
        }
        ip.out.flush()?;
    }
}
