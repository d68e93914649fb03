//! Counters: `-statistics`.

use nl_route::link::{IFLA_STATS64, LinkView, Stats64};

use crate::ip::doc::Doc;
use crate::ip::options::Options;

/// The width of each column before the numbers ask for more.
const WIDTHS: [usize; 7] = [10, 7, 6, 7, 7, 7, 10];

/// Where `rx_nohandler` stands in `struct rtnl_link_stats64`: kernels before 4.6 do not send it.
const RX_NOHANDLER: usize = 23 * 8;

/// Counters that came later than the others, or stand elsewhere.
#[derive(Clone, Copy)]
struct Late {
    carrier_changes: u64,
    rx_nohandler: u64,
}

/// One line of numbers and the words above it.
struct Row {
    title: &'static str,
    words: [&'static str; 7],
    numbers: [u64; 7],
}

/// The counters of a link, on lines of their own; they begin or end with the line's end.
pub(in crate::ip) fn show(options: &Options, link: &LinkView<'_>, doc: &mut Doc, begins: bool) {
    let Some(stats) = link.stats64() else {
        return;
    };
    let errors_too = options.statistics > 1;
    let late = Late {
        carrier_changes: link.carrier_changes().unwrap_or(0).into(),
        rx_nohandler: link
            .raw(IFLA_STATS64)
            .and_then(|bytes| bytes.get(RX_NOHANDLER..RX_NOHANDLER + 8))
            .and_then(|bytes| bytes.try_into().ok())
            .map_or(0, u64::from_ne_bytes),
    };
    let rows = rows(stats, late);
    json(stats, late, errors_too, doc);

    let rows: Vec<Row> = rows
        .into_iter()
        .filter(|row| errors_too || !row.title.ends_with("errors:"))
        .collect();
    let mut widths = WIDTHS;
    for row in &rows {
        for (width, number) in widths.iter_mut().zip(row.numbers) {
            *width = (*width).max(shown(number, options).len());
        }
    }
    for (n, row) in rows.iter().enumerate() {
        if begins || n > 0 {
            doc.newline();
        }
        row.show(&widths, options, doc);
    }
    if !begins {
        doc.newline();
    }
}

fn rows(stats: &Stats64, late: Late) -> [Row; 4] {
    let compressed = |count: u64| if count > 0 { "compressed" } else { "" };
    let nohandler = |count: u64| if count > 0 { "nohandler" } else { "" };
    [
        Row {
            title: "RX:",
            words: [
                "bytes",
                "packets",
                "errors",
                "dropped",
                "missed",
                "mcast",
                compressed(stats.rx_compressed.get()),
            ],
            numbers: [
                stats.rx_bytes.get(),
                stats.rx_packets.get(),
                stats.rx_errors.get(),
                stats.rx_dropped.get(),
                stats.rx_missed_errors.get(),
                stats.multicast.get(),
                stats.rx_compressed.get(),
            ],
        },
        Row {
            title: "RX errors:",
            words: [
                "",
                "length",
                "crc",
                "frame",
                "fifo",
                "overrun",
                nohandler(late.rx_nohandler),
            ],
            numbers: [
                0,
                stats.rx_length_errors.get(),
                stats.rx_crc_errors.get(),
                stats.rx_frame_errors.get(),
                stats.rx_fifo_errors.get(),
                stats.rx_over_errors.get(),
                late.rx_nohandler,
            ],
        },
        Row {
            title: "TX:",
            words: [
                "bytes",
                "packets",
                "errors",
                "dropped",
                "carrier",
                "collsns",
                compressed(stats.tx_compressed.get()),
            ],
            numbers: [
                stats.tx_bytes.get(),
                stats.tx_packets.get(),
                stats.tx_errors.get(),
                stats.tx_dropped.get(),
                stats.tx_carrier_errors.get(),
                stats.collisions.get(),
                stats.tx_compressed.get(),
            ],
        },
        Row {
            title: "TX errors:",
            words: ["", "aborted", "fifo", "window", "heartbt", "transns", ""],
            numbers: [
                0,
                stats.tx_aborted_errors.get(),
                stats.tx_fifo_errors.get(),
                stats.tx_window_errors.get(),
                stats.tx_heartbeat_errors.get(),
                late.carrier_changes,
                0,
            ],
        },
    ]
}

impl Row {
    fn show(&self, widths: &[usize; 7], options: &Options, doc: &mut Doc) {
        let mut head = format!("    {}", self.title);
        let mut line = String::from("   ");
        let last = self.words.len() - 1;
        for (n, ((word, width), number)) in
            self.words.iter().zip(widths).zip(self.numbers).enumerate()
        {
            let is_error = self.title.ends_with("errors:");
            match n {
                // The title takes the room of the first column.
                0 => head.push_str(&format!(
                    "{word:>0$}",
                    (4 + width).saturating_sub(head.len())
                )),
                _ if n == last && is_error && word.is_empty() => {}
                _ => head.push_str(&format!(" {word:>width$}")),
            }
            let blank = n == last && word.is_empty();
            if n == 0 && is_error {
                line.push_str(&format!(" {:>width$}", ""));
            } else if !blank {
                line.push_str(&format!(" {:>width$}", shown(number, options)));
            }
        }
        line.push(' ');
        doc.text(head).newline().text(line);
    }
}

/// A number as a column shows it.
fn shown(number: u64, options: &Options) -> String {
    const UNITS: [&str; 6] = ["K", "M", "G", "T", "P", "E"];
    let base: u64 = if options.iec { 1024 } else { 1000 };
    if !options.human || number < base {
        return number.to_string();
    }
    let mut unit = base;
    let mut name = "K";
    for candidate in UNITS.get(1..).unwrap_or_default() {
        match unit.checked_mul(base) {
            Some(next) if number >= next => {
                unit = next;
                name = candidate;
            }
            _ => break,
        }
    }
    let suffix = if options.iec { "i" } else { "" };
    let hundredths = u128::from(number) * 100 / u128::from(unit);
    format!("{}.{:02}{name}{suffix}", hundredths / 100, hundredths % 100)
}

fn json(stats: &Stats64, late: Late, errors_too: bool, doc: &mut Doc) {
    doc.object("stats64", |doc| {
        doc.object("rx", |rx| {
            rx.json("bytes", stats.rx_bytes.get());
            rx.json("packets", stats.rx_packets.get());
            rx.json("errors", stats.rx_errors.get());
            rx.json("dropped", stats.rx_dropped.get());
            rx.json("over_errors", stats.rx_over_errors.get());
            rx.json("multicast", stats.multicast.get());
            if stats.rx_compressed.get() > 0 {
                rx.json("compressed", stats.rx_compressed.get());
            }
            if errors_too {
                rx.json("length_errors", stats.rx_length_errors.get());
                rx.json("crc_errors", stats.rx_crc_errors.get());
                rx.json("frame_errors", stats.rx_frame_errors.get());
                rx.json("fifo_errors", stats.rx_fifo_errors.get());
                rx.json("missed_errors", stats.rx_missed_errors.get());
                if late.rx_nohandler > 0 {
                    rx.json("nohandler", late.rx_nohandler);
                }
            }
        });
        doc.object("tx", |tx| {
            tx.json("bytes", stats.tx_bytes.get());
            tx.json("packets", stats.tx_packets.get());
            tx.json("errors", stats.tx_errors.get());
            tx.json("dropped", stats.tx_dropped.get());
            tx.json("carrier_errors", stats.tx_carrier_errors.get());
            tx.json("collisions", stats.collisions.get());
            if stats.tx_compressed.get() > 0 {
                tx.json("compressed", stats.tx_compressed.get());
            }
            if errors_too {
                tx.json("aborted_errors", stats.tx_aborted_errors.get());
                tx.json("fifo_errors", stats.tx_fifo_errors.get());
                tx.json("window_errors", stats.tx_window_errors.get());
                tx.json("heartbeat_errors", stats.tx_heartbeat_errors.get());
                tx.json("carrier_changes", late.carrier_changes);
            }
        });
    });
}
