//! Bytes in hexadecimal, as people and tools write them, and in lists and strings of programming languages.

use super::{MAX_DATAGRAM, escape};

/// One datagram that is being read, line by line.
#[derive(Debug, Default)]
pub(super) struct Block {
    bytes: Vec<u8>,
    /// Whether lines had offsets, so that one that holds nothing else ends the block (`hexdump`).
    has_offsets: bool,
    /// The base of the offsets, once one was met that is not 0.
    radix: Option<u32>,
    /// Where in `bytes` the last line begins.
    last_line: usize,
    /// Whether the last line is repeated up to the next offset: `*`.
    repeats: bool,
    /// Whether we are between the braces or brackets of a list.
    in_list: bool,
    /// Whether that list has ended, and the datagram with it.
    is_closed: bool,
}

/// An offset and the columns behind it.
struct Row<'l> {
    offset: usize,
    radix: u32,
    columns: &'l str,
    /// Whether columns are numbers in the order of the machine that wrote them (`hexdump`, `od -x`).
    of_words: bool,
}

impl Block {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn clear(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        *self = Self {
            bytes,
            ..Self::default()
        };
    }

    /// Whether the datagram ends before this line: it is empty, or its offset starts over.
    pub(super) fn is_over(&self, line: &str) -> bool {
        if self.in_list {
            return false;
        }
        match self.row(line) {
            Some(row) => row.offset == 0 && !self.bytes.is_empty(),
            None => self.is_closed || line.trim().is_empty(),
        }
    }

    /// Appends a line's bytes; the error says which word is none.
    pub(super) fn add(&mut self, line: &str) -> Result<(), String> {
        if self.has_offsets && line.trim() == "*" {
            self.repeats = true;
            return Ok(());
        }
        if let Some(row) = self.row(line) {
            return self.add_row(&row);
        }
        let line = without_comment(line);
        if self.in_list {
            return self.add_list(line);
        }
        if self.has_offsets && !line.is_empty() {
            return Err(self.misplaced());
        }
        if let Some(strings) = strings(line) {
            self.is_closed = line.ends_with(';');
            return self.add_strings(strings);
        }
        // `unsigned char buffer[] =`, `unsigned int buffer_len = 56;`
        if line.ends_with('=') || (line.ends_with(';') && !line.contains(['{', '['])) {
            return Ok(());
        }
        if let Some((_, list)) = line.rsplit_once('{').or_else(|| line.rsplit_once('[')) {
            self.in_list = true;
            return self.add_list(list);
        }
        for word in line.split(|c: char| c.is_whitespace() || matches!(c, ',' | ':' | '-')) {
            self.word(word)?;
        }
        Ok(())
    }

    fn misplaced(&self) -> String {
        format!(
            "a row is missing: here the one at {:#x} is due",
            self.bytes.len()
        )
    }

    fn add_row(&mut self, row: &Row<'_>) -> Result<(), String> {
        let here = self.bytes.len();
        let is_in_place = match (self.repeats, row.columns.is_empty()) {
            (true, _) => row.offset >= here,
            // A last word that was filled up reaches further.
            (false, true) => row.offset <= here && row.offset.saturating_add(3) >= here,
            (false, false) => row.offset == here,
        };
        if !is_in_place {
            return Err(self.misplaced());
        }
        self.has_offsets = true;
        if row.offset > 0 {
            self.radix = Some(row.radix);
        }
        if self.repeats {
            self.repeats = false;
            if row.offset > MAX_DATAGRAM {
                return Err("the datagram is too long".into());
            }
            let line = self.bytes.get(self.last_line..).unwrap_or(&[]).to_vec();
            let missing = row.offset.saturating_sub(here);
            self.bytes.extend(line.iter().cycle().take(missing));
        }
        if row.columns.is_empty() {
            // The end: a last word may have been filled up.
            self.bytes.truncate(row.offset);
            return Ok(());
        }
        self.last_line = self.bytes.len();
        for word in row.columns.split_whitespace() {
            let number = |radix| u32::from_str_radix(word, radix).ok();
            let bytes = match (row.of_words, word.len()) {
                (true, 8) => number(16).map(|word| word.to_ne_bytes().to_vec()),
                (true, 6) => short(number(8)),
                (true, 4) => short(number(16)),
                (true, 3) => number(8).and_then(|byte| Some(vec![u8::try_from(byte).ok()?])),
                _ => {
                    self.word(word)?;
                    continue;
                }
            };
            self.bytes.extend(bytes.ok_or_else(|| wrong(word))?);
        }
        Ok(())
    }

