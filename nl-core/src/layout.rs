//! A payload over many lines: the fixed header's fields on one, each attribute on its own, nests
//! indented.

use std::fmt::{self, Display, Formatter, Write};

use crate::attr::Attrs;
use crate::table::{Format, MAX_DEPTH, Table, fmt_value};

/// Writes `payload` as what `table` says it is; every line but the last ends in a newline.
pub(crate) fn payload(table: &'static Table, payload: &[u8], out: &mut impl Write) -> fmt::Result {
    let mut lines = Lines { out, first: true };
    lines.header(table, payload, 0)?;
    lines.attrs(table, payload.get(table.header_len..).unwrap_or(&[]), 0)
}

struct Lines<'o, W> {
    out: &'o mut W,
    first: bool,
}

impl<W: Write> Lines<'_, W> {
    /// Starts a line.
    fn line(&mut self, depth: u8) -> fmt::Result {
        if !self.first {
            self.out.write_char('\n')?;
        }
        self.first = false;
        (0..depth).try_for_each(|_| self.out.write_str("  "))
    }

    fn header(&mut self, table: &'static Table, payload: &[u8], depth: u8) -> fmt::Result {
        if table.header_len == 0 {
            return Ok(());
        }
        self.line(depth)?;
        let fields = by(|f| (table.fmt_header)(payload, f)).to_string();
        self.out.write_str(&fields_of(&plain(&fields)))
    }

    fn attrs(&mut self, table: &'static Table, bytes: &[u8], depth: u8) -> fmt::Result {
        for attr in Attrs::new(bytes) {
            self.line(depth)?;
            let attr = match attr {
                Ok(attr) => attr,
                Err(error) => {
                    write!(self.out, "damaged: {error}")?;
                    continue;
                }
            };
            let payload = attr.payload;
            write!(self.out, "{}:", table.attr_name(attr.number()))?;
            let format = match table.row(attr.number()) {
                Some(row) if depth < MAX_DEPTH => row.format,
                _ => Format::Bytes,
            };
            match (format, format.table(bytes)) {
                (Format::List(element), _) => {
                    for (n, attr) in Attrs::new(payload).enumerate() {
                        self.line(depth + 1)?;
                        match attr {
                            Ok(attr) => {
                                write!(self.out, "{}:", n + 1)?;
                                self.attrs(element, attr.payload, depth + 2)?;
                            }
                            Err(error) => write!(self.out, "damaged: {error}")?,
                        }
                    }
                }
                (_, Some(nested)) => {
                    self.header(nested, payload, depth + 1)?;
                    let attrs = payload.get(nested.header_len..).unwrap_or(&[]);
                    self.attrs(nested, attrs, depth + 1)?;
                }
                (format, None) => {
                    let value = by(|f| fmt_value(format, payload, f)).to_string();
                    self.out.write_char(' ')?;
                    match format {
                        Format::Struct(_) => self.out.write_str(&fields_of(&plain(&value)))?,
                        _ => self.out.write_str(&value)?,
                    }
                }
            }
        }
        Ok(())
    }
}

/// What a function prints.
struct By<F>(F);

fn by<F: Fn(&mut Formatter<'_>) -> fmt::Result>(print: F) -> By<F> {
    By(print)
}

impl<F: Fn(&mut Formatter<'_>) -> fmt::Result> Display for By<F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        (self.0)(f)
    }
}

/// The names of integers with a byte order, which say nothing about the value.
const WRAPPERS: &[&str] = &["U16(", "U32(", "U64(", "I16(", "I32(", "I64("];

/// `a: U32(5)` as `a: 5`.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, wrapper)) = WRAPPERS
        .iter()
        .filter_map(|wrapper| rest.find(wrapper).map(|at| (at, wrapper)))
        .min()
    {
        let (before, behind) = rest.split_at(at);
        let behind = behind.strip_prefix(wrapper).unwrap_or(behind);
        out.push_str(before);
        let digits = behind
            .find(|c: char| !c.is_ascii_digit() && c != '-')
            .unwrap_or(behind.len());
        let (number, behind) = behind.split_at(digits);
        rest = match behind.strip_prefix(')') {
            Some(behind) => {
                out.push_str(number);
                behind
            }
            None => {
                out.push_str(wrapper);
                out.push_str(number);
                behind
            }
        };
    }
    out.push_str(rest);
    out
}

/// The fields of a struct, `Name { a: 1, b: 2 }`, as `a 1, b 2`; of anything else, all of it.
fn fields_of(text: &str) -> String {
    let inside = text
        .split_once(" { ")
        .and_then(|(_, rest)| rest.strip_suffix(" }"));
    match inside {
        Some(inside) if !inside.contains(['{', '"']) => inside.replace(": ", " "),
        Some(inside) => inside.to_owned(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrappers_go_and_everything_else_stays() {
        for (text, want) in [
            ("Msg { a: U32(5), b: I32(-1), c: 3 }", "a 5, b -1, c 3"),
            ("Flags(U16(1) | \"U32(x\")", "Flags(1 | \"U32(x\")"),
            ("U16(7", "U16(7"),
            ("()", "()"),
            ("", ""),
        ] {
            assert_eq!(fields_of(&plain(text)), want);
        }
    }
}
