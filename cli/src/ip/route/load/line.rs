//! What a line says: of a batch, of a list that was printed, or a bare prefix.

use nl_core::{Request, Writer};
use nl_route::protocol::RTM_NEWROUTE;
use nl_route::route::{DelRoute, NewRoute};
use nl_route::{Mode, RawRequest, Route};

use crate::failure::Failure;
use crate::ip::Ip;
use crate::ip::batch::split_up_to;
use crate::ip::options::{AF_INET, AF_INET6};
use crate::ip::route::modify::Spec;
use crate::words::{Words, matches};

/// How many words a line may have: a route may go many ways.
const MAX_WORDS: usize = 10_000;

/// What a verb of `ip route` is to a list.
enum Verb {
    /// What the options make of it.
    Add,
    Make(Mode),
    Delete,
}

/// In the order in which an abbreviation finds them.
const VERBS: &[(&str, Verb)] = &[
    ("add", Verb::Add),
    ("change", Verb::Make(Mode::Change)),
    ("chg", Verb::Make(Mode::Change)),
    ("replace", Verb::Make(Mode::Replace)),
    ("prepend", Verb::Make(Mode::Prepend)),
    ("append", Verb::Make(Mode::Append)),
    ("delete", Verb::Delete),
];

/// What a line asks for.
#[derive(Debug)]
pub(in crate::ip) enum Line {
    New(NewRoute),
    /// One more of those that a list prints one behind the other, because they differ only in their ways.
    OneMore(NewRoute),
    Delete(DelRoute),
    /// What was saved, to be made again.
    Saved(Mode, Vec<u8>),
}

impl Line {
    /// Whether nobody has said that it is to stand beside others.
    pub(super) fn is_one_more(&self) -> bool {
        matches!(self, Self::OneMore(_) | Self::Saved(Mode::Append, _))
    }

    fn saved(&self) -> RawRequest<'_> {
        let (mode, payload) = match self {
            Self::Saved(mode, payload) => (*mode, payload.as_slice()),
            _ => (Mode::Add, &[][..]),
        };
        RawRequest {
            message_type: RTM_NEWROUTE,
            flags: mode.flags(),
            payload,
        }
    }
}

impl Request for Line {
    type Protocol = Route;

    fn message_type(&self) -> u16 {
        match self {
            Self::New(route) | Self::OneMore(route) => route.message_type(),
            Self::Delete(route) => route.message_type(),
            Self::Saved(..) => self.saved().message_type(),
        }
    }
    fn flags(&self) -> u16 {
        match self {
            Self::New(route) | Self::OneMore(route) => route.flags(),
            Self::Delete(route) => route.flags(),
            Self::Saved(..) => self.saved().flags(),
        }
    }
    fn write(&self, out: &mut Writer) {
        match self {
            Self::New(route) | Self::OneMore(route) => route.write(out),
            Self::Delete(route) => route.write(out),
            Self::Saved(..) => self.saved().write(out),
        }
    }
}

/// Reads lines, one after the other.
#[derive(Debug)]
pub(super) struct Reader {
    /// What lines leave open.
    common: Spec,
    replace: bool,
    /// What tells the route of the line before apart.
    last: Option<NewRoute>,
}

impl Reader {
    pub(super) fn new(common: Spec, replace: bool) -> Self {
        Self {
            common,
            replace,
            last: None,
        }
    }

