//! What `route save` has written, one route at a time.

use std::io::Read;

use nl_core::{Message, Writer};
use nl_route::Prefix;
use nl_route::protocol::RTM_NEWROUTE;
use nl_route::route::{RouteTable, RouteView};

use super::super::save::{pass_of, remake};
use crate::failure::{Failure, strerror};
use crate::ip::framed::{self, Broken};

/// The longest message that is taken for one, in bytes: a route with as many ways as fit an attribute.
const LONGEST: usize = 128 * 1024;

/// The number of the last [pass](Route::pass).
pub(super) const LAST_PASS: u8 = 2;

/// Table, destination, source, type of service, metric.
type Identity = (RouteTable, Option<Prefix>, Option<Prefix>, u8, Option<u32>);

/// What is to be known of a saved route before it is made again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    /// Whether it differs from the one before only in its way.
    pub(super) again: bool,
    /// When it is made, from 0: routes that others need come first, and one of several not before the first of them.
    pub(super) pass: u8,
}

/// Routes behind the magic number of such a file.
pub(super) struct Saved<R> {
    input: R,
    message: Vec<u8>,
    request: Writer,
    /// What tells the route read last apart.
    last: Option<Identity>,
    /// How many were read.
    pub(super) number: u32,
    /// How many bytes were read.
    pub(super) read: u64,
}

impl<R: Read> Saved<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            message: Vec::new(),
            request: Writer::new(),
            last: None,
            number: 0,
            read: 0,
        }
    }

    /// Begins anew, with the same list.
    pub(super) fn rewind(&mut self, input: R) {
        self.input = input;
        self.last = None;
        self.number = 0;
    }

    /// The payload of a request for the route that came last.
    pub(super) fn payload(&self) -> &[u8] {
        self.request.bytes()
    }

    /// The next route.
    ///
    /// # Errors
    ///
    /// Exit code 1 for a file that is cut off or no such file; nothing can be read behind that.
    pub(super) fn next(&mut self) -> Result<Option<Route>, Failure> {
        loop {
            let number = self.number.saturating_add(1);
            let damaged = |what| Failure::fatal(1, format!("route {number} {what}"));
            if !self.message()? {
                return Ok(None);
            }
            let (message, _) =
                Message::split(&self.message).map_err(|_| damaged("is no message"))?;
            self.number = number;
            if message.message_type() != RTM_NEWROUTE {
                continue;
            }
            let route = RouteView::parse(message.payload).map_err(|_| damaged("cannot be read"))?;
            self.request.clear();
            remake(&route, &mut self.request);
            let identity = (
                route.table(),
                route.dst(),
                route.src(),
                route.tos(),
                route.priority(),
            );
            let again = self.last.replace(identity) == Some(identity);
            let pass = if again { LAST_PASS } else { pass_of(&route) };
            return Ok(Some(Route { again, pass }));
        }
    }

    /// Reads a message; whether there was one.
    fn message(&mut self) -> Result<bool, Failure> {
        let behind = self.number;
        let next = framed::next(&mut self.input, &mut self.message, LONGEST);
        let next = next.map_err(|broken| {
            let text = match broken {
                Broken::Unread(error) => format!("read error: {}", strerror(&error)),
                Broken::CutOff => format!("the file is cut off behind route {behind}"),
                Broken::Length(_) => format!("what follows route {behind} is none"),
            };
            Failure::fatal(1, text)
        })?;
        let len = u64::try_from(self.message.len()).unwrap_or(u64::MAX);
        self.read = self.read.saturating_add(len);
        Ok(next.is_some())
    }
}
