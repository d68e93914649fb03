//! `ip link property`.

use nl_route::link::{AddAltName, DelAltName};

use super::parse::is_altname;
use crate::failure::Failure;
use crate::ip::Ip;
use crate::words::{Words, duplicate_or_garbage, matches, wrong};

/// `property { add | del } dev DEVICE [ altname NAME ]...`.
pub(super) fn run(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    let Some(verb) = words.next() else {
        return Err(super::usage::failure());
    };
    let add = match verb {
        _ if matches(verb, "add") => true,
        _ if matches(verb, "delete") => false,
        _ if matches(verb, "help") => return Err(super::usage::failure()),
        _ => return Err(Failure::new(255, "Operator required")),
    };
    let mut dev = None;
    let mut altnames = Vec::new();
    while let Some(word) = words.next() {
        if matches(word, "altname") {
            let name = words.required()?;
            if !is_altname(name) {
                return Err(wrong(name, "not a valid altname"));
            }
            altnames.push(name);
            continue;
        }
        let name = if word == "dev" {
            words.required()?
        } else {
            word
        };
        if dev.replace(name).is_some() {
            return Err(duplicate_or_garbage("dev", name));
        }
    }
    let Some(dev) = dev else {
        return Err(Failure::new(
            255,
            "Not enough of information: \"dev\" argument is required.",
        ));
    };
    let ifindex = ip.device(dev)?;
    ip.forget();
    for altname in altnames {
        if add {
            ip.call(&AddAltName::new(ifindex, altname))?;
        } else {
            ip.call(&DelAltName::new(ifindex, altname))?;
        }
    }
    Ok(())
}
