//! [`Transaction`]: changes that are done together or not at all.

use std::fmt;

use nl_core::header::NLM_F_ECHO;
use nl_core::kind::{Be32, Str};
use nl_core::{
    Connection, DatagramReport, Errno, GetRequest, KernelError, Message, Request, Writer,
};

use crate::element::SetElements;
use crate::nfgen::{
    Family, NFNL_MSG_BATCH_BEGIN, NFNL_MSG_BATCH_END, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETGEN,
    NFT_MSG_NEWGEN, Netfilter, NfGenMsg,
};

nl_core::attrs! {
    /// `NFNL_BATCH_*`: attributes of a batch's begin.
    pub table BATCH_ATTRS: NfGenMsg, view BatchView, writer BatchWriter;
    values {
        /// The generation that the batch was made for; the kernel refuses it for another.
        NFNL_BATCH_GENID = 1, generation: Be32;
    }
}

nl_core::attrs! {
    /// `NFTA_GEN_*`: the generation of the ruleset.
    pub table GEN_ATTRS: NfGenMsg, view GenView, writer GenWriter;
    values {
        /// Counts the changes of the ruleset.
        NFTA_GEN_ID = 1, id: Be32;
        /// Process that made the change.
        NFTA_GEN_PROC_PID = 2, process: Be32;
        /// Its name.
        NFTA_GEN_PROC_NAME = 3, process_name: Str;
    }
}

/// Asks for the generation of the ruleset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetGeneration;

impl Request for GetGeneration {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        NFT_MSG_GETGEN
    }
    fn write(&self, out: &mut Writer) {
        out.header(&NfGenMsg::new(Family::UNSPEC));
    }
}

impl GetRequest for GetGeneration {
    type Reply = GenView<'static>;
    const REPLY_TYPE: u16 = NFT_MSG_NEWGEN;
}

/// A request that can be part of a transaction.
type Change = Box<dyn Request<Protocol = Netfilter> + Send + Sync>;

/// Changes that are done together or not at all.
///
/// ```
/// use nl_netfilter::{Family, NewChain, NewTable, Transaction};
///
/// let transaction = Transaction::new()
///     .add(NewTable::new(Family::INET, "t"))
///     .add(NewChain::new(Family::INET, "t", "c"));
/// assert_eq!(transaction.len(), 2);
/// ```
#[derive(Default)]
pub struct Transaction {
    /// Each message, and which of the added changes it belongs to.
    messages: Vec<(usize, Change)>,
    len: usize,
    generation: Option<u32>,
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use nl_core::Protocol;

        let mut list = f.debug_list();
        for (_, change) in &self.messages {
            let mut out = Writer::new();
            change.write(&mut out);
            match Netfilter::message_type(change.message_type()) {
                Some(known) => list.entry(&format_args!(
                    "{} {:?}",
                    known.name,
                    known.table.debug_payload(out.bytes())
                )),
                None => list.entry(&format_args!("message type {}", change.message_type())),
            };
        }
        list.finish()
    }
}

impl Transaction {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a change.
    #[must_use]
    #[allow(
        clippy::should_implement_trait,
        reason = "nothing is summed up; nft's word"
    )]
    pub fn add(
        mut self,
        change: impl Request<Protocol = Netfilter> + Send + Sync + 'static,
    ) -> Self {
        self.push(change);
        self
    }

    /// Adds a change, in a loop.
    pub fn push(&mut self, change: impl Request<Protocol = Netfilter> + Send + Sync + 'static) {
        self.messages.push((self.len, Box::new(change)));
        self.len += 1;
    }

    /// Adds elements, in as many messages as they need. They count as one change.
    #[must_use]
    pub fn elements(mut self, elements: SetElements) -> Self {
        self.push_elements(elements);
        self
    }

    /// Adds elements, in a loop.
    pub fn push_elements(&mut self, elements: SetElements) {
        for part in elements.split() {
            self.messages.push((self.len, Box::new(part)));
        }
        self.len += 1;
    }

    /// Refuses to be done if the ruleset is not of this generation any more, see
    /// [`NetfilterExt::generation`].
    #[must_use]
    pub fn expect_generation(mut self, generation: u32) -> Self {
        self.generation = Some(generation);
        self
    }

    /// How many changes were added.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn wants_echo(&self) -> bool {
        let mut messages = self.messages.iter();
        messages.any(|(_, change)| change.flags() & NLM_F_ECHO != 0)
    }

    /// The messages to send. Without an `end` the kernel validates them and throws them away.
    pub(crate) fn parts(&self, end: bool) -> Vec<Part<'_>> {
        let mut parts = Vec::with_capacity(self.messages.len() + 2);
        parts.push(Part::Begin(self.generation));
        parts.extend(self.messages.iter().map(|(_, c)| Part::Change(c)));
        if end {
            parts.push(Part::End);
        }
        parts
    }

    /// What came of it; `echoed` is whether the kernel told of a resulting object, which it does only of what is done.
    pub(crate) fn outcome(&self, report: DatagramReport, echoed: bool) -> Result<(), CommitError> {
        if report.failures.is_empty() {
            // Kernels before 6.10 acknowledge no end: success is silent there.
            return match (report.overrun, report.acknowledged || echoed) {
                (false, _) => Ok(()),
                (true, false) => Err(nl_core::Error::Overrun.into()),
                (true, true) if self.wants_echo() => Err(CommitError::EchoLost),
                (true, true) => Ok(()),
            };
        }
        let mut refusals = Vec::with_capacity(report.failures.len());
        for failure in report.failures {
            if failure.index == 0 && failure.error.errno == Errno(85) {
                // ERESTART, which has no meaning to userspace but here.
                return Err(CommitError::Stale);
            }
            let message = failure.index.checked_sub(1);
            refusals.push(Refusal {
                index: message.and_then(|m| self.messages.get(m).map(|(change, _)| *change)),
                error: failure.error,
            });
        }
        Err(CommitError::Refused(refusals))
    }
}

