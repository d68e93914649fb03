//! Bytes in hexadecimal, as people and tools write them.

/// One datagram that is being read, line by line.
#[derive(Debug, Default)]
pub(super) struct Block {
    bytes: Vec<u8>,
    /// Whether lines had offsets, so that one that holds nothing else ends the block (`hexdump`).
    has_offsets: bool,
}

impl Block {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.has_offsets = false;
    }

    /// Whether the datagram ends before this line: it is empty, or its offset starts over.
    pub(super) fn is_over(&self, line: &str) -> bool {
        let (offset, rest) = self.split_offset(line);
        match offset {
            Some(offset) => offset == 0 && !self.bytes.is_empty(),
            None => line.trim().is_empty() && rest.trim().is_empty(),
        }
    }

    /// Appends a line's bytes; the error says which word is none.
    pub(super) fn add(&mut self, line: &str) -> Result<(), String> {
        let (offset, rest) = self.split_offset(line);
        self.has_offsets |= offset.is_some();
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        for word in rest.split(|c: char| c.is_whitespace() || matches!(c, ',' | ':' | '-')) {
            self.word(word)?;
        }
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), String> {
        let wrong = || {
            let shown: String = word.chars().take(40).collect();
            format!("\"{}\" is not hexadecimal bytes", shown.escape_debug())
        };
        for digits in word.split("\\x") {
            let digits = digits.strip_prefix("0x").unwrap_or(digits);
            for pair in digits.as_bytes().chunks(2) {
                let &[high, low] = pair else {
                    return Err(wrong());
                };
                let digit = |c: u8| {
                    char::from(c)
                        .to_digit(16)
                        .and_then(|d| u8::try_from(d).ok())
                };
                let (Some(high), Some(low)) = (digit(high), digit(low)) else {
                    return Err(wrong());
                };
                self.bytes.push(high << 4 | low);
            }
        }
        Ok(())
    }

    /// The offset that a line begins with, and its columns of bytes without the text beside them.
    ///
    /// With a colon (`0010: …`, xxd, tcpdump), text follows two blanks; without one (`00000010  …`, od, hexdump -C) the
    /// number has to be the place that has been reached, and text stands between bars.
    fn split_offset<'l>(&self, line: &'l str) -> (Option<usize>, &'l str) {
        let line = line.trim();
        let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim_start();
        if let Some(number) = first.strip_suffix(':') {
            let digits = number.strip_prefix("0x").unwrap_or(number);
            if digits.len() >= 4
                && let Ok(offset) = usize::from_str_radix(digits, 16)
            {
                return (
                    Some(offset),
                    rest.split_once("  ").map_or(rest, |(bytes, _)| bytes),
                );
            }
        }
        let here = self.bytes.len();
        let reached = |radix| usize::from_str_radix(first, radix) == Ok(here) || is_zero(first);
        let is_last = rest.is_empty() && self.has_offsets;
        let is_wider = rest
            .split_whitespace()
            .next()
            .is_some_and(|word| word.len() < first.len());
        if first.len() >= 5 && (is_last || is_wider) && (reached(16) || reached(8)) {
            let offset = if is_zero(first) { 0 } else { here };
            return (
                Some(offset),
                rest.split_once('|').map_or(rest, |(bytes, _)| bytes),
            );
        }
        (None, line)
    }
}

fn is_zero(number: &str) -> bool {
    !number.is_empty() && number.bytes().all(|digit| digit == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Vec<u8>>, String> {
        let mut all = Vec::new();
        let mut block = Block::default();
        for line in text.lines() {
            if block.is_over(line) {
                all.push(block.bytes().to_vec());
                block.clear();
            }
            block.add(line)?;
        }
        all.push(block.bytes().to_vec());
        all.retain(|bytes| !bytes.is_empty());
        Ok(all)
    }

    #[test]
    fn forms_that_tools_write() {
        let bytes: Vec<u8> = (0x14..0x28).collect();
        for text in [
            "1415161718191a1b1c1d1e1f\n2021222324252627",
            "14:15:16:17:18:19:1a:1b:1c:1d:1e:1f:20:21:22:23:24:25:26:27",
            "0x14, 0x15, 0x16,0x17 # header\n18191a1b 1c1d1e1f 20212223 24252627",
            "\\x14\\x15\\x16\\x17\\x18\\x19\\x1a\\x1b\\x1c\\x1d\\x1e\\x1f\\x20\\x21\\x22\\x23\\x24\\x25\\x26\\x27",
            "00000000: 1415 1617 1819 1a1b 1c1d 1e1f 2021 2223  ........ #!\"\n00000010: 2425 2627                                $%&'",
            "\t0x0000:  1415 1617 1819 1a1b 1c1d 1e1f 2021 2223\n\t0x0010:  2425 2627",
            "00000000  14 15 16 17 18 19 1a 1b  1c 1d 1e 1f 20 21 22 23  |........ #!\"|\n00000010  24 25 26 27  |$%&'|\n00000014",
            "0000000 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f 20 21 22 23\n0000020 24 25 26 27\n0000024",
        ] {
            assert_eq!(read(text), Ok(vec![bytes.clone()]), "{text}");
        }
    }

    #[test]
    fn datagrams_end_at_empty_lines_and_at_offset_0() {
        let two = Ok(vec![vec![1, 2], vec![3]]);
        assert_eq!(read("01\n# same\n02\n\n03\n\n"), two);
        assert_eq!(read("0000: 01 02\n0000: 03"), two);
        assert_eq!(read("00000000  01 02\n00000000  03"), two);
    }

    #[test]
    fn what_is_no_hexadecimal_is_named() {
        assert_eq!(read("01 0"), Err("\"0\" is not hexadecimal bytes".into()));
        assert_eq!(
            read("hello"),
            Err("\"hello\" is not hexadecimal bytes".into())
        );
        assert!(read("0é").is_err());
    }
}
