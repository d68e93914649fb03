//! Transactions over tokio, against the running kernel.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nl_core::Errno;
use nl_core::tokio::AsyncConnection;
use nl_netfilter::tokio::AsyncNetfilterExt;
use nl_netfilter::{CommitError, Family, GetTables, Netfilter, NewChain, NewTable, Transaction};

#[test]
fn transactions_are_done_refused_checked_and_stale_as_the_blocking_ones() {
    nl_netns::isolate!(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut nf = AsyncConnection::<Netfilter>::open().unwrap();
            let table = || Transaction::new().add(NewTable::new(Family::INET, "t"));
            let before = nf.generation().await.unwrap();
            nf.check(&table()).await.unwrap();
            assert_eq!(nf.generation().await.unwrap(), before);
            nf.commit(&table()).await.unwrap();
            assert_ne!(nf.generation().await.unwrap(), before);
            assert_eq!(
                nf.collect(&GetTables {
                    family: Family::INET
                })
                .await
                .unwrap()
                .len(),
                1
            );

            let stale = nf.commit(&table().expect_generation(before)).await;
            assert!(matches!(stale, Err(CommitError::Stale)), "{stale:?}");
            let orphan = table().add(NewChain::new(Family::INET, "nope", "c"));
            let refused = nf.commit(&orphan).await.unwrap_err();
            let refusal = refused.refusal().unwrap();
            assert_eq!(
                (refusal.index, refusal.error.errno),
                (Some(1), Errno::ENOENT)
            );
        });
    });
}

#[test]
fn futures_are_send() {
    fn is_send(_: impl Send) {}
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut nf = AsyncConnection::<Netfilter>::open().unwrap();
        is_send(nf.commit(&Transaction::new()));
        is_send(nf.check(&Transaction::new()));
    });
}