/// A message of a batch.
pub(crate) enum Part<'a> {
    Begin(Option<u32>),
    Change(&'a Change),
    End,
}

impl Request for Part<'_> {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        match self {
            Self::Begin(_) => NFNL_MSG_BATCH_BEGIN,
            Self::Change(change) => change.message_type(),
            Self::End => NFNL_MSG_BATCH_END,
        }
    }
    fn flags(&self) -> u16 {
        match self {
            Self::Change(change) => change.flags(),
            _ => 0,
        }
    }
    fn write(&self, out: &mut Writer) {
        let header = NfGenMsg {
            family: 0,
            version: 0,
            res_id: NFNL_SUBSYS_NFTABLES.into(),
        };
        match self {
            Self::Begin(generation) => {
                let mut out = BatchWriter::new(out, &header);
                if let Some(generation) = *generation {
                    out.generation(generation);
                }
            }
            Self::Change(change) => change.write(out),
            Self::End => out.header(&header),
        }
    }
}

/// A change that the kernel refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Position of the change in the transaction, from 0; `None` if the whole was refused.
    pub index: Option<usize>,
    /// What the kernel said.
    pub error: KernelError,
}

/// Why a transaction was not done. Nothing of it was, but for [`EchoLost`](Self::EchoLost), where all was.
#[derive(Debug)]
#[non_exhaustive]
pub enum CommitError {
    /// The kernel refused these changes, or the whole; the first is seldom a consequence of others.
    Refused(Vec<Refusal>),
    /// The ruleset is of another generation than expected: somebody else has changed it. Read it
    /// again, and try once more.
    Stale,
    /// The connection failed, or the transaction cannot be sent. [`nl_core::Error::Overrun`],
    /// [`NoAnswer`](nl_core::Error::NoAnswer) and [`Decode`](nl_core::Error::Decode), for answers that were lost or
    /// could not be read, leave open whether it was done.
    Connection(nl_core::Error),
    /// It was done, but of the resulting objects that were to be told some found no room in the receive buffer. Only
    /// [`NetfilterExt::commit_with`] says so.
    EchoLost,
}

impl CommitError {
    /// The first refusal, if that is what it is.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusals) => refusals.first(),
            _ => None,
        }
    }
}

impl fmt::Display for CommitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusals) => {
                for (i, refusal) in refusals.iter().enumerate() {
                    if i > 0 {
                        f.write_str("; ")?;
                    }
                    match refusal.index {
                        Some(index) => write!(f, "change {index}: {}", refusal.error)?,
                        None => write!(f, "{}", refusal.error)?,
                    }
                }
                Ok(())
            }
            Self::Stale => f.write_str("the ruleset was changed by somebody else meanwhile"),
            Self::Connection(error) => fmt::Display::fmt(error, f),
            Self::EchoLost => {
                f.write_str("done, but not all of the resulting objects were received")
            }
        }
    }
}

impl std::error::Error for CommitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused(refusals) => refusals.first().map(|refusal| &refusal.error as _),
            Self::Stale | Self::EchoLost => None,
            Self::Connection(error) => Some(error),
        }
    }
}

