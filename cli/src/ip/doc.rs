//! [`Doc`]: what a command shows, once, to be printed as iproute2's text or as its JSON.
//!
//! Each field carries its JSON key and value and its text, so the two cannot tell different stories.

use std::fmt::{self, Display, Write};

use super::options::Options;

/// A value in JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, written as it is.
    Number(i128),
    /// A number with two decimals, given in hundredths.
    Hundredths(u64),
    /// Seconds, given in `USER_HZ` ticks (1/100 s): six significant digits, as printf's `%g` has them.
    Ticks(u64),
    /// Text.
    Text(String),
}

/// The text that stands for a value, strings without quotes.
impl Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Hundredths(value) => write!(f, "{}.{:02}", value / 100, value % 100),
            Self::Ticks(ticks) => f.write_str(&significant(*ticks)),
            Self::Text(value) => f.write_str(value),
        }
    }
}

/// Hundredths as `%g`: 1, 0.25, 1234.57, 1.23457e+07.
fn significant(hundredths: u64) -> String {
    const DIGITS: u32 = 6;
    // Rounded to that many digits; the last one may carry.
    let mut value = u128::from(hundredths);
    let digits = value.checked_ilog10().map_or(1, |log| log + 1);
    if digits > DIGITS {
        let unit = 10u128.pow(digits - DIGITS);
        value = (value + unit / 2) / unit * unit;
    }
    let whole = value / 100;
    let plain = |mantissa: String| {
        let short = mantissa.trim_end_matches('0').trim_end_matches('.');
        short.to_owned()
    };
    let exponent = whole.checked_ilog10().unwrap_or(0);
    if exponent < DIGITS {
        return plain(format!("{whole}.{:02}", value % 100));
    }
    let unit = 10u128.pow(exponent);
    let fraction = (whole % unit) * 100_000 / unit;
    let mantissa = plain(format!("{}.{fraction:05}", whole / unit));
    format!("{mantissa}e+{exponent:02}")
}

macro_rules! numbers {
    ($($from:ty),*) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::Number(value.into())
            }
        })*
    };
}

numbers!(u8, u16, u32, u64, i8, i32, i64);

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

/// What a colour stands for; ip-link(8), option `-color`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// An interface's name.
    Ifname,
    /// A link-layer address.
    Mac,
    /// An IPv4 address.
    Inet,
    /// An IPv6 address.
    Inet6,
    /// A state that works.
    Up,
    /// A state that does not.
    Down,
}

#[derive(Clone, Debug, PartialEq)]
enum Item {
    /// Text without a JSON counterpart.
    Text(Option<Color>, String),
    /// A line's end, or `\` with `-oneline`.
    Newline,
    Scalar(&'static str, Value),
    Object(&'static str, Doc),
    Values(&'static str, Vec<Value>),
    Objects(&'static str, Vec<Doc>),
}

/// One shown object: its fields in their order.
///
/// [`Display`] with `{}` is the text; [`Doc::print`] prints a list of them the way the options ask for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Doc {
    items: Vec<Item>,
}

impl Doc {
    /// An object without fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Text that JSON does not have.
    pub fn text(&mut self, text: impl Display) -> &mut Self {
        self.items.push(Item::Text(None, text.to_string()));
        self
    }

    /// A line's end in text; `\` with `-oneline`.
    pub fn newline(&mut self) -> &mut Self {
        self.items.push(Item::Newline);
        self
    }

    /// A field that text does not have.
    pub fn json(&mut self, key: &'static str, value: impl Into<Value>) -> &mut Self {
        self.items.push(Item::Scalar(key, value.into()));
        self
    }

    /// A field, and the text that shows it: `field("mtu", 1500, "mtu 1500 ")`.
    pub fn field(
        &mut self,
        key: &'static str,
        value: impl Into<Value>,
        text: impl Display,
    ) -> &mut Self {
        self.json(key, value).text(text)
    }

    /// A field whose text is its name in text, a space, the value and a space: `shown("mtu", "mtu", 1500)`.
    pub fn shown<V: Into<Value> + Display>(
        &mut self,
        key: &'static str,
        word: &str,
        value: V,
    ) -> &mut Self {
        let text = format!("{word} {value} ");
        self.field(key, value, text)
    }

    /// A field whose text is coloured.
    pub fn colored(
        &mut self,
        color: Option<Color>,
        key: &'static str,
        value: impl Into<Value>,
        text: impl Display,
    ) -> &mut Self {
        self.json(key, value);
        self.items.push(Item::Text(color, text.to_string()));
        self
    }

    /// Coloured text that JSON does not have.
    pub fn colored_text(&mut self, color: Option<Color>, text: impl Display) -> &mut Self {
        self.items.push(Item::Text(color, text.to_string()));
        self
    }

    /// An object inside; its text stands where it is.
    pub fn object(&mut self, key: &'static str, fill: impl FnOnce(&mut Self)) -> &mut Self {
        let mut inside = Self::new();
        fill(&mut inside);
        self.items.push(Item::Object(key, inside));
        self
    }

    /// A list of plain values; the text is the caller's.
    pub fn values<V: Into<Value>>(
        &mut self,
        key: &'static str,
        values: impl IntoIterator<Item = V>,
        text: impl Display,
    ) -> &mut Self {
        self.items.push(Item::Values(
            key,
            values.into_iter().map(Into::into).collect(),
        ));
        self.text(text)
    }

    /// A list of objects; their texts stand one after the other.
    pub fn objects(
        &mut self,
        key: &'static str,
        objects: impl IntoIterator<Item = Self>,
    ) -> &mut Self {
        self.items
            .push(Item::Objects(key, objects.into_iter().collect()));
        self
    }

    /// Puts all of another object behind this one's fields.
    pub fn append(&mut self, other: Self) -> &mut Self {
        self.items.extend(other.items);
        self
    }

    /// Prints one object as JSON on a line of its own, not in a list: for what comes over time.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn print_json_line(&self, out: &mut impl std::io::Write) -> std::io::Result<()> {
        let mut json = Json {
            out: String::new(),
            pretty: false,
            depth: 0,
        };
        json.doc(self);
        json.out.push('\n');
        out.write_all(json.out.as_bytes())
    }

    /// Prints a list of objects: text one after the other, or one JSON array and a newline.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn print(
        docs: &[Self],
        options: &Options,
        out: &mut impl std::io::Write,
    ) -> std::io::Result<()> {
        if options.json {
            let mut json = Json {
                out: String::new(),
                pretty: options.pretty,
                depth: 0,
            };
            json.docs(docs);
            json.out.push('\n');
            return out.write_all(json.out.as_bytes());
        }
        let mut text = String::new();
        for doc in docs {
            doc.write_text(&mut text, options);
        }
        out.write_all(text.as_bytes())
    }

    /// Prints one object that is not in a list, as [`print`](Self::print) does.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn print_one(
        &self,
        options: &Options,
        out: &mut impl std::io::Write,
    ) -> std::io::Result<()> {
        Self::print(std::slice::from_ref(self), options, out)
    }

