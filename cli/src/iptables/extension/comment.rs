//! `-m comment`.

use nl_netfilter::xt::Comment;

use super::super::problem::Problem;
use super::super::value;
use super::{Extension, Given, Opt, Style, opt};

impl Extension for Comment {
    fn name(&self) -> &'static str {
        "comment"
    }

    fn options(&self) -> &'static [Opt] {
        const { &[opt("comment").mandatory()] }
    }

    fn set(&mut self, given: &Given<'_>) -> Result<(), Problem> {
        *self = Self::new(given.value);
        Ok(())
    }

    fn list(&self, _style: Style) -> String {
        format!(" /* {} */", text(self))
    }

    fn save(&self, _style: Style) -> String {
        format!(" --comment {}", value::quoted(&text(self)))
    }
}

/// Somebody may have written bytes that are no text.
fn text(comment: &Comment) -> String {
    c_text(&comment.comment)
}

/// Bytes up to the first NUL.
pub(super) fn c_text(bytes: &[u8]) -> String {
    let end = bytes
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(bytes.len());
    String::from_utf8_lossy(bytes.get(..end).unwrap_or(bytes)).into_owned()
}
