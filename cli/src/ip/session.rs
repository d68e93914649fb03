//! [`Ip`]: what all commands of one command line or batch share.

use std::collections::HashMap;
use std::fmt::Display;
use std::fs::{self, File};
use std::os::fd::{AsFd, AsRawFd};

use nl_core::{Connection, DumpRequest, EncodeError, Error, KernelError, Owned, Request};
use nl_netns::named;
use nl_route::Route;
use nl_route::link::{GetLink, Link, LinkRef};
use nl_route::nsid::GetNsid;

use super::backlog::Backlog;
use super::doc::Doc;
use super::options::Options;
use crate::failure::{Failure, say, strerror};
use crate::output::Output;

/// The options, the connection, and where to print.
pub struct Ip<'o> {
    /// What stood before the object.
    pub options: Options,
    /// Standard output.
    pub out: &'o mut Output,
    connection: Connection<Route>,
    /// The requests of a batch.
    backlog: Option<Backlog>,
    /// Whether some of them change links, so that they come before a name is asked for.
    links_change: bool,
    /// What is known of links by their index; `None` for one that is not there.
    links: HashMap<i32, Option<Known>>,
    /// The indices of links by the names that were asked for, alternative ones included.
    ifindices: HashMap<String, i32>,
    /// The namespace that is talked about, by its id here, if it is another than ours.
    nsid: Option<i32>,
    /// What is known of links elsewhere.
    links_elsewhere: HashMap<i32, HashMap<i32, Option<Known>>>,
    /// Names of namespaces by the id that they have here.
    netns_names: Option<HashMap<i32, String>>,
}

/// The key under which our own links wait while another namespace is talked about; no id is negative.
const OWN: i32 = -1;

struct Known {
    name: String,
    flags: u32,
}

impl<'o> Ip<'o> {
    /// Opens a connection, in the namespace that `-netns` names.
    ///
    /// # Errors
    ///
    /// Exit code 255 if there is no such namespace.
    pub fn new(options: Options, out: &'o mut Output) -> Result<Self, Failure> {
        let connection = match &options.netns {
            None => Connection::open().map_err(|error| refused(&error))?,
            Some(name) => {
                let netns = open_netns(name)?;
                Connection::open_in(netns.as_fd()).map_err(|error| match &error {
                    Error::Io { source, .. } => Failure::new(
                        255,
                        format!(
                            "setting the network namespace \"{name}\" failed: {}",
                            strerror(source)
                        ),
                    ),
                    _ => refused(&error),
                })?
            }
        };
        Ok(Self {
            options,
            out,
            connection,
            backlog: None,
            links_change: false,
            links: HashMap::new(),
            ifindices: HashMap::new(),
            nsid: None,
            links_elsewhere: HashMap::new(),
            netns_names: None,
        })
    }

    /// The connection to the kernel, which has all that was [posted](Self::post).
    pub fn connection(&mut self) -> &mut Connection<Route> {
        self.settle();
        &mut self.connection
    }

    /// From now on requests are [posted](Self::post) for lines of a batch.
    pub(super) fn begin_batch(&mut self, backlog: Backlog) {
        self.backlog = Some(backlog);
    }

    /// What became of a batch so far.
    pub(super) fn backlog(&mut self) -> Option<&mut Backlog> {
        self.backlog.as_mut()
    }

    /// Does what a request asks, or, in a batch that goes on after failures, keeps it until something is asked
    /// or printed: it is then told of its refusal with its line.
    ///
    /// # Errors
    ///
    /// The kernel's refusal, exit code 2.
    pub fn post<R: Request<Protocol = Route>>(&mut self, request: &R) -> Result<(), Failure> {
        match &mut self.backlog {
            Some(backlog) if backlog.waits => backlog.post(&mut self.connection, self.out, request),
            _ => self.call(request),
        }
    }

    /// Sends what was posted: before anything is asked, printed, or done in another way.
    pub fn settle(&mut self) {
        if let Some(backlog) = &mut self.backlog {
            backlog.send(&mut self.connection, self.out);
        }
        self.links_change = false;
    }

    /// [`settle`](Self::settle), if names may be others then.
    fn settle_links(&mut self) {
        if self.links_change {
            self.settle();
        }
    }

    /// A line of a batch failed.
    pub(super) fn complain(&mut self, failure: &Failure) {
        self.settle();
        if let Some(backlog) = &mut self.backlog {
            let line = backlog.line;
            backlog.complain(self.out, line, failure);
            if self.connection.is_dry_run() {
                say("nlctl: in a dry run no line finds what the lines before it would have made");
            }
        }
    }