    /// Numbers of a list, decimal unless they begin with `0x`.
    fn add_list(&mut self, line: &str) -> Result<(), String> {
        let end = line.find(['}', ']']);
        for word in line
            .get(..end.unwrap_or(line.len()))
            .unwrap_or(line)
            .split(|c: char| c.is_whitespace() || matches!(c, ',' | '{' | '['))
        {
            let is_decimal = word.bytes().all(|c| c.is_ascii_digit());
            match word.parse() {
                _ if word.is_empty() => {}
                Ok(byte) if is_decimal => self.bytes.push(byte),
                _ if word.starts_with("0x") || word.starts_with("0X") => self.word(word)?,
                _ => return Err(format!("\"{}\" is not a byte of a list", shown(word))),
            }
        }
        if end.is_some() {
            self.in_list = false;
            self.is_closed = true;
        }
        Ok(())
    }

    fn add_strings(&mut self, mut rest: &str) -> Result<(), String> {
        while let Some(start) = rest.find(['"', '\'']) {
            let (quote, behind) = rest.get(start..).unwrap_or("").split_at(1);
            let Some((bytes, behind)) = escape::string(behind, quote) else {
                return Err(format!("{} is not a string of bytes", shown(rest)));
            };
            self.bytes.extend(bytes);
            rest = behind;
        }
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), String> {
        for digits in word.split("\\x") {
            let number = digits
                .strip_prefix("0x")
                .or_else(|| digits.strip_prefix("0X"));
            if let Some(&[digit]) = number.map(str::as_bytes) {
                self.bytes.push(nibble(digit).ok_or_else(|| wrong(word))?);
                continue;
            }
            for pair in number.unwrap_or(digits).as_bytes().chunks(2) {
                let &[high, low] = pair else {
                    return Err(wrong(word));
                };
                let (Some(high), Some(low)) = (nibble(high), nibble(low)) else {
                    return Err(wrong(word));
                };
                self.bytes.push(high << 4 | low);
            }
        }
        Ok(())
    }

    /// The offset that a line begins with, and its columns of bytes without the text beside them.
    fn row<'l>(&self, line: &'l str) -> Option<Row<'l>> {
        if self.in_list {
            return None;
        }
        let line = line.trim();
        let (first, behind) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let columns = behind.trim_start();
        // `0010: …`, xxd, tcpdump: text follows two blanks.
        if let Some(number) = first.strip_suffix(':') {
            let digits = number.strip_prefix("0x").unwrap_or(number);
            let offset = usize::from_str_radix(digits, 16).ok();
            return offset.filter(|_| digits.len() >= 4).map(|offset| Row {
                offset,
                radix: 16,
                columns: columns.split_once("  ").map_or(columns, |(bytes, _)| bytes),
                of_words: false,
            });
        }
        // `00000010  …`, od, hexdump, wireshark: the number has to be the place that has been reached, and text stands
        // between bars or behind three blanks.
        let width = columns.split_whitespace().next().map_or(0, str::len);
        let is_alone = columns.is_empty() && self.has_offsets;
        let is_wider = width > 0 && (width < first.len() || first.len() % 2 == 1);
        let is_long = first.len() >= 5 || (first.len() == 4 && behind.starts_with([' ', '\t']));
        if !is_long || !(is_alone || is_wider) {
            return None;
        }
        let (offset, radix) = self.offset(first, width, is_alone)?;
        let columns = columns.split(['|', '>']).next().unwrap_or("");
        let of_words = matches!(width, 3 | 4 | 6 | 8);
        let columns = match columns.split_once("   ") {
            Some((bytes, _)) if !of_words => bytes,
            _ => columns,
        };
        Some(Row {
            offset,
            radix,
            columns,
            of_words,
        })
    }

    /// Reads an offset that has no colon, in the base in which it is where we are: `od` writes octal numbers, others
    /// hexadecimal ones.
    fn offset(&self, digits: &str, width: usize, is_alone: bool) -> Option<(usize, u32)> {
        let read = |radix| Some((usize::from_str_radix(digits, radix).ok()?, radix));
        let here = self.bytes.len();
        let guess = match digits.len() {
            // Before a `*`, with no line between it and the first.
            7 if width != 4 => 8,
            _ => 16,
        };
        if self.repeats {
            let there = read(self.radix.unwrap_or(guess))?;
            return (there.0 >= here).then_some(there);
        }
        // A last word that was filled up reaches further.
        let slack = if is_alone { 3 } else { 0 };
        let fits = |&(offset, _): &(usize, u32)| offset == 0 || offset.abs_diff(here) <= slack;
        let both = [16, 8].into_iter().filter_map(read);
        both.filter(fits)
            .find(|&(_, radix)| self.radix.is_none_or(|known| known == radix))
    }
}

