//! Netlink: wire format, sockets, requests, dumps, batches, errors. Knows no protocol; `nl-route`
//! and `nl-netfilter` are built on it.
//!
//! A protocol's attributes are declared once, in a table; requests are plain values.
//!
//! ```no_run
//! use nl_core::kind::{Str, U32};
//! use nl_core::{Connection, DumpRequest, MessageType, Protocol, Request, Writer};
//!
//! // `struct ifinfomsg` is 16 bytes; here it is all zero.
//! type IfInfoMsg = [u8; 16];
//!
//! nl_core::attrs! {
//!     /// `IFLA_*`: attributes of `RTM_*LINK`. Source: include/uapi/linux/if_link.h.
//!     pub table LINK_ATTRS: IfInfoMsg, view LinkView, writer LinkWriter;
//!     values {
//!         /// Device name.
//!         IFLA_IFNAME = 3, name: Str;
//!         /// Maximum transmission unit, in bytes.
//!         IFLA_MTU = 4, mtu: U32;
//!     }
//! }
//!
//! enum Route {}
//!
//! impl Protocol for Route {
//!     const NUMBER: i32 = 0; // NETLINK_ROUTE
//!     const NAME: &'static str = "rtnetlink";
//!     const STRICT: bool = true;
//!     fn message_types() -> &'static [MessageType] {
//!         static TYPES: [MessageType; 1] =
//!             [MessageType { number: 18, name: "RTM_GETLINK", table: &LINK_ATTRS }];
//!         &TYPES
//!     }
//! }
//!
//! struct GetLinks;
//!
//! impl Request for GetLinks {
//!     type Protocol = Route;
//!     fn message_type(&self) -> u16 {
//!         18 // RTM_GETLINK
//!     }
//!     fn write(&self, out: &mut Writer) {
//!         LinkWriter::new(out, &[0; 16]);
//!     }
//! }
//!
//! impl DumpRequest for GetLinks {
//!     type Reply = LinkView<'static>;
//!     const REPLY_TYPE: u16 = 16; // RTM_NEWLINK
//! }
//!
//! let mut route = Connection::<Route>::open()?;
//! route.dump(&GetLinks, |link| {
//!     println!("{} mtu {}", link.name().unwrap_or("?"), link.mtu().unwrap_or(0));
//! })?;
//! # Ok::<(), nl_core::Error>(())
//! ```
//!
//! | for | there is |
//! |---|---|
//! | one request, one object, a list | [`Connection`], [`Dump`], [`Listing`] |
//! | many requests, every failure by its position | [`Connection::batch`], [`BatchOptions`] |
//! | requests that must arrive together | [`Connection::datagram`] |
//! | what others change | [`Subscription`] |
//! | seeing the wire, and dry runs | [`trace`] |
//! | all of it in tasks (feature `tokio`) | `tokio::AsyncConnection`, `tokio::AsyncSubscription` |
//! | another I/O | [`Exchange`], [`Messages`] |

pub mod attr;
mod batch;
mod connection;
mod datagram;
mod errno;
mod error;
mod exchange;
pub mod extack;
#[doc(hidden)]
pub mod fuzzing;
pub mod header;
#[doc(hidden)]
pub mod hostile;
pub mod kind;
mod layout;
mod message;
mod request;
mod session;
mod socket;
mod subscription;
mod sys;
#[doc(hidden)]
pub mod table;
#[cfg(feature = "tokio")]
pub mod tokio;
pub mod trace;
#[doc(hidden)]
pub mod view;
pub mod writer;

pub use attr::{Attr, Attrs};
pub use batch::{BatchFailure, BatchOptions, BatchProgress, BatchReport, OnFailure};
pub use connection::{Connection, Dump, Listing};
pub use datagram::DatagramReport;
pub use errno::Errno;
pub use error::{DecodeError, EncodeError, Error, KernelError, What};
pub use exchange::{Event, Exchange, Source};
pub use header::Header;
pub use kind::Kind;
pub use message::{Message, Messages};
pub use request::{DumpRequest, GetRequest, MessageType, Protocol, Request};
pub use socket::Socket;
pub use subscription::{Notification, Subscription};
pub use table::{AttrsDebug, Format, PayloadDebug, Row, Table};
pub use view::{AttrIndex, List, Owned, View};
pub use writer::Writer;
