//! Link requests beside what `ip` sent, in `tests/vectors/link_*.hex`.

use nl_core::{Attrs, Messages, Request, Writer};
use nl_route::Route;
use nl_route::link::LinkView;

/// The bytes of a vector: hex up to `#` in each line.
pub(crate) fn vector(name: &str) -> Vec<u8> {
    let path = format!(
        "{}/tests/vectors/link_{name}.hex",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).unwrap();
    let digits: String = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or(""))
        .flat_map(str::chars)
        .filter(|c| !c.is_whitespace())
        .collect();
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}

/// iproute2 leaves out `NLA_F_NESTED`, which we set; all else is the same.
fn without_nested(attrs: &mut [u8]) {
    let mut start = 0;
    while start + 4 <= attrs.len() {
        let len = usize::from(u16::from_le_bytes([attrs[start], attrs[start + 1]]));
        if attrs[start + 3] & 0x80 != 0 {
            attrs[start + 3] &= 0x7f;
            without_nested(&mut attrs[start + 4..start + len]);
        }
        start += (len + 3) & !3;
    }
}

/// Asserts that `request` has the bytes of the vector, which reads well; returns its payload.
#[track_caller]
pub(crate) fn assert_written_as(
    name: &str,
    ack: bool,
    request: &impl Request<Protocol = Route>,
) -> Vec<u8> {
    let want = vector(name);
    let mut out = Writer::new();
    out.bytes_mut().resize(4096, 0xa5);
    out.clear();
    let flags = request.flags() | if ack { 5 } else { 1 };
    out.message(request.message_type(), flags, 1, |out| request.write(out))
        .unwrap();
    let mut got = out.bytes().to_vec();
    without_nested(&mut got[32..]);
    let mut want_plain = want.clone();
    without_nested(&mut want_plain[32..]);
    let lines = |bytes: &[u8]| -> Vec<String> {
        bytes
            .chunks(4)
            .enumerate()
            .map(|(i, b)| format!("{:4} {b:02x?}", 4 * i))
            .collect()
    };
    assert_eq!(lines(&got), lines(&want_plain), "{name}");
    let message = Messages::new(&want).next().unwrap().unwrap();
    assert!(Attrs::new(&message.payload[16..]).all(|attr| attr.is_ok()));
    LinkView::parse(message.payload).unwrap();
    message.payload.to_vec()
}