    /// Writes what was printed, before something else may print.
    ///
    /// # Errors
    ///
    /// Those of standard output; in a batch they wait for its end.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        match &mut self.backlog {
            Some(backlog) => backlog.finish(self.out),
            None => self.out.finish()?,
        }
        Ok(())
    }

    /// What a line of a batch has printed could not be written.
    pub(super) fn lose(&mut self, unwritten: Failure) {
        if let Some(backlog) = &mut self.backlog {
            backlog.lose(self.out, unwritten);
        }
    }

    /// Says something on standard error, after what earlier lines have to say.
    pub fn warn(&mut self, text: impl Display) {
        self.settle();
        say(text);
    }

    /// Whether what changes things is shown instead of sent.
    pub fn is_dry_run(&self) -> bool {
        self.connection.is_dry_run()
    }

    /// Does what a request asks.
    ///
    /// # Errors
    ///
    /// The kernel's refusal, exit code 2.
    pub fn call<R: Request<Protocol = Route>>(&mut self, request: &R) -> Result<(), Failure> {
        let in_batch = self.backlog.is_some();
        let rt = self.connection();
        let done = match in_batch {
            true => rt.call_unacknowledged(request),
            false => rt.call(request),
        };
        done.map_err(|error| refused(&error))
    }

    /// The objects of a list.
    ///
    /// # Errors
    ///
    /// The kernel's refusal, exit code 1.
    pub fn collect<R: DumpRequest<Protocol = Route>>(
        &mut self,
        request: &R,
    ) -> Result<Vec<Owned<R::Reply>>, Failure> {
        self.connection()
            .collect(request)
            .map_err(|error| dump_failed(&error))
    }

    /// Keeps the names of links that were listed, so that nobody asks for them again.
    pub fn remember(&mut self, links: &[Link]) {
        self.ifindices.clear();
        for link in links {
            let view = link.view();
            self.links.insert(view.ifindex(), Some(Known::of(link)));
        }
    }

    /// Talks about the links of another namespace, by the id that it has here, or of our own again:
    /// their names and numbers are others, and so are the ids of namespaces that they know.
    pub fn speak_of(&mut self, nsid: Option<i32>) {
        if let Some(left) = std::mem::replace(&mut self.nsid, nsid)
            && let Some(own) = self.links_elsewhere.remove(&OWN)
        {
            let links = std::mem::replace(&mut self.links, own);
            self.links_elsewhere.insert(left, links);
        }
        if let Some(entered) = nsid {
            let links = self.links_elsewhere.remove(&entered).unwrap_or_default();
            let own = std::mem::replace(&mut self.links, links);
            self.links_elsewhere.insert(OWN, own);
        }
    }

    /// Forgets a link that is gone.
    pub fn forget_link(&mut self, ifindex: i32) {
        self.links.remove(&ifindex);
        self.ifindices.retain(|_, known| *known != ifindex);
    }

    /// Forgets the links of the namespace that has this id here, because it is gone, or another's now.
    pub fn forget_links_elsewhere(&mut self, nsid: i32) {
        // An id that is not ours is of no namespace that was talked about.
        if self.nsid.is_none() {
            self.links_elsewhere.remove(&nsid);
        }
    }

    /// Asks for the names of namespaces anew when the next is wanted.
    pub fn forget_netns_names(&mut self) {
        self.netns_names = None;
    }

    /// Forgets all names, because links are about to change.
    pub fn forget(&mut self) {
        self.links.clear();
        self.ifindices.clear();
        self.links_change = true;
    }

    /// The name of a link, `if7` for one that is not there, `*` for index 0.
    pub fn link_name(&mut self, ifindex: i32) -> String {
        match self.known(ifindex) {
            _ if ifindex == 0 => "*".to_owned(),
            Some(known) => known.name.clone(),
            None => format!("if{ifindex}"),
        }
    }

    /// The flags of a link, `IFF_*`.
    pub fn link_flags(&mut self, ifindex: i32) -> Option<u32> {
        self.known(ifindex).map(|known| known.flags)
    }

    /// The index of the link with this name or alternative name; `if7` is index 7 if no link is called so.
    pub fn ifindex(&mut self, name: &str) -> Option<i32> {
        if let Some(ifindex) = self.ifindices.get(name) {
            return Some(*ifindex);
        }
        if let Some(ifindex) = self.ask_ifindex(name) {
            self.ifindices.insert(name.to_owned(), ifindex);
            return Some(ifindex);
        }
        name.strip_prefix("if")
            .filter(|digits| digits.starts_with(|c: char| c.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .filter(|ifindex| *ifindex > 0)
    }

    fn ask_ifindex(&mut self, name: &str) -> Option<i32> {
        let mut known = self.links.iter();
        let is_it = |known: &Option<Known>| known.as_ref().is_some_and(|known| known.name == name);
        if let Some((ifindex, _)) = known.find(|(_, known)| is_it(known)) {
            return Some(*ifindex);
        }
        self.settle_links();
        let link = self.connection.get(&GetLink::new(name)).ok()?;
        let ifindex = link.view().ifindex();
        self.links.insert(ifindex, Some(Known::of(&link)));
        Some(ifindex)
    }

    /// The index of a link that a command acts on.
    ///
    /// # Errors
    ///
    /// `Cannot find device "x"`, exit code 1.
    pub fn device(&mut self, name: &str) -> Result<i32, Failure> {
        self.ifindex(name)
            .ok_or_else(|| Failure::new(1, format!("Cannot find device \"{name}\"")))
    }

    /// The transmit queue length of a link, in packets.
    pub fn queue_length(&mut self, ifindex: i32) -> Option<u32> {
        let link = self.connection().get(&GetLink::new(ifindex)).ok()?;
        link.view().txqueuelen()
    }

    fn known(&mut self, ifindex: i32) -> Option<&Known> {
        if ifindex <= 0 {
            return None;
        }
        if !self.links.contains_key(&ifindex) {
            self.settle_links();
        }
        let connection = &mut self.connection;
        let mut request = GetLink::new(LinkRef::Index(ifindex));
        if let Some(nsid) = self.nsid {
            request = request.target_netnsid(nsid);
        }
        self.links
            .entry(ifindex)
            .or_insert_with(|| {
                let link = connection.get(&request).ok()?;
                Some(Known::of(&link))
            })
            .as_ref()
    }

    /// The id that the namespace of this name has here, negative for none.
    pub fn nsid(&mut self, name: &str) -> Option<i32> {
        let file = open_netns(name).ok()?;
        let reply = self
            .connection()
            .get(&GetNsid::of_fd(file.as_raw_fd()))
            .ok()?;
        reply.view().nsid()
    }

    /// The name of the namespace that has this id here.
    pub fn netns_name(&mut self, nsid: i32) -> Option<&str> {
        if self.nsid.is_some() {
            return None;
        }
        self.settle();
        let connection = &mut self.connection;
        self.netns_names
            .get_or_insert_with(|| netns_names(connection))
            .get(&nsid)
            .map(String::as_str)
    }

    /// Prints what a command shows.
    ///
    /// # Errors
    ///
    /// Those of standard output.
    pub fn print(&mut self, docs: &[Doc]) -> Result<(), Failure> {
        Ok(Doc::print(docs, &self.options, self.out)?)
    }
}

impl Known {
    fn of(link: &Link) -> Self {
        let view = link.view();
        Self {
            name: view.name().unwrap_or_default().to_owned(),
            flags: view.header().flags.get(),
        }
    }
}

/// The names under `/run/netns` whose namespaces have an id here.
fn netns_names(connection: &mut Connection<Route>) -> HashMap<i32, String> {
    let mut names = HashMap::new();
    let Ok(entries) = fs::read_dir(named::DIRECTORY) else {
        return names;
    };
    for entry in entries.flatten() {
        let Ok(file) = File::open(entry.path()) else {
            continue;
        };
        if let Ok(reply) = connection.get(&GetNsid::of_fd(file.as_raw_fd()))
            && let Some(nsid) = reply.view().nsid()
            && nsid >= 0
        {
            // Of several names ip, too, finds the one that it read last.
            names.insert(nsid, entry.file_name().to_string_lossy().into_owned());
        }
    }
    names
}

/// Opens the namespace of a name under `/run/netns`, or of a path.
pub(crate) fn open_netns(name: &str) -> Result<File, Failure> {
    let path = if name.starts_with('/') {
        name.to_owned()
    } else {
        format!("{}/{name}", named::DIRECTORY)
    };
    File::open(path).map_err(|error| {
        Failure::new(
            255,
            format!(
                "Cannot open network namespace \"{name}\": {}",
                strerror(&error)
            ),
        )
    })
}

/// A request that failed, in iproute2's words: exit code 2.
pub fn refused(error: &Error) -> Failure {
    Failure::new(2, sentence(error))
}

/// A refusal, in iproute2's words: exit code 2.
pub(super) fn explained(error: &KernelError) -> Failure {
    Failure::new(2, kernel_sentence(error))
}

/// A list that the kernel refused or broke off: exit code 1.
pub fn dump_failed(error: &Error) -> Failure {
    Failure::new(1, format!("{}\nDump terminated", sentence(error)))
}

fn sentence(error: &Error) -> String {
    match error {
        Error::Kernel(kernel) => kernel_sentence(kernel),
        Error::Encode(EncodeError::BadValue { what, .. }) if what.starts_with("longer") => {
            // Said by the kernel's own check of lengths, had it seen it.
            "Error: Attribute failed policy validation.".to_owned()
        }
        Error::Encode(EncodeError::BadValue { .. }) => {
            "RTNETLINK answers: Invalid argument".to_owned()
        }
        error => format!("nlctl: {error}"),
    }
}

fn kernel_sentence(kernel: &KernelError) -> String {
    match &kernel.message {
        Some(message) if message.ends_with('.') => format!("Error: {message}"),
        Some(message) => format!("Error: {message}."),
        None => format!("RTNETLINK answers: {}", kernel.errno.description()),
    }
}
