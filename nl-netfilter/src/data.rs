//! [`Data`] and [`Verdict`]: what registers are loaded with, and what a rule decides.

use nl_core::kind::{Be32, Bytes, Str};
use nl_core::{Format, Kind, Writer};

use crate::value::{BeI32, OwnedKind};

nl_core::attrs! {
    /// `NFTA_DATA_*`: a value or a verdict.
    pub table DATA_ATTRS: (), view DataView, writer DataWriter;
    values {
        /// Bytes, in the order of the packet or of the host as the loaded field has them.
        NFTA_DATA_VALUE = 1, value: Bytes;
    }
    nests {
        /// A verdict.
        NFTA_DATA_VERDICT = 2, verdict: VerdictView, VerdictWriter, VERDICT_ATTRS;
    }
}

nl_core::attrs! {
    /// `NFTA_VERDICT_*`: what happens to the packet.
    pub table VERDICT_ATTRS: (), view VerdictView, writer VerdictWriter;
    values {
        /// `NF_*` or `NFT_*`.
        NFTA_VERDICT_CODE = 1, code: BeI32;
        /// Where a jump or goto leads.
        NFTA_VERDICT_CHAIN = 2, chain: Str;
        /// The same, for a chain that has no name yet: its `NFTA_CHAIN_ID` in this transaction.
        NFTA_VERDICT_CHAIN_ID = 3, chain_id: Be32;
    }
}

/// What happens to a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The packet is dropped, and no further rule sees it.
    Drop,
    /// The packet goes on to the next base chain, or its way.
    Accept,
    /// The next rule decides.
    Continue,
    /// The rest of this rule is skipped.
    Break,
    /// Another chain decides; if it does not, the next rule here.
    Jump(String),
    /// Another chain decides; if it does not, this chain's caller goes on.
    Goto(String),
    /// The calling chain goes on, or the base chain's policy decides.
    Return,
    /// A verdict without a name here: a queue number in the high half, or a jump by chain id.
    Other {
        /// `NFTA_VERDICT_CODE`.
        code: i32,
        /// `NFTA_VERDICT_CHAIN_ID`.
        chain_id: Option<u32>,
    },
}

impl Verdict {
    fn code(&self) -> i32 {
        match self {
            Self::Drop => 0,
            Self::Accept => 1,
            Self::Continue => -1,
            Self::Break => -2,
            Self::Jump(_) => -3,
            Self::Goto(_) => -4,
            Self::Return => -5,
            Self::Other { code, .. } => *code,
        }
    }

    fn read(view: VerdictView<'_>) -> Option<Self> {
        let chain = || view.chain().map(str::to_owned);
        Some(match (view.code()?, view.chain_id()) {
            (0, None) => Self::Drop,
            (1, None) => Self::Accept,
            (-1, None) => Self::Continue,
            (-2, None) => Self::Break,
            (-3, None) => Self::Jump(chain()?),
            (-4, None) => Self::Goto(chain()?),
            (-5, None) => Self::Return,
            (code, chain_id) => Self::Other { code, chain_id },
        })
    }

    fn write(&self, out: &mut VerdictWriter<'_>) {
        out.code(self.code());
        match self {
            Self::Jump(chain) | Self::Goto(chain) => {
                out.chain(chain);
            }
            Self::Other {
                chain_id: Some(id), ..
            } => {
                out.chain_id(*id);
            }
            _ => {}
        }
    }
}

/// What a register is loaded or compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// At most 64 bytes.
    Value(Vec<u8>),
    /// A verdict.
    Verdict(Verdict),
}

impl Data {
    /// The bytes, if it is a value.
    #[must_use]
    pub fn value(&self) -> Option<&[u8]> {
        match self {
            Self::Value(bytes) => Some(bytes),
            Self::Verdict(_) => None,
        }
    }

    /// Appends the attributes inside a data nest.
    pub(crate) fn write_inside(&self, out: &mut Writer) {
        let mut out = DataWriter::new(out, &());
        match self {
            Self::Value(bytes) => out.value(bytes),
            Self::Verdict(verdict) => out.verdict(|out| verdict.write(out)),
        };
    }

    /// Reads a data nest; `None` if it holds neither.
    #[must_use]
    pub fn read(view: DataView<'_>) -> Option<Self> {
        match view.verdict() {
            Some(verdict) => Verdict::read(verdict).map(Self::Verdict),
            None => view.value().map(|bytes| Self::Value(bytes.to_vec())),
        }
    }
}

impl From<Verdict> for Data {
    fn from(verdict: Verdict) -> Self {
        Self::Verdict(verdict)
    }
}

impl From<Vec<u8>> for Data {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Value(bytes)
    }
}

/// The kind of an attribute that holds [`Data`].
#[derive(Clone, Copy, Debug)]
pub enum DataNest {}

impl Kind for DataNest {
    type Value<'a> = DataView<'a>;
    const FORMAT: Format = Format::Nest(&DATA_ATTRS);
    const MIN: usize = 0;
    const MAX: usize = usize::MAX;
    const NESTED: bool = true;

    fn read(payload: &[u8]) -> Option<DataView<'_>> {
        DataView::parse(payload).ok()
    }
    fn write(value: DataView<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(value.attr_bytes());
    }
}

impl OwnedKind for DataNest {
    type Owned = Data;

    fn own(value: DataView<'_>) -> Option<Data> {
        Data::read(value)
    }
    fn put(owned: &Data, number: u16, out: &mut Writer) {
        out.nest(number, |out| owned.write_inside(out));
    }
}
