//! String literals with C's escapes, in which strace, C and Python write bytes.

/// Reads a literal from behind its opening quote: the bytes, and what is behind the closing one.
///
/// `None` without an end, for a character that is more than a byte, or for an escape that nobody writes.
pub(super) fn string<'t>(text: &'t str, quote: &str) -> Option<(Vec<u8>, &'t str)> {
    let mut bytes = Vec::new();
    let mut rest = text;
    loop {
        let (next, behind) = split_first(rest)?;
        rest = behind;
        if quote.as_bytes() == [next] {
            return Some((bytes, rest));
        }
        if next != b'\\' {
            bytes.push(next);
            continue;
        }
        let (escape, behind) = split_first(rest)?;
        rest = behind;
        let byte = match escape {
            b'x' => number(&mut rest, 16, 2)?,
            b'0'..=b'7' => {
                rest = text.get(text.len() - behind.len() - 1..)?;
                number(&mut rest, 8, 3)?
            }
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'v' => 0x0b,
            b'f' => 0x0c,
            b'a' => 0x07,
            b'b' => 0x08,
            b'e' => 0x1b,
            b'\\' | b'"' | b'\'' => escape,
            _ => return None,
        };
        bytes.push(byte);
    }
}

fn split_first(text: &str) -> Option<(u8, &str)> {
    let next = *text.as_bytes().first()?;
    Some((next, text.get(1..)?))
}

/// Up to so many digits.
fn number(rest: &mut &str, radix: u32, most: usize) -> Option<u8> {
    let digits = rest.bytes().take(most);
    let len = digits
        .take_while(|&c| char::from(c).is_digit(radix))
        .count();
    let (digits, behind) = rest.split_at_checked(len)?;
    *rest = behind;
    u8::from_str_radix(digits, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_as_c_reads_them() {
        assert_eq!(
            string("8\\0\\30\\5\\6\\x0a\\\"\\n\\\\\\377\\1012\"..., 9", "\""),
            Some((b"8\0\x18\x05\x06\n\"\n\\\xffA2".to_vec(), "..., 9"))
        );
        assert_eq!(string("'\"", "\""), Some((b"'".to_vec(), "")));
        for bad in ["", "a", "\\", "\\x\"", "\\q\"", "é\"", "\\777\""] {
            assert_eq!(string(bad, "\""), None, "{bad}");
        }
    }
}
