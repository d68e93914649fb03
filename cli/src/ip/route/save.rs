//! `ip route save` and `ip route restore`: routes as the bytes of their messages.

use std::io::{IsTerminal, Read, Write};

use nl_core::header::{NLM_F_APPEND, NLM_F_CREATE, NLM_F_MULTI};
use nl_core::kind::U32;
use nl_core::{Errno, Messages, Writer};
use nl_route::RawRequest;
use nl_route::protocol::RTM_NEWROUTE;
use nl_route::route::{RTA_EXPIRES, RouteScope, RouteView};

use super::select::Select;
use super::{is_empty, list_failed};
use crate::failure::Failure;
use crate::ip::Ip;
use crate::ip::session::refused;
use crate::words::Words;

/// What a file of routes begins with; the same on all machines of one byte order.
pub(super) const MAGIC: [u8; 4] = 0x4531_1224_u32.to_ne_bytes();

pub(super) fn save(ip: &mut Ip<'_>, words: Words<'_>) -> Result<(), Failure> {
    let select = Select::parse(ip, words)?;
    if std::io::stdout().is_terminal() {
        return Err(Failure::new(255, "Not sending a binary stream to stdout"));
    }
    ip.out.write_all(&MAGIC)?;
    // Written as they come, on a connection of their own: a table may have millions.
    let mut lister = ip
        .connection()
        .beside()
        .map_err(|error| list_failed(&error))?;
    let mut dump = lister
        .start_dump(&select.request())
        .map_err(|error| list_failed(&error))?;
    loop {
        let route = match dump.next_message() {
            Ok(Some(route)) => route.payload,
            Ok(None) => return Ok(()),
            Err(error) if is_empty(&select, &error) => return Ok(()),
            Err(error) => return Err(list_failed(&error)),
        };
        let fits = RouteView::parse(route).is_ok_and(|route| select.fits(&route));
        if fits {
            write(ip, route)?;
        }
    }
}

fn write(ip: &mut Ip<'_>, payload: &[u8]) -> Result<(), Failure> {
    let len = u32::try_from(16 + payload.len()).unwrap_or(u32::MAX);
    ip.out.write_all(&len.to_ne_bytes())?;
    ip.out.write_all(&RTM_NEWROUTE.to_ne_bytes())?;
    ip.out.write_all(&NLM_F_MULTI.to_ne_bytes())?;
    // Sequence number and port.
    ip.out.write_all(&[0; 8])?;
    ip.out.write_all(payload)?;
    let pad = payload.len().next_multiple_of(4) - payload.len();
    ip.out.write_all([0; 3].get(..pad).unwrap_or_default())?;
    Ok(())
}

/// Makes the routes that standard input holds: first those onto links, then those through gateways that need them.
pub(super) fn restore(ip: &mut Ip<'_>, _: Words<'_>) -> Result<(), Failure> {
    /// More than any routing table; what is not a file of routes ends earlier.
    const MAX: u64 = 1 << 30;
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(MAX).read_to_end(&mut bytes);
    let magic = bytes.first_chunk().copied();
    if read.is_err() || magic != Some(MAGIC) {
        let elements = u8::from(magic.is_some());
        let magic = magic.map_or(0, u32::from_ne_bytes);
        return Err(Failure::new(
            255,
            format!("Magic mismatch ({elements} elems, {magic:x} magic)"),
        ));
    }
    let messages = bytes.get(4..).unwrap_or_default();
    for pass in 0..3 {
        for message in Messages::new(messages) {
            let message = message.map_err(|error| Failure::new(1, format!("nlctl: {error}")))?;
            let Ok(route) = RouteView::parse(message.payload) else {
                continue;
            };
            if pass_of(&route) == pass {
                make(ip, &route)?;
            }
        }
    }
    Ok(())
}

/// Local addresses, then links, then what goes through a gateway.
pub(super) fn pass_of(route: &RouteView<'_>) -> u8 {
    match (route.scope(), route.gateway()) {
        (RouteScope::HOST, _) => 0,
        (_, None) if route.multipath().is_none() => 1,
        _ => 2,
    }
}

/// Appends the payload of a request that makes a listed route again.
pub(super) fn remake(route: &RouteView<'_>, out: &mut Writer) {
    /// `USER_HZ`.
    const HZ: i32 = 100;
    route.write_request(out);
    let left = route.cacheinfo().map_or(0, |info| info.expires.get() / HZ);
    if let Ok(seconds) = u32::try_from(left)
        && seconds > 0
    {
        out.attr::<U32>(RTA_EXPIRES, seconds);
    }
}

fn make(ip: &mut Ip<'_>, route: &RouteView<'_>) -> Result<(), Failure> {
    let mut out = Writer::new();
    remake(route, &mut out);
    let request = RawRequest {
        message_type: RTM_NEWROUTE,
        // Several may differ in their ways only. One that is there already is refused all the same.
        flags: NLM_F_CREATE | NLM_F_APPEND,
        payload: out.bytes(),
    };
    match ip.connection().call(&request) {
        Err(error) if error.errno() != Some(Errno(nix::libc::EEXIST)) => Err(refused(&error)),
        _ => Ok(()),
    }
}
