//! [`AsyncNetfilterExt`]: transactions over tokio (feature `tokio`).
//!
//! ```no_run
//! use nl_core::tokio::AsyncConnection;
//! use nl_netfilter::tokio::AsyncNetfilterExt;
//! use nl_netfilter::{CommitError, Family, Netfilter, NewTable, Transaction};
//!
//! # async fn run() -> Result<(), CommitError> {
//! let mut nf = AsyncConnection::<Netfilter>::open()?;
//! nf.commit(&Transaction::new().add(NewTable::new(Family::INET, "t"))).await?;
//! # Ok(())
//! # }
//! ```
//!
//! The kernel works a transaction off while it is sent, so a large one keeps its thread for as long: some 50 ms for
//! 100,000 elements.

use std::future::Future;

use nl_core::Message;
use nl_core::tokio::AsyncConnection;

use crate::batch::{CommitError, GetGeneration, Transaction, unheard};
use crate::nfgen::Netfilter;

/// What an [`AsyncConnection`] to nftables can do besides calls and dumps; [`NetfilterExt`](crate::NetfilterExt),
/// awaited. A future that is dropped before its first poll has sent nothing; later the transaction is done.
pub trait AsyncNetfilterExt {
    /// As [`NetfilterExt::commit`](crate::NetfilterExt::commit).
    ///
    /// # Errors
    ///
    /// The same.
    fn commit(
        &mut self,
        transaction: &Transaction,
    ) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// As [`NetfilterExt::commit_with`](crate::NetfilterExt::commit_with).
    ///
    /// # Errors
    ///
    /// The same.
    fn commit_with(
        &mut self,
        transaction: &Transaction,
        each: impl FnMut(Message<'_>) + Send,
    ) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// As [`NetfilterExt::check`](crate::NetfilterExt::check).
    ///
    /// # Errors
    ///
    /// The same.
    fn check(
        &mut self,
        transaction: &Transaction,
    ) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// As [`NetfilterExt::generation`](crate::NetfilterExt::generation).
    ///
    /// # Errors
    ///
    /// The same.
    fn generation(&mut self) -> impl Future<Output = Result<u32, nl_core::Error>> + Send;
}

impl AsyncNetfilterExt for AsyncConnection<Netfilter> {
    async fn commit(&mut self, transaction: &Transaction) -> Result<(), CommitError> {
        unheard(self.commit_with(transaction, |_| {}).await)
    }

    async fn commit_with(
        &mut self,
        transaction: &Transaction,
        mut each: impl FnMut(Message<'_>) + Send,
    ) -> Result<(), CommitError> {
        let parts = transaction.parts(true);
        let mut echoed = false;
        let each = |message: Message<'_>| {
            echoed = true;
            each(message);
        };
        let report = self.datagram(parts.iter(), each).await?;
        transaction.outcome(report, echoed)
    }

    async fn check(&mut self, transaction: &Transaction) -> Result<(), CommitError> {
        let parts = transaction.parts(false);
        let report = self.datagram(parts.iter(), |_| {}).await?;
        unheard(transaction.outcome(report, false))
    }

    async fn generation(&mut self) -> Result<u32, nl_core::Error> {
        let generation = self.get(&GetGeneration).await?;
        generation.view().id().ok_or(nl_core::Error::NoAnswer)
    }
}
