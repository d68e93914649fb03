//! Messages by straight stores.

/// `NLM_F_REQUEST`. Source: include/uapi/linux/netlink.h, as the others here.
const REQUEST: u16 = 1;
/// `NLM_F_ACK`.
const ACK: u16 = 4;
/// `NLM_F_DUMP`.
pub(super) const DUMP: u16 = 0x300;
/// `NLM_F_CREATE | NLM_F_EXCL`.
pub(super) const NEW: u16 = 0x600;
/// `NLM_F_CREATE | NLM_F_REPLACE`.
pub(super) const REPLACE: u16 = 0x500;

/// How long a datagram becomes.
const DATAGRAM: usize = 64 * 1024;

/// Datagrams, ready to be sent. The last message of each asks for an acknowledgement.
#[derive(Default)]
pub(super) struct Prebuilt {
    pub(super) datagrams: Vec<Datagram>,
}

#[derive(Default)]
pub(super) struct Datagram {
    pub(super) bytes: Vec<u8>,
    /// Where the last message starts.
    last: usize,
}

impl Prebuilt {
    /// Appends a message; `write` appends what follows its header.
    pub(super) fn push(&mut self, message_type: u16, flags: u16, write: impl FnOnce(&mut Vec<u8>)) {
        if self
            .datagrams
            .last()
            .is_none_or(|last| last.bytes.len() + 256 > DATAGRAM)
        {
            self.datagrams.push(Datagram {
                bytes: Vec::with_capacity(DATAGRAM),
                last: 0,
            });
        }
        let datagram = self.datagrams.last_mut().unwrap();
        datagram.last = datagram.bytes.len();
        message(&mut datagram.bytes, message_type, flags, write);
    }

    /// The same, in a datagram of its own.
    pub(super) fn push_alone(
        &mut self,
        message_type: u16,
        flags: u16,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        let mut bytes = Vec::new();
        message(&mut bytes, message_type, flags, write);
        self.datagrams.push(Datagram { bytes, last: 0 });
    }

    pub(super) fn finish(mut self) -> Self {
        for datagram in &mut self.datagrams {
            datagram.bytes[datagram.last + 6] |= ACK as u8;
        }
        self
    }
}

/// Appends one message.
pub(super) fn message(
    out: &mut Vec<u8>,
    message_type: u16,
    flags: u16,
    write: impl FnOnce(&mut Vec<u8>),
) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&message_type.to_ne_bytes());
    out.extend_from_slice(&(REQUEST | flags).to_ne_bytes());
    out.extend_from_slice(&[0; 8]);
    write(out);
    let len = (out.len() - start) as u32;
    out[start..start + 4].copy_from_slice(&len.to_ne_bytes());
}

/// Appends an attribute.
pub(super) fn attr(out: &mut Vec<u8>, number: u16, payload: &[u8]) {
    out.extend_from_slice(&(payload.len() as u16 + 4).to_ne_bytes());
    out.extend_from_slice(&number.to_ne_bytes());
    out.extend_from_slice(payload);
    out.resize(out.len().next_multiple_of(4), 0);
}

/// Appends an attribute that holds what `write` appends.
pub(super) fn nest(out: &mut Vec<u8>, number: u16, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    attr(out, number, &[]);
    write(out);
    let len = (out.len() - start) as u16;
    out[start..start + 2].copy_from_slice(&len.to_ne_bytes());
}

/// Appends a name with its NUL.
pub(super) fn name(out: &mut Vec<u8>, number: u16, name: &str) {
    attr(out, number, &[name.as_bytes(), &[0]].concat());
}

/// Appends `struct ifinfomsg`; `flags` are set.
pub(super) fn link_header(out: &mut Vec<u8>, ifindex: i32, flags: u32) {
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&ifindex.to_ne_bytes());
    out.extend_from_slice(&flags.to_ne_bytes());
    out.extend_from_slice(&flags.to_ne_bytes());
}

/// Walks attributes.
pub(super) fn for_each_attr(mut attrs: &[u8], mut each: impl FnMut(u16, &[u8])) {
    while let [a, b, c, d, ..] = *attrs {
        let len = usize::from(u16::from_ne_bytes([a, b]));
        each(u16::from_ne_bytes([c, d]), &attrs[4..len]);
        attrs = attrs.get(len.next_multiple_of(4)..).unwrap_or(&[]);
    }
}
