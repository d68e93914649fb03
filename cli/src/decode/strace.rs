//! Lines of strace that hold bytes.

/// What a line of a trace is.
pub(super) enum Line<'l> {
    /// A row of a dump, `| 00010  24 25 …  text |`: offset and bytes.
    Dump(&'l str),
    /// A system call that moves data.
    Call(Strings),
    /// Another system call.
    Else,
    /// Anything else.
    Other,
}

/// The data in a system call.
pub(super) struct Strings {
    /// Each string of escapes; `None` for one that strace cut short.
    pub(super) found: Vec<Option<Vec<u8>>>,
    /// Whether there are messages in strace's words.
    pub(super) in_words: bool,
}

const CALLS: &[&str] = &[
    "sendto(",
    "sendmsg(",
    "sendmmsg(",
    "send(",
    "write(",
    "writev(",
    "recvfrom(",
    "recvmsg(",
    "recvmmsg(",
    "recv(",
    "read(",
    "readv(",
];

impl<'l> Line<'l> {
    pub(super) fn of(line: &'l str) -> Self {
        let trimmed = line.trim();
        if let Some(row) = trimmed.strip_prefix("| ")
            && let Some((offset, rest)) = row.trim_start().split_once("  ")
            && offset.len() >= 5
            && offset.bytes().all(|c| c.is_ascii_hexdigit())
        {
            // 16 bytes in two halves are 48 columns wide; then comes the text.
            let end = rest.char_indices().nth(48).map_or(rest.len(), |(at, _)| at);
            let columns = offset.len() + 2 + end;
            let row = row.trim_start();
            return Self::Dump(row.get(..columns).unwrap_or(row));
        }
        if CALLS.iter().any(|call| trimmed.contains(call)) {
            // Strings among strace's words are names in attributes.
            let in_words = trimmed.contains("nlmsg_len=");
            let found = if in_words {
                Vec::new()
            } else {
                strings(trimmed)
            };
            return Self::Call(Strings { found, in_words });
        }
        match trimmed.split_once('(') {
            Some((name, _)) if name.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_') => {
                Self::Else
            }
            _ => Self::Other,
        }
    }
}

/// The strings of a line that are long enough for a message and nothing but `\x` escapes.
fn strings(line: &str) -> Vec<Option<Vec<u8>>> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some((_, behind)) = rest.split_once('"') {
        let Some((inside, behind)) = behind.split_once('"') else {
            break;
        };
        rest = behind;
        let Some(bytes) = escapes(inside) else {
            continue;
        };
        if behind.starts_with("...") {
            found.push(None);
        } else if bytes.len() >= nl_core::header::HEADER_LEN {
            found.push(Some(bytes));
        }
    }
    found
}

fn escapes(text: &str) -> Option<Vec<u8>> {
    let text = text.strip_prefix("\\x")?;
    text.split("\\x")
        .map(|digits| match digits.len() {
            2 => u8::from_str_radix(digits, 16).ok(),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_lose_their_text() {
        let line =
            " | 00010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 20  ............... |\n";
        let Line::Dump(row) = Line::of(line) else {
            panic!("no row");
        };
        assert_eq!(
            row.trim_end(),
            "00010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 20"
        );
    }

    #[test]
    fn strings_of_escapes_are_data() {
        let data = "\\x14".repeat(16);
        let Line::Call(call) = Line::of(&format!(
            "[pid 1] sendto(3, \"{data}\", 16, 0, NULL, 0) = 16"
        )) else {
            panic!("no call");
        };
        assert_eq!(call.found, [Some(vec![0x14; 16])]);
        let Line::Call(call) = Line::of(&format!("write(3, \"{data}\"..., 99) = 99")) else {
            panic!("no call");
        };
        assert_eq!(call.found, [None]);
    }
}
