//! Flowtables: connections that are forwarded past the rules.

use nl_core::kind::{Be32, Be64, Bytes, Str};
use nl_core::{DumpRequest, Request, Writer};

use crate::chain::{DEVICE_ATTRS, DevicesView, DevicesWriter};
use crate::nfgen::{Family, NFT_MSG_GETFLOWTABLE, NFT_MSG_NEWFLOWTABLE, Netfilter, NfGenMsg};
use crate::value::BeI32;

nl_core::attrs! {
    /// `NFTA_FLOWTABLE_*`: attributes of a flowtable.
    pub table FLOWTABLE_ATTRS: NfGenMsg, view FlowtableView, writer FlowtableWriter;
    values {
        /// Table it is in.
        NFTA_FLOWTABLE_TABLE = 1, table: Str;
        /// Name.
        NFTA_FLOWTABLE_NAME = 2, name: Str;
        /// Number of rules that use it.
        NFTA_FLOWTABLE_USE = 4, uses: Be32;
        /// The kernel's number for it.
        NFTA_FLOWTABLE_HANDLE = 5, handle: Be64;
        /// Alignment of 64-bit values.
        NFTA_FLOWTABLE_PAD = 6, pad: Bytes;
        /// 1: the device forwards; 2: with counters.
        NFTA_FLOWTABLE_FLAGS = 7, flags: Be32;
    }
    nests {
        /// Where it is hooked in.
        NFTA_FLOWTABLE_HOOK = 3, hook: FlowtableHookView, FlowtableHookWriter, FLOWTABLE_HOOK_ATTRS;
    }
}

nl_core::attrs! {
    /// `NFTA_FLOWTABLE_HOOK_*`: where a flowtable is hooked in.
    pub table FLOWTABLE_HOOK_ATTRS: (), view FlowtableHookView, writer FlowtableHookWriter;
    values {
        /// Place: 0 is ingress.
        NFTA_FLOWTABLE_HOOK_NUM = 1, hook: Be32;
        /// Order: lower ones first.
        NFTA_FLOWTABLE_HOOK_PRIORITY = 2, priority: BeI32;
    }
    nests {
        /// Devices between which it forwards.
        NFTA_FLOWTABLE_HOOK_DEVS = 3, devices: DevicesView, DevicesWriter, DEVICE_ATTRS;
    }
}

/// Adds a flowtable, or devices to one that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFlowtable {
    /// Family.
    pub family: Family,
    /// Table.
    pub table: String,
    /// Name.
    pub name: String,
    /// Order among what is hooked in at ingress: lower ones first.
    pub priority: i32,
    /// Devices between which it forwards.
    pub devices: Vec<String>,
    /// 1: the device forwards; 2: with counters.
    pub flags: u32,
}

impl Request for NewFlowtable {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        NFT_MSG_NEWFLOWTABLE
    }
    fn flags(&self) -> u16 {
        nl_core::header::NLM_F_CREATE
    }
    fn write(&self, out: &mut Writer) {
        let mut out = FlowtableWriter::new(out, &NfGenMsg::new(self.family));
        out.table(&self.table).name(&self.name).hook(|out| {
            out.hook(0).priority(self.priority).devices(|out| {
                for device in &self.devices {
                    out.name(device);
                }
            });
        });
        out.flags(self.flags);
    }
}

/// Lists flowtables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetFlowtables {
    /// Family; `UNSPEC` for all.
    pub family: Family,
    /// Only of this table.
    pub table: Option<String>,
}

impl Request for GetFlowtables {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        NFT_MSG_GETFLOWTABLE
    }
    fn write(&self, out: &mut Writer) {
        let mut out = FlowtableWriter::new(out, &NfGenMsg::new(self.family));
        if let Some(table) = &self.table {
            out.table(table);
        }
    }
}

impl DumpRequest for GetFlowtables {
    type Reply = FlowtableView<'static>;
    const REPLY_TYPE: u16 = NFT_MSG_NEWFLOWTABLE;
}
