//! What every request value can do, and what a protocol is.

use crate::table::Table;
use crate::view::View;
use crate::writer::Writer;

/// A message type of a protocol: number, kernel name, and the table of what it carries.
#[derive(Clone, Copy, Debug)]
pub struct MessageType {
    /// `nlmsg_type`.
    pub number: u16,
    /// The kernel's name, `RTM_NEWLINK`.
    pub name: &'static str,
    /// Its fixed header and attributes.
    pub table: &'static Table,
}

/// A netlink protocol: what a [`Connection`](crate::Connection) is typed by.
pub trait Protocol: 'static {
    /// `NETLINK_ROUTE`, `NETLINK_NETFILTER`, …: the third argument of `socket(2)`.
    const NUMBER: i32;
    /// For people: "rtnetlink".
    const NAME: &'static str;
    /// Whether the kernel's strict checking (`NETLINK_GET_STRICT_CHK`) means something to it.
    const STRICT: bool;

    /// All message types that we know.
    fn message_types() -> &'static [MessageType];

    /// A message type by its number.
    #[must_use]
    fn message_type(number: u16) -> Option<&'static MessageType> {
        Self::message_types().iter().find(|t| t.number == number)
    }
}

/// Something to ask of the kernel: plain data that knows how to write itself.
///
/// The same value can be [called](crate::Connection::call), put into a
/// [batch](crate::Connection::batch), printed, or compared in a test.
pub trait Request {
    /// Whom it is for. A request of one protocol does not compile on another's connection.
    type Protocol: Protocol;

    /// `nlmsg_type`.
    fn message_type(&self) -> u16;

    /// `nlmsg_flags` that belong to the request itself, such as `NLM_F_CREATE | NLM_F_EXCL`;
    /// the connection adds those of the exchange.
    fn flags(&self) -> u16 {
        0
    }

    /// Appends the fixed header and the attributes.
    fn write(&self, out: &mut Writer);
}

impl<R: Request + ?Sized> Request for &R {
    type Protocol = R::Protocol;

    fn message_type(&self) -> u16 {
        (**self).message_type()
    }
    fn flags(&self) -> u16 {
        (**self).flags()
    }
    #[inline]
    fn write(&self, out: &mut Writer) {
        (**self).write(out);
    }
}

impl<R: Request + ?Sized> Request for Box<R> {
    type Protocol = R::Protocol;

    fn message_type(&self) -> u16 {
        (**self).message_type()
    }
    fn flags(&self) -> u16 {
        (**self).flags()
    }
    fn write(&self, out: &mut Writer) {
        (**self).write(out);
    }
}

/// A request that is answered with one object.
pub trait GetRequest: Request {
    /// How the answer is read.
    type Reply: View;
    /// `nlmsg_type` of the answer.
    const REPLY_TYPE: u16;
}

/// A request that is answered with a list of objects (`NLM_F_DUMP`).
pub trait DumpRequest: Request {
    /// How each object is read.
    type Reply: View;
    /// `nlmsg_type` of each object.
    const REPLY_TYPE: u16;
}
