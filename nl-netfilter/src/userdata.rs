//! Userdata: bytes that the kernel keeps for who made an object, in the form that nft reads.
//!
//! ```text
//! +------------+-----------+----------------------+
//! | type (u8)  | len (u8)  | len bytes, no padding|  … one after the other
//! +------------+-----------+----------------------+
//! ```
//!
//! Numbers are in host order; strings end with a NUL, which counts.

/// Comment of a table, chain, rule, object or element.
pub const COMMENT: u8 = 0;
/// Byte order of a set's key: 0 unknown, 1 host, 2 network.
pub const SET_KEY_BYTEORDER: u8 = 0;
/// Byte order of a map's data.
pub const SET_DATA_BYTEORDER: u8 = 1;
/// Whether nft merges adjacent elements.
pub const SET_MERGE_ELEMENTS: u8 = 2;
/// Whether a map's data is intervals.
pub const SET_DATA_INTERVAL: u8 = 6;
/// Comment of a set.
pub const SET_COMMENT: u8 = 7;
/// Flags of an element; bit 0: an interval that is open at its end.
pub const ELEM_FLAGS: u8 = 1;

/// The longest userdata that the kernel takes, `NFT_USERDATA_MAXLEN`.
pub const MAX_LEN: usize = 256;

/// The value of an entry in userdata, if it is there and nothing before it is cut off.
#[must_use]
pub fn find(userdata: &[u8], wanted: u8) -> Option<&[u8]> {
    let mut rest = userdata;
    while let [kind, len, behind @ ..] = rest {
        let (value, next) = behind.split_at_checked(usize::from(*len))?;
        if *kind == wanted {
            return Some(value);
        }
        rest = next;
    }
    None
}

/// A string entry, without its NUL.
#[must_use]
pub fn find_str(userdata: &[u8], wanted: u8) -> Option<&str> {
    let value = find(userdata, wanted)?;
    std::str::from_utf8(value.strip_suffix(&[0]).unwrap_or(value)).ok()
}

/// A number entry.
#[must_use]
pub fn find_u32(userdata: &[u8], wanted: u8) -> Option<u32> {
    find(userdata, wanted)?
        .try_into()
        .ok()
        .map(u32::from_ne_bytes)
}

/// Appends an entry; a value of more than 255 bytes is cut there, since its length has one byte.
pub fn push(userdata: &mut Vec<u8>, kind: u8, value: &[u8]) {
    let len = u8::try_from(value.len()).unwrap_or(u8::MAX);
    userdata.extend_from_slice(&[kind, len]);
    userdata.extend_from_slice(value.get(..usize::from(len)).unwrap_or(value));
}

/// Appends a string entry. nft takes at most 128 characters; here 253 bytes fit.
pub fn push_str(userdata: &mut Vec<u8>, kind: u8, text: &str) {
    let mut end = text.len().min(253);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let start = userdata.len() + 1;
    push(userdata, kind, text.get(..end).unwrap_or("").as_bytes());
    userdata.push(0);
    // The NUL counts.
    if let Some(len) = userdata.get_mut(start) {
        *len += 1;
    }
}

/// Appends a number entry.
pub fn push_u32(userdata: &mut Vec<u8>, kind: u8, number: u32) {
    push(userdata, kind, &number.to_ne_bytes());
}

/// Userdata that is a comment and nothing else.
#[must_use]
pub fn comment(text: &str) -> Vec<u8> {
    let mut userdata = Vec::new();
    push_str(&mut userdata, COMMENT, text);
    userdata
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_nuls_and_all_what_nft_writes() {
        assert_eq!(comment("hello"), b"\x00\x06hello\0");
        assert_eq!(find_str(b"\x00\x06hello\0", COMMENT), Some("hello"));
    }

    #[test]
    fn an_entry_that_is_cut_off_is_none() {
        assert_eq!(find(&[0, 6, b'h'], COMMENT), None);
        assert_eq!(find(&[1], 1), None);
        assert_eq!(find(&[1, 0, 0, 1, 9], 0), Some(&[9][..]));
    }

    #[test]
    fn a_long_comment_is_cut_between_characters() {
        let userdata = comment(&"ä".repeat(200));
        assert_eq!(find_str(&userdata, COMMENT), Some(&*"ä".repeat(126)));
        assert!(userdata.len() <= MAX_LEN);
    }
}