fn short(word: Option<u32>) -> Option<Vec<u8>> {
    Some(u16::try_from(word?).ok()?.to_ne_bytes().to_vec())
}

fn nibble(c: u8) -> Option<u8> {
    u8::try_from(char::from(c).to_digit(16)?).ok()
}

fn shown(word: &str) -> String {
    let shown: String = word.chars().take(40).collect();
    shown.escape_debug().to_string()
}

fn wrong(word: &str) -> String {
    format!("\"{}\" is not hexadecimal bytes", shown(word))
}

/// The line without `# …`, `// …` and `/* … */`.
fn without_comment(line: &str) -> &str {
    let quote = line.find(['"', '\'']).unwrap_or(line.len());
    let starts = ["#", "//", "/*"].into_iter().filter_map(|c| line.find(c));
    let end = starts.min().filter(|&at| at < quote);
    line.get(..end.unwrap_or(line.len())).unwrap_or(line).trim()
}

/// From the first quote on, if the line has string literals.
fn strings(line: &str) -> Option<&str> {
    let start = line.find('"').or_else(|| Some(line.find("b'")? + 1))?;
    line.get(start..)
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
            "1415161718191A1B1C1D1E1F2021222324252627",
            "14:15:16:17:18:19:1a:1b:1c:1d:1e:1f:20:21:22:23:24:25:26:27",
            "0x14, 0x15, 0x16,0x17 # header\n18191a1b 1c1d1e1f 20212223 24252627",
            "\\x14\\x15\\x16\\x17\\x18\\x19\\x1a\\x1b\\x1c\\x1d\\x1e\\x1f\\x20\\x21\\x22\\x23\\x24\\x25\\x26\\x27",
            "00000000: 1415 1617 1819 1a1b 1c1d 1e1f 2021 2223  ........ #!\"\n00000010: 2425 2627                                $%&'",
            "\t0x0000:  1415 1617 1819 1a1b 1c1d 1e1f 2021 2223\n\t0x0010:  2425 2627",
            "00000000  14 15 16 17 18 19 1a 1b  1c 1d 1e 1f 20 21 22 23  |........ #!\"|\n00000010  24 25 26 27  |$%&'|\n00000014",
            "0000000 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f 20 21 22 23\n0000020 24 25 26 27\n0000024",
            "000000 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f 20 21 22 23\n000010 24 25 26 27\n000014",
            "0000000 024 025 026 027 030 031 032 033 034 035 036 037 040 041 042 043\n0000020 044 045 046 047\n0000024",
            "0000000 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f 20 21 22 23  >............ !\"<\n0000020 24 25 26 27  >$%&'<\n0000024",
            // Wireshark's.
            "0000  14 15 16 17 18 19 1a 1b 1c 1d 1e 1f 20 21 22 23   ........ #!\"\n0010  24 25 26 27                                       $%&'",
        ] {
            assert_eq!(read(text), Ok(vec![bytes.clone()]), "{text}");
        }
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn words_in_the_order_of_the_machine() {
        let bytes: Vec<u8> = (0x14..0x28).collect();
        for text in [
            "0000000 1514 1716 1918 1b1a 1d1c 1f1e 2120 2322\n0000010 2524 2726\n0000014",
            "0000000    1514    1716    1918    1b1a    1d1c    1f1e    2120    2322\n0000010    2524    2726\n0000014",
            "0000000 1514 1716 1918 1b1a 1d1c 1f1e 2120 2322\n0000020 2524 2726\n0000024",
            "0000000 17161514 1b1a1918 1f1e1d1c 23222120\n0000020 27262524\n0000024",
            "0000000 012424 013426 014430 015432 016434 017436 020440 021442\n0000020 022444 023446\n0000024",
        ] {
            assert_eq!(read(text), Ok(vec![bytes.clone()]), "{text}");
        }
        // An odd end is filled up.
        assert_eq!(
            read("0000000 1514 0016\n0000003"),
            Ok(vec![vec![0x14, 0x15, 0x16]])
        );
    }

    #[test]
    fn lists_and_strings_of_programming_languages() {
        let bytes = vec![vec![0x14, 0, 0x10, 0xff]];
        for text in [
            "unsigned char out_bin[] = {\n  0x14, 0x00, 0x10,\n  0xff\n};\nunsigned int out_bin_len = 4;",
            "static const uint8_t msg[4] =\n{\n\t0x14, 0x0, /* flags */\n\t0x10, 0xFF,\n};",
            "let bytes: [u8; 4] = [0x14, 0x00, 0x10, 0xff];",
            "[20, 0, 16, 255]",
            "[20 0 16 255]",
            "data := []byte{0x14, 0x00,\n 0x10, 0xff} // four",
            "b'\\x14\\x00\\x10\\xff'",
            "msg = b\"\\x14\\0\\x10\\xff\"",
            "char msg[] =\n  \"\\x14\\x00\"\n  \"\\020\\377\";",
        ] {
            assert_eq!(read(text), Ok(bytes.clone()), "{text}");
        }
        assert_eq!(
            read("a[] = {1};\nb[] = {\n\n2 };"),
            Ok(vec![vec![1], vec![2]])
        );
        assert!(read("{ 256 }").is_err());
        assert!(read("{ 1, x }").is_err());
    }

    #[test]
    fn lines_that_were_left_out_are_repeated() {
        let want = |len: usize| {
            let mut bytes = vec![1; 16];
            bytes.resize(len - 4, 0);
            bytes.extend([2; 4]);
            Ok(vec![bytes])
        };
        let ones = "01 ".repeat(16);
        let zeros = "00 ".repeat(16);
        let c = format!(
            "00000000  {ones}\n00000010  {zeros}\n*\n00000100  02 02 02 02 |....|\n00000104"
        );
        assert_eq!(read(&c), want(0x104));
        let od = format!("0000000 {ones}\n0000020 {zeros}\n*\n0000400 02 02 02 02\n0000404");
        assert_eq!(read(&od), want(0x104));
        assert_eq!(
            read(&format!("0000000 {zeros}\n*\n0000040")),
            Ok(vec![vec![0; 32]])
        );
        let endless = format!("00000000  {zeros}\n*\nffffffff0");
        assert!(read(&endless).is_err());
    }

    #[test]
    fn rows_that_are_not_in_their_places_are_refused() {
        let missing = |at: &str| Err(format!("a row is missing: here the one at {at} is due"));
        let row = "00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f";
        for (behind, at) in [
            ("00000020: 10", "0x10"),
            ("00000008: 10", "0x10"),
            ("00000011:", "0x10"),
            ("00000030  10", "0x10"),
            ("10 11", "0x10"),
            ("00000010: 10\n00000020: 11", "0x11"),
        ] {
            assert_eq!(read(&format!("00000000: {row}\n{behind}")), missing(at));
        }
        assert_eq!(read("00000010: 10"), missing("0x0"));
        assert_eq!(read("0x0010: 10"), missing("0x0"));
        let more = read(&format!("0000: {row}\n0010: 10\n# said\n0011: 11\n0012:"));
        assert_eq!(more.map(|all| all[0].len()), Ok(18));
        let repeated = format!("00000000: {row}\n*\n00000008: 10");
        assert_eq!(read(&repeated), missing("0x10"));
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