    /// Reads what a line says.
    pub(super) fn read(&mut self, ip: &mut Ip<'_>, line: &str) -> Result<Line, Failure> {
        let words = split_up_to(MAX_WORDS, line)?;
        let mut rest = Words::new(&words);
        let mut family = None;
        if rest.accept("ip") {
            match rest.peek() {
                Some("-4") => family = Some(AF_INET),
                Some("-6") => family = Some(AF_INET6),
                _ => {}
            }
            if family.is_some() {
                rest.next();
            }
        }
        let mut said = None;
        let mut delete = false;
        if rest.accept_prefix("route") {
            let verb = rest.required()?;
            let found = VERBS.iter().find(|(name, _)| matches(verb, name));
            said = Some(match found.map(|(_, verb)| verb) {
                Some(Verb::Add) => self.make(),
                Some(Verb::Make(mode)) => *mode,
                Some(Verb::Delete) => {
                    delete = true;
                    Mode::Add
                }
                None => {
                    let text = format!("Error: \"route {verb}\" is not for loading.");
                    return Err(Failure::new(255, text));
                }
            });
        }
        let words = match said {
            Some(_) => rest.rest().to_vec(),
            None => as_requested(rest.rest()),
        };
        let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(word));
        if said.is_none() && has(&["pref"]) {
            // Said of IPv6 routes alone, and all that tells what `default` is of.
            family = family.or(Some(AF_INET6));
        }
        let mut common = self.common.clone();
        if has(&["nexthop", "nhid", "via", "dev"]) {
            common = common.without_way(ip.options.family);
        }
        if let Some(family) = family {
            common = common.of_family(family);
        }
        let route = common.read(ip, Words::new(&words)).map_err(without_usage)?;
        if delete {
            return Ok(Line::Delete(DelRoute(route)));
        }
        if said.is_none() && self.is_one_more(&route) {
            return Ok(Line::OneMore(route.mode(Mode::Append)));
        }
        let mode = said.unwrap_or_else(|| self.make());
        Ok(Line::New(route.mode(mode)))
    }

    fn make(&self) -> Mode {
        match self.replace {
            true => Mode::Replace,
            false => Mode::Add,
        }
    }

    /// Of several routes that differ only in their ways a list prints one behind the other.
    fn is_one_more(&mut self, route: &NewRoute) -> bool {
        let identity = NewRoute {
            table: route.table,
            src: route.src,
            tos: route.tos,
            metric: route.metric,
            ..NewRoute::new(route.dst)
        };
        self.last.replace(identity).as_ref() == self.last.as_ref()
    }
}

/// The long usage is not for every line of a file.
fn without_usage(failure: Failure) -> Failure {
    match failure.text().starts_with("Usage:") {
        true => Failure::new(255, "Error: no route without a prefix."),
        false => failure,
    }
}

/// What `ip route show` prints, as it is asked for: without what is not a request's to say.
fn as_requested<'w>(words: &[&'w str]) -> Vec<&'w str> {
    const STATE: &[&str] = &[
        "linkdown",
        "dead",
        "offload",
        "trap",
        "unresolved",
        "rt_offload",
        "rt_trap",
        "rt_offload_failed",
        "notify",
        "cache",
    ];
    // A nexthop object is spelled out beside its id.
    let by_object = words.contains(&"nhid");
    // A backslash is where `-oneline` has joined lines, and may hang on to a word.
    let words = words.iter().flat_map(|word| match word.strip_suffix('\\') {
        Some(word) => [word, "\\"],
        None => [*word, ""],
    });
    let mut words = words.filter(|word| !word.is_empty()).peekable();
    let mut kept = Vec::new();
    while let Some(word) = words.next() {
        match word {
            "\\" => {}
            "nexthop" if by_object => break,
            "blackhole" if by_object => {}
            // What `-details` has of a nexthop object.
            "nh_info" => while words.next_if(|word| *word != "\\").is_some() {},
            // It is always locked.
            "rto_min" => {
                kept.push(word);
                words.next_if_eq(&"lock");
            }
            "error" => drop(words.next()),
            "expires" => {
                let seconds = words.next().unwrap_or("");
                kept.extend([word, seconds.strip_suffix("sec").unwrap_or(seconds)]);
            }
            "via" if by_object => {
                if matches!(words.next(), Some("inet" | "inet6")) {
                    words.next();
                }
            }
            "dev" if by_object => drop(words.next()),
            _ if STATE.contains(&word) => {}
            _ => kept.push(word),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ip::batch::split;

    #[test]
    fn what_ip_shows_becomes_what_it_takes() {
        let asked = |line: &str| as_requested(&split(line).unwrap()).join(" ");
        assert_eq!(
            asked("10.0.0.0/24 via 10.1.0.1 dev v0 proto bgp linkdown "),
            "10.0.0.0/24 via 10.1.0.1 dev v0 proto bgp"
        );
        assert_eq!(
            asked("fd00::/64 dev v0 metric 1024 expires 85sec pref medium"),
            "fd00::/64 dev v0 metric 1024 expires 85 pref medium"
        );
        assert_eq!(
            asked("30.0.0.0/8 nhid 9 via inet6 fd00::9 dev v0 metric 5"),
            "30.0.0.0/8 nhid 9 metric 5"
        );
        assert_eq!(
            asked("unreachable fd04::/64 dev lo metric 1024 error -113 pref medium"),
            "unreachable fd04::/64 dev lo metric 1024 pref medium"
        );
    }
}
