//! Standard output of an applet: buffered, and a buffer in tests.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::{env, fmt};

/// Where an applet writes its data; messages for people in trouble go to standard error instead.
///
/// Writes are buffered until [`flush`](Write::flush) or [`finish`](Self::finish): an applet that prints over time
/// flushes after each line.
pub struct Output {
    sink: BufWriter<Box<dyn Write>>,
    color: bool,
}

impl Output {
    /// The process's standard output.
    pub fn stdout() -> Self {
        let stdout = io::stdout();
        let color =
            stdout.is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            sink: BufWriter::new(Box::new(stdout.lock())),
            color,
        }
    }

    /// Any other destination, never coloured.
    pub fn to(sink: impl Write + 'static) -> Self {
        Self {
            sink: BufWriter::new(Box::new(sink)),
            color: false,
        }
    }

    /// Whether colour is welcome here: a terminal, and no `NO_COLOR` in the environment (<https://no-color.org>).
    pub fn allows_color(&self) -> bool {
        self.color
    }

    /// Drops what is buffered and all that is written from now on.
    pub fn discard(&mut self) {
        let broken = std::mem::replace(&mut self.sink, BufWriter::new(Box::new(io::sink())));
        // Dropped as it is, it would try to write once more.
        drop(broken.into_parts());
    }

    /// Writes what is buffered.
    ///
    /// # Errors
    ///
    /// Those of write(2): a reader that went away is [`io::ErrorKind::BrokenPipe`].
    pub fn finish(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sink.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("color", &self.color)
            .finish_non_exhaustive()
    }
}
