//! `ip netns list` and `ip netns list-id`.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;

use nl_core::Error;
use nl_netns::named;
use nl_route::nsid::{GetNsid, GetNsids, NetnsRef, NsidView};

use super::{failed, usage};
use crate::failure::{Failure, say, strerror};
use crate::ip::Ip;
use crate::ip::doc::Doc;
use crate::ip::names::number;
use crate::ip::session::{dump_failed, refused};
use crate::words::{Words, wrong};

pub(super) fn names(ip: &mut Ip<'_>, _: Words<'_>) -> Result<(), Failure> {
    // Without a directory ip prints nothing, not even an empty list.
    if !Path::new(named::DIRECTORY).exists() {
        return Ok(());
    }
    let mut docs = Vec::new();
    for name in named::names().map_err(|error| failed(1, &error))? {
        let Some(name) = name.to_str() else { continue };
        let mut doc = Doc::new();
        doc.field("name", name, name);
        match nsid(ip, name) {
            Ok(Some(id)) => {
                doc.field("id", id, format_args!(" (id: {id})"));
            }
            Ok(None) => {}
            Err(error) => say(refused(&error)),
        }
        doc.text('\n');
        docs.push(doc);
    }
    ip.print(&docs)
}

pub(super) fn ids(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    let (mut target, mut wanted) = (None, None);
    while let Some(word) = words.next() {
        let slot = match word {
            "target-nsid" => &mut target,
            "nsid" => &mut wanted,
            _ => return Err(usage()),
        };
        let value = words.required()?;
        let id = number::<i32>(value)
            .ok_or_else(|| wrong(value, format_args!("\"{word}\" value is invalid")))?;
        *slot = Some(id);
    }
    let found = match wanted {
        Some(id) => {
            let request = GetNsid {
                netns: NetnsRef::Nsid(id),
                target,
            };
            let answer = ip.connection().get(&request);
            vec![answer.map_err(|error| refused(&error))?]
        }
        None => ip
            .connection()
            .collect(&GetNsids { target })
            .map_err(|error| dump_failed(&error))?,
    };
    let docs: Vec<Doc> = found.iter().map(|id| show(ip, &id.view())).collect();
    ip.print(&docs)
}

fn show(ip: &mut Ip<'_>, id: &NsidView<'_>) -> Doc {
    let mut doc = Doc::new();
    let nsid = id.nsid().unwrap_or(-1);
    if nsid < 0 {
        doc.text("nsid unassigned ");
    } else {
        doc.shown("nsid", "nsid", nsid);
    }
    if let Some(current) = id.current_nsid() {
        doc.shown("current-nsid", "current-nsid", current);
    }
    if let Some(name) = ip.netns_name(id.current_nsid().unwrap_or(nsid)) {
        doc.field("name", name, format_args!("(iproute2 netns name: {name})"));
    }
    doc.text('\n');
    doc
}

/// The id of the namespace of a name, if it has one and can be opened.
fn nsid(ip: &mut Ip<'_>, name: &str) -> Result<Option<i32>, Error> {
    let Ok(file) = open(name) else {
        return Ok(None);
    };
    let answer = ip
        .connection()
        .get(&GetNsid::of_fd(file.as_fd().as_raw_fd()))?;
    Ok(answer.view().nsid().filter(|id| *id >= 0))
}

/// Opens the file of a name, whatever is behind it: the kernel tells if it is no namespace.
pub(super) fn open(name: &str) -> Result<File, String> {
    let path = named::path(name).map_err(|error| error.to_string())?;
    File::open(path).map_err(|error| strerror(&error))
}