    /// Prints the text, whatever the options say of JSON.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn print_text(
        &self,
        options: &Options,
        out: &mut impl std::io::Write,
    ) -> std::io::Result<()> {
        let mut text = String::new();
        self.write_text(&mut text, options);
        out.write_all(text.as_bytes())
    }

    fn write_text(&self, text: &mut String, options: &Options) {
        for item in &self.items {
            match item {
                Item::Text(Some(color), what) if options.color => {
                    text.push_str(color.escape(options.dark_background));
                    text.push_str(what);
                    text.push_str("\x1b[0m");
                }
                Item::Text(_, what) => text.push_str(what),
                Item::Newline => text.push(if options.oneline { '\\' } else { '\n' }),
                Item::Object(_, doc) => doc.write_text(text, options),
                Item::Objects(_, docs) => {
                    for doc in docs {
                        doc.write_text(text, options);
                    }
                }
                Item::Scalar(..) | Item::Values(..) => {}
            }
        }
    }
}

impl Display for Doc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write_text(&mut text, &Options::default());
        f.write_str(&text)
    }
}

impl Color {
    /// The escape sequence, by the terminal's background.
    fn escape(self, dark: bool) -> &'static str {
        match (self, dark) {
            (Self::Ifname, false) => "\x1b[36m",
            (Self::Mac, false) => "\x1b[33m",
            (Self::Inet, false) => "\x1b[35m",
            (Self::Inet6, false) => "\x1b[34m",
            (Self::Up, false) => "\x1b[32m",
            (Self::Down, false) => "\x1b[31m",
            (Self::Ifname, true) => "\x1b[1;36m",
            (Self::Mac, true) => "\x1b[1;33m",
            (Self::Inet, true) => "\x1b[1;35m",
            (Self::Inet6, true) => "\x1b[1;34m",
            (Self::Up, true) => "\x1b[1;32m",
            (Self::Down, true) => "\x1b[1;31m",
        }
    }
}

/// Writes JSON with iproute2's spacing.
struct Json {
    out: String,
    pretty: bool,
    depth: usize,
}

