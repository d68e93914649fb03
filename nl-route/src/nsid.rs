//! Network namespace ids: `RTM_*NSID`.
//!
//! ```text
//! struct rtgenmsg
//! +------------+--------------------------------------+
//! | family     | padding                              |
//! +------------+--------------------------------------+
//! ```
//!
//! An id is a number by which one namespace knows another: `link-netnsid` of a veth whose peer is there.

use std::os::fd::RawFd;

use nl_core::kind::{I32, U32};
use nl_core::{DumpRequest, GetRequest, MessageType, Owned, Request, Writer};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::protocol::{RTM_DELNSID, RTM_GETNSID, RTM_NEWNSID, Route};

pub(crate) const MESSAGES: &[MessageType] = &[
    MessageType {
        number: RTM_NEWNSID,
        name: "RTM_NEWNSID",
        table: &NSID_ATTRS,
    },
    MessageType {
        number: RTM_DELNSID,
        name: "RTM_DELNSID",
        table: &NSID_ATTRS,
    },
    MessageType {
        number: RTM_GETNSID,
        name: "RTM_GETNSID",
        table: &NSID_ATTRS,
    },
];

/// `struct rtgenmsg`, the fixed header of `RTM_*NSID`, padded as the attributes behind it want it.
/// Source: include/uapi/linux/rtnetlink.h.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RtGenMsg {
    /// Address family, 0.
    pub family: u8,
    /// Zero.
    pub pad: [u8; 3],
}

const _: () = assert!(size_of::<RtGenMsg>() == 4);

nl_core::attrs! {
    /// `NETNSA_*`: attributes of `RTM_*NSID`. Source: include/uapi/linux/net_namespace.h.
    pub table NSID_ATTRS: RtGenMsg, view NsidView, writer NsidWriter;
    values {
        /// The id; -1 for none.
        NETNSA_NSID = 1, nsid: I32;
        /// A process in the namespace.
        NETNSA_PID = 2, pid: U32;
        /// A descriptor of the namespace, in the sender's process.
        NETNSA_FD = 3, fd: I32;
        /// The namespace, by its id, that is asked for the ids that it knows.
        NETNSA_TARGET_NSID = 4, target_nsid: I32;
        /// The id of the same namespace here, where another namespace was asked.
        NETNSA_CURRENT_NSID = 5, current_nsid: I32;
    }
}

/// A namespace id, owned.
pub type Nsid = Owned<NsidView<'static>>;

/// How a request names a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NetnsRef {
    /// By a descriptor of it, open while the request is called.
    Fd(RawFd),
    /// By a process in it.
    Pid(u32),
    /// By its id.
    Nsid(i32),
}

impl NetnsRef {
    fn write(self, out: &mut NsidWriter<'_>) {
        match self {
            Self::Fd(fd) => out.fd(fd),
            Self::Pid(pid) => out.pid(pid),
            Self::Nsid(nsid) => out.nsid(nsid),
        };
    }
}

/// Gives a namespace an id, as `ip netns set NAME NSID`.
///
/// # Errors
///
/// `EEXIST` if it has one or the id is taken, `EINVAL` if what is named is no network namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NewNsid {
    /// The namespace, by a descriptor or a process.
    pub netns: NetnsRef,
    /// Its id; -1 lets the kernel choose.
    pub nsid: i32,
}

impl Request for NewNsid {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_NEWNSID
    }
    fn write(&self, out: &mut Writer) {
        let mut out = NsidWriter::new(out, &RtGenMsg::default());
        self.netns.write(&mut out);
        out.nsid(self.nsid);
    }
}

/// Asks for the id of a namespace; [`NsidView::nsid`] of the answer is -1 if it has none.
///
/// # Errors
///
/// `EINVAL` if what is named is no network namespace, `ESRCH` if there is no such process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GetNsid {
    /// The namespace.
    pub netns: NetnsRef,
    /// The namespace, by its id, whose id of it is wanted; the answer then tells both.
    pub target: Option<i32>,
}

impl GetNsid {
    /// The id here of the namespace that this descriptor is of.
    #[must_use]
    pub fn of_fd(fd: RawFd) -> Self {
        Self {
            netns: NetnsRef::Fd(fd),
            target: None,
        }
    }

    /// The id that the namespace with the id `target` has for it, beside the one here.
    #[must_use]
    pub fn target(mut self, target: i32) -> Self {
        self.target = Some(target);
        self
    }
}

impl Request for GetNsid {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_GETNSID
    }
    fn write(&self, out: &mut Writer) {
        let mut out = NsidWriter::new(out, &RtGenMsg::default());
        self.netns.write(&mut out);
        if let Some(target) = self.target {
            out.target_nsid(target);
        }
    }
}

impl GetRequest for GetNsid {
    type Reply = NsidView<'static>;
    const REPLY_TYPE: u16 = RTM_NEWNSID;
}

/// Lists the ids of all namespaces that have one, as `ip netns list-id`.
///
/// # Errors
///
/// `EINVAL` if the target is no id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct GetNsids {
    /// The namespace, by its id, whose ids are wanted; those of this namespace by default.
    pub target: Option<i32>,
}

impl Request for GetNsids {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        RTM_GETNSID
    }
    fn write(&self, out: &mut Writer) {
        let mut out = NsidWriter::new(out, &RtGenMsg::default());
        if let Some(target) = self.target {
            out.target_nsid(target);
        }
    }
}

impl DumpRequest for GetNsids {
    type Reply = NsidView<'static>;
    const REPLY_TYPE: u16 = RTM_NEWNSID;
}
