//! `RTA_METRICS`: path properties that a route carries, and those that it locks.

use nl_core::Writer;
use nl_core::kind::{Text, U32};

use super::RTA_METRICS;

nl_core::attrs! {
    /// `RTAX_*`: what `RTA_METRICS` holds. Source: include/uapi/linux/rtnetlink.h.
    pub table METRIC_ATTRS: (), view MetricsView, writer MetricsWriter;
    values {
        /// Bit mask of the metrics that the kernel must not change by itself: bit n for `RTAX_*` n.
        RTAX_LOCK = 1, lock: U32;
        /// Path MTU in bytes.
        RTAX_MTU = 2, mtu: U32;
        /// Largest TCP window, in bytes.
        RTAX_WINDOW = 3, window: U32;
        /// Round trip time, in eighths of a millisecond.
        RTAX_RTT = 4, rtt: U32;
        /// Variance of the round trip time, in quarters of a millisecond.
        RTAX_RTTVAR = 5, rttvar: U32;
        /// Slow start threshold, in segments.
        RTAX_SSTHRESH = 6, ssthresh: U32;
        /// Clamp for the congestion window, in segments.
        RTAX_CWND = 7, cwnd: U32;
        /// MSS to advertise, in bytes.
        RTAX_ADVMSS = 8, advmss: U32;
        /// Reordering degree.
        RTAX_REORDERING = 9, reordering: U32;
        /// TTL or hop limit.
        RTAX_HOPLIMIT = 10, hoplimit: U32;
        /// Initial congestion window, in segments.
        RTAX_INITCWND = 11, initcwnd: U32;
        /// Features: 1 ECN, 2 SACK, 4 timestamps, 8 allfrag.
        RTAX_FEATURES = 12, features: U32;
        /// Shortest retransmission timeout, in milliseconds.
        RTAX_RTO_MIN = 13, rto_min: U32;
        /// Initial receive window, in segments.
        RTAX_INITRWND = 14, initrwnd: U32;
        /// Quick acknowledgements: 0 or 1.
        RTAX_QUICKACK = 15, quickack: U32;
        /// Name of the congestion control algorithm, sent without NUL.
        RTAX_CC_ALGO = 16, cc_algo: Text;
        /// TCP fast open without a cookie: 0 or 1.
        RTAX_FASTOPEN_NO_COOKIE = 17, fastopen_no_cookie: U32;
    }
}

/// `RTAX_FEATURE_ECN` in `RTAX_FEATURES`.
pub const RTAX_FEATURE_ECN: u32 = 1;

const COUNT: usize = 18;

/// The metrics that a [`NewRoute`](super::NewRoute) sets.
///
/// ```
/// use nl_route::route::{METRIC_NAMES, RTAX_MTU, RouteMetrics};
///
/// let metrics = RouteMetrics::default().set(RTAX_MTU, 1400).lock(RTAX_MTU);
/// assert_eq!(metrics.get(RTAX_MTU), Some(1400));
/// assert!(METRIC_NAMES.contains(&("mtu", RTAX_MTU)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RouteMetrics {
    values: [u32; COUNT],
    /// Bit n: `values[n]` is set.
    present: u32,
    lock: u32,
    cc_algo: Option<String>,
}

/// The words of ip-route(8) and the metrics that they set.
pub const METRIC_NAMES: &[(&str, u16)] = &[
    ("mtu", RTAX_MTU),
    ("window", RTAX_WINDOW),
    ("rtt", RTAX_RTT),
    ("rttvar", RTAX_RTTVAR),
    ("ssthresh", RTAX_SSTHRESH),
    ("cwnd", RTAX_CWND),
    ("advmss", RTAX_ADVMSS),
    ("reordering", RTAX_REORDERING),
    ("hoplimit", RTAX_HOPLIMIT),
    ("initcwnd", RTAX_INITCWND),
    ("features", RTAX_FEATURES),
    ("rto_min", RTAX_RTO_MIN),
    ("initrwnd", RTAX_INITRWND),
    ("quickack", RTAX_QUICKACK),
    ("congctl", RTAX_CC_ALGO),
    ("fastopen_no_cookie", RTAX_FASTOPEN_NO_COOKIE),
];

impl RouteMetrics {
    /// Sets a metric by its number, `RTAX_MTU` to `RTAX_FASTOPEN_NO_COOKIE`; other numbers set nothing.
    #[must_use]
    pub fn set(mut self, metric: u16, value: u32) -> Self {
        if metric > RTAX_LOCK
            && metric != RTAX_CC_ALGO
            && let Some(slot) = self.values.get_mut(usize::from(metric))
        {
            *slot = value;
            self.present |= 1 << metric;
        }
        self
    }

    /// Forbids the kernel to change a metric by itself.
    #[must_use]
    pub fn lock(mut self, metric: u16) -> Self {
        if usize::from(metric) < COUNT {
            self.lock |= 1 << metric;
        }
        self
    }

    /// Sets the congestion control algorithm by its name.
    #[must_use]
    pub fn cc_algo(mut self, name: impl Into<String>) -> Self {
        self.cc_algo = Some(name.into());
        self
    }

    /// The value that is set for a metric.
    #[must_use]
    pub fn get(&self, metric: u16) -> Option<u32> {
        let value = self.values.get(usize::from(metric))?;
        (self.present & (1 << metric) != 0).then_some(*value)
    }

    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.present == 0 && self.lock == 0 && self.cc_algo.is_none()
    }

    pub(super) fn write(&self, out: &mut Writer) {
        // Without NLA_F_NESTED, which `ip` does not set either: older kernels compare the whole type.
        out.attr_with(RTA_METRICS, |out| {
            for (metric, &value) in (0u16..).zip(&self.values) {
                if self.present & (1 << metric) != 0 {
                    out.attr::<U32>(metric, value);
                }
            }
            if let Some(name) = &self.cc_algo {
                out.attr::<Text>(RTAX_CC_ALGO, name);
            }
            if self.lock != 0 {
                out.attr::<U32>(RTAX_LOCK, self.lock);
            }
        });
    }
}

impl From<&MetricsView<'_>> for RouteMetrics {
    /// The metrics of a route that was read, to be set again.
    fn from(view: &MetricsView<'_>) -> Self {
        let mut metrics = Self::default();
        for attr in view.attrs().flatten() {
            if let Ok(value) = attr.payload.try_into() {
                metrics = metrics.set(attr.number(), u32::from_ne_bytes(value));
            }
        }
        metrics.lock = view.lock().unwrap_or(0);
        metrics.cc_algo = view.cc_algo().map(str::to_owned);
        metrics
    }
}