impl Json {
    fn line(&mut self) {
        if self.pretty {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("    ", self.depth));
        }
    }

    /// `[a,b]`, or `[ a,b ]` in pretty form.
    fn array<T>(&mut self, elements: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.out.push('[');
        self.depth += 1;
        if self.pretty {
            self.out.push(' ');
        }
        for (n, element) in elements.iter().enumerate() {
            if n > 0 {
                self.out.push(',');
            }
            write(self, element);
        }
        self.depth -= 1;
        if self.pretty && !elements.is_empty() {
            self.out.push(' ');
        }
        self.out.push(']');
    }

    fn docs(&mut self, docs: &[Doc]) {
        self.array(docs, Self::doc);
    }

    fn doc(&mut self, doc: &Doc) {
        self.out.push('{');
        self.depth += 1;
        let mut first = true;
        for item in &doc.items {
            let (Item::Scalar(key, _)
            | Item::Object(key, _)
            | Item::Values(key, _)
            | Item::Objects(key, _)) = item
            else {
                continue;
            };
            if !std::mem::take(&mut first) {
                self.out.push(',');
            }
            self.line();
            self.string(key);
            self.out.push_str(if self.pretty { ": " } else { ":" });
            match item {
                Item::Scalar(_, value) => self.value(value),
                Item::Object(_, doc) => self.doc(doc),
                Item::Values(_, values) => self.array(values, Self::value),
                Item::Objects(_, docs) => self.docs(docs),
                Item::Text(..) | Item::Newline => {}
            }
        }
        self.depth -= 1;
        if !first {
            self.line();
        }
        self.out.push('}');
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Value::Number(value) => self.write(format_args!("{value}")),
            Value::Hundredths(value) => {
                self.write(format_args!("{}.{:02}", value / 100, value % 100))
            }
            Value::Ticks(_) => self.write(format_args!("{value}")),
            Value::Text(value) => self.string(value),
        }
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\u{8}' => self.out.push_str("\\b"),
                '\u{c}' => self.out.push_str("\\f"),
                // ip writes these raw, which no JSON parser takes.
                c if c < ' ' => self.write(format_args!("\\u{:04x}", u32::from(c))),
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }

    fn write(&mut self, what: fmt::Arguments<'_>) {
        let _ = self.out.write_fmt(what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(docs: &[Doc], options: &Options) -> String {
        let mut out = Vec::new();
        Doc::print(docs, options, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn json(pretty: bool) -> Options {
        Options {
            json: true,
            pretty,
            ..Options::default()
        }
    }

    fn link() -> Doc {
        let mut doc = Doc::new();
        doc.field("ifindex", 1u32, "1: ");
        doc.values("flags", ["UP", "LOOPBACK"], "<UP,LOOPBACK>")
            .newline();
        doc.text("    ");
        doc.object("linkinfo", |info| {
            info.json("timer", Value::Hundredths(7));
        });
        doc.objects("addr_info", []);
        doc
    }

    #[test]
    fn text_and_oneline() {
        assert_eq!(link().to_string(), "1: <UP,LOOPBACK>\n    ");
        let options = Options {
            oneline: true,
            ..Options::default()
        };
        assert_eq!(printed(&[link()], &options), "1: <UP,LOOPBACK>\\    ");
    }

    #[test]
    fn compact_json() {
        assert_eq!(
            printed(&[link(), Doc::new()], &json(false)),
            "[{\"ifindex\":1,\"flags\":[\"UP\",\"LOOPBACK\"],\"linkinfo\":{\"timer\":0.07},\"addr_info\":[]},{}]\n"
        );
    }

    #[test]
    fn pretty_json() {
        assert_eq!(printed(&[], &json(true)), "[ ]\n");
        assert_eq!(
            printed(&[link(), link()], &json(true)),
            "[ {
        \"ifindex\": 1,
        \"flags\": [ \"UP\",\"LOOPBACK\" ],
        \"linkinfo\": {
            \"timer\": 0.07
        },
        \"addr_info\": [ ]
    },{
        \"ifindex\": 1,
        \"flags\": [ \"UP\",\"LOOPBACK\" ],
        \"linkinfo\": {
            \"timer\": 0.07
        },
        \"addr_info\": [ ]
    } ]
"
        );
    }

    #[test]
    fn ticks_have_six_digits() {
        for (ticks, text) in [
            (0, "0"),
            (1, "0.01"),
            (50, "0.5"),
            (100, "1"),
            (6000, "60"),
            (1_234_567, "12345.7"),
            (99_999_999, "1e+06"),
            (99_999_949, "999999"),
            (100_000_000, "1e+06"),
            (1_234_567_800, "1.23457e+07"),
            (u64::MAX, "1.84467e+17"),
        ] {
            assert_eq!(Value::Ticks(ticks).to_string(), text);
        }
    }

    #[test]
    fn strings_are_escaped() {
        let mut doc = Doc::new();
        doc.json("ifalias", "a\"b\\c\n\u{1}");
        assert_eq!(
            printed(&[doc], &json(false)),
            "[{\"ifalias\":\"a\\\"b\\\\c\\n\\u0001\"}]\n"
        );
    }
}
