//! Statistics of a link's driver.

use std::io;
use std::os::fd::AsFd;

use nl_core::Error;

use super::target::NAME_MAX;
use crate::sys::ethtool;

/// `ETHTOOL_GSTRINGS`, `ETHTOOL_GSTATS` and `ETHTOOL_GSSET_INFO`. Source: include/uapi/linux/ethtool.h, as below.
const GSTRINGS: u32 = 0x1b;
const GSTATS: u32 = 0x1d;
const GSSET_INFO: u32 = 0x37;
/// The set of strings that name the statistics, `ETH_SS_STATS`.
const SS_STATS: u32 = 1;
/// Length of a name, NULs included: `ETH_GSTRING_LEN`.
const NAME_LEN: usize = 32;
/// More than any driver has; a larger number is not believed.
const MOST: u32 = 1 << 16;

/// One number that a driver counts, or tells in the guise of a statistic: `peer_ifindex` of a veth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverStat {
    /// The driver's name for it, at most 32 bytes.
    pub name: String,
    /// Its value.
    pub value: u64,
}

/// The statistics that a link's driver has beside the [usual ones](super::Stats64), in its order; none for many drivers.
///
/// `socket` is any socket of the link's namespace: a [`Connection`](nl_core::Connection) will do. The kernel
/// answers this question by `ioctl` alone.
///
/// ```no_run
/// use nl_route::link::driver_stats;
/// use nl_route::{Connection, Route};
///
/// let rt = Connection::<Route>::open()?;
/// let stats = driver_stats(&rt, "v0")?;
/// let peer = stats.iter().find(|stat| stat.name == "peer_ifindex");
/// # Ok::<(), nl_route::Error>(())
/// ```
///
/// Equivalent to `ethtool -S NAME`.
///
/// # Errors
///
/// [`Error::Io`] with `ENODEV` if there is no such link, and with what the driver fails with.
pub fn driver_stats(socket: &impl AsFd, name: &str) -> Result<Vec<DriverStat>, Error> {
    if name.len() > NAME_MAX || name.contains('\0') {
        let error = io::Error::from(io::ErrorKind::InvalidInput);
        return Err(Error::io("read driver statistics")(error));
    }
    let mut device = [0; libc::IFNAMSIZ];
    for (to, from) in device.iter_mut().zip(name.bytes()) {
        *to = from;
    }
    let ask = |operation, words: &[u32], answer| {
        ethtool(socket.as_fd(), &device, words, answer).map_err(Error::io(operation))
    };

    // struct ethtool_sset_info: cmd, reserved, a u64 with the bits of the sets, which are kept where there is such a
    // set, and their sizes.
    let [low, high] = halves(1 << SS_STATS);
    let info = ask(
        "read the number of driver statistics",
        &[GSSET_INFO, 0, low, high],
        4,
    )?;
    let count = match (
        words(&info).nth(2),
        words(&info).nth(3),
        words(&info).nth(4),
    ) {
        (Some(low_there), Some(high_there), Some(count))
            if [low_there, high_there] == [low, high] =>
        {
            count
        }
        _ => 0,
    };
    if count == 0 {
        return Ok(Vec::new());
    }
    let size = usize::try_from(count)
        .ok()
        .filter(|_| count <= MOST)
        .ok_or_else(|| io::Error::other(format!("the driver claims {count} statistics")))
        .map_err(Error::io("read driver statistics"))?;

    // struct ethtool_gstrings: cmd, string_set, len, names. struct ethtool_stats: cmd, n_stats, numbers.
    let names = ask(
        "read the names of driver statistics",
        &[GSTRINGS, SS_STATS, count],
        size * NAME_LEN,
    )?;
    let values = ask(
        "read driver statistics",
        &[GSTATS, count],
        size * size_of::<u64>(),
    )?;
    let names = names.get(12..).unwrap_or_default().chunks_exact(NAME_LEN);
    let values = values
        .get(8..)
        .unwrap_or_default()
        .chunks_exact(size_of::<u64>());
    Ok(names
        .zip(values)
        .map(|(name, value)| DriverStat {
            name: text(name),
            value: value.try_into().map_or(0, u64::from_ne_bytes),
        })
        .collect())
}

/// A u64 as two words, as it lies in memory.
fn halves(number: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = number.to_ne_bytes();
    [[a, b, c, d], [e, f, g, h]].map(u32::from_ne_bytes)
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes
        .chunks_exact(4)
        .filter_map(|word| word.try_into().ok().map(u32::from_ne_bytes))
}

fn text(name: &[u8]) -> String {
    let end = name
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(name.len());
    String::from_utf8_lossy(name.get(..end).unwrap_or_default()).into_owned()
}