impl From<nl_core::Error> for CommitError {
    fn from(error: nl_core::Error) -> Self {
        Self::Connection(error)
    }
}

/// The outcome for whom the resulting objects are nothing to.
pub(crate) fn unheard(outcome: Result<(), CommitError>) -> Result<(), CommitError> {
    match outcome {
        Err(CommitError::EchoLost) => Ok(()),
        outcome => outcome,
    }
}

/// What a [`Connection`] to nftables can do besides calls and dumps.
pub trait NetfilterExt {
    /// Does the changes of a transaction, all or none.
    ///
    /// # Errors
    ///
    /// See [`CommitError`]. A transaction must go out in one datagram:
    /// [`nl_core::Error::TooLarge`] if the send buffer cannot be made large enough for it.
    fn commit(&mut self, transaction: &Transaction) -> Result<(), CommitError>;

    /// [`commit`](Self::commit), handing over what the kernel sends beside acknowledgements: the
    /// resulting objects of requests whose flags have `NLM_F_ECHO`.
    ///
    /// # Errors
    ///
    /// As [`commit`](Self::commit); and [`CommitError::EchoLost`], though it was done, if not all of them were received.
    fn commit_with(
        &mut self,
        transaction: &Transaction,
        each: impl FnMut(Message<'_>),
    ) -> Result<(), CommitError>;

    /// Has the kernel check a transaction without doing it, as `nft --check`.
    ///
    /// # Errors
    ///
    /// As [`commit`](Self::commit).
    fn check(&mut self, transaction: &Transaction) -> Result<(), CommitError>;

    /// The generation of the ruleset, which every change of it counts up.
    ///
    /// # Errors
    ///
    /// As [`Connection::get`].
    fn generation(&mut self) -> Result<u32, nl_core::Error>;
}

impl NetfilterExt for Connection<Netfilter> {
    fn commit(&mut self, transaction: &Transaction) -> Result<(), CommitError> {
        unheard(self.commit_with(transaction, |_| {}))
    }

    fn commit_with(
        &mut self,
        transaction: &Transaction,
        mut each: impl FnMut(Message<'_>),
    ) -> Result<(), CommitError> {
        let parts = transaction.parts(true);
        let mut echoed = false;
        let report = self.datagram(parts.iter(), |message| {
            echoed = true;
            each(message);
        })?;
        transaction.outcome(report, echoed)
    }

    fn check(&mut self, transaction: &Transaction) -> Result<(), CommitError> {
        let parts = transaction.parts(false);
        unheard(transaction.outcome(self.datagram(parts.iter(), |_| {})?, false))
    }

    fn generation(&mut self) -> Result<u32, nl_core::Error> {
        let generation = self.get(&GetGeneration)?;
        generation.view().id().ok_or(nl_core::Error::NoAnswer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::NewTable;

    struct Echo;

    impl Request for Echo {
        type Protocol = Netfilter;

        fn message_type(&self) -> u16 {
            NewTable::new(Family::INET, "t").message_type()
        }
        fn flags(&self) -> u16 {
            NLM_F_ECHO
        }
        fn write(&self, out: &mut Writer) {
            NewTable::new(Family::INET, "t").write(out);
        }
    }

    #[test]
    fn what_is_lost_leaves_open_only_what_nothing_tells() {
        let silent = Transaction::new().add(NewTable::new(Family::INET, "t"));
        let echo = Transaction::new().add(Echo);
        for (overrun, acknowledged, echoed, wanted) in [
            (false, false, false, ["done", "done"]),
            (false, true, true, ["done", "done"]),
            (true, true, false, ["done", "done, all but an echo"]),
            (true, false, true, ["done", "done, all but an echo"]),
            (true, false, false, ["open", "open"]),
        ] {
            for (transaction, wanted) in [&silent, &echo].into_iter().zip(wanted) {
                let report = DatagramReport {
                    overrun,
                    acknowledged,
                    ..DatagramReport::default()
                };
                let outcome = match transaction.outcome(report, echoed) {
                    Ok(()) => "done",
                    Err(CommitError::EchoLost) => "done, all but an echo",
                    Err(CommitError::Connection(nl_core::Error::Overrun)) => "open",
                    Err(error) => panic!("{error:?}"),
                };
                assert_eq!(outcome, wanted, "{overrun} {acknowledged} {echoed}");
            }
        }
        assert!(unheard(Err(CommitError::EchoLost)).is_ok());
    }
}
