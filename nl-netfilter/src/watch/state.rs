//! [`State`]: what is known, and what is to be done next; nothing here waits or reads a socket.
//!
//! A driver does what [`State::step`] says: hands out, takes what is queued, lists, waits.
//!
//! A list is right if no commit was under way while it was made. That the number of the generation did
//! not change meanwhile does not say so: the kernel counts up first, and changes the objects afterwards. So an
//! empty batch for this generation goes ahead: the kernel lets no two batches in at once, and takes this one only if
//! it is the ruleset's generation still. The events of all commits up to this generation are queued by then.

use std::collections::{BTreeSet, VecDeque};
use std::time::Instant;

use nl_core::{Error, Notification, Request, Writer};

use super::object::{Object, Objects};
use super::order::Commit;
use super::ruleset::{Doubt, News, Ruleset, SetName, Told};
use super::{Event, difference};
use crate::batch::{BatchWriter, GenView};
use crate::nfgen::{
    NFNL_MSG_BATCH_BEGIN, NFNL_MSG_BATCH_END, NFNL_SUBSYS_NFTABLES, NFT_MSG_NEWCHAIN,
    NFT_MSG_NEWFLOWTABLE, NFT_MSG_NEWGEN, NFT_MSG_NEWOBJ, NFT_MSG_NEWRULE, NFT_MSG_NEWSET,
    NFT_MSG_NEWSETELEM, NFT_MSG_NEWTABLE, Netfilter, NfGenMsg,
};

/// How often is listed in vain before that is an error: someone changes the ruleset all the time.
const ATTEMPTS: u32 = 256;
/// How many events may wait to be handed out before no more is taken from the socket.
const BACKLOG: usize = 1 << 12;
/// How many bytes of a commit are kept until its end. What is longer is listed: an upper bound of memory, far beyond
/// what a receive buffer holds.
const LONGEST_COMMIT: usize = 256 << 20;

/// What the driver does next.
#[derive(Debug)]
pub(super) enum Step {
    /// Hand this out.
    Deliver(Event),
    /// Feed what is queued to [`State::notified`] without waiting, as long as [`State::takes_more`]; call
    /// [`State::drained`] if nothing is queued any more.
    Drain,
    /// Ask for the generation, and tell [`State::generation_is`].
    AskGeneration,
    /// Send [`Barrier`], and tell [`State::barrier`] whether it was taken.
    Barrier(u32),
    /// Feed the objects of a list to [`State::listed`], then call [`State::list_done`].
    List(Listing),
    /// Wait for a notification, but only until then.
    Wait(Option<Instant>),
}

/// What is listed with one request.
#[derive(Clone, Debug)]
pub(super) enum Listing {
    Tables,
    Stateful,
    Flowtables,
    Chains,
    Rules,
    Sets,
    Elements(SetName),
}

impl Listing {
    fn message_type(&self) -> u16 {
        match self {
            Self::Tables => NFT_MSG_NEWTABLE,
            Self::Stateful => NFT_MSG_NEWOBJ,
            Self::Flowtables => NFT_MSG_NEWFLOWTABLE,
            Self::Chains => NFT_MSG_NEWCHAIN,
            Self::Rules => NFT_MSG_NEWRULE,
            Self::Sets => NFT_MSG_NEWSET,
            Self::Elements(_) => NFT_MSG_NEWSETELEM,
        }
    }
}

/// Half of a batch without changes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Barrier {
    Begin(u32),
    End,
}

impl Request for Barrier {
    type Protocol = Netfilter;

    fn message_type(&self) -> u16 {
        match self {
            Self::Begin(_) => NFNL_MSG_BATCH_BEGIN,
            Self::End => NFNL_MSG_BATCH_END,
        }
    }
    fn write(&self, out: &mut Writer) {
        let header = NfGenMsg {
            family: 0,
            version: 0,
            res_id: NFNL_SUBSYS_NFTABLES.into(),
        };
        match *self {
            Self::Begin(generation) => {
                BatchWriter::new(out, &header).generation(generation);
            }
            Self::End => out.header(&header),
        }
    }
}

/// A reading of everything, or of one set.
#[derive(Debug)]
struct Reading {
    generation: u32,
    next: Ruleset,
    set: Option<SetName>,
    lists: VecDeque<Listing>,
    doubtful: bool,
}

#[derive(Debug)]
enum Phase {
    /// Following events.
    Idle,
    /// Events are taken first: what they make doubtful is read once for all of them.
    Gathering,
    /// For which generation is read?
    Starting,
    /// Is no commit under way?
    Stopping(u32),
    Listing(Reading),
    /// Has none been since?
    Checking(Reading),
}

/// An event of a commit whose end is not there yet.
#[derive(Debug)]
struct Kept {
    message_type: u16,
    flags: u16,
    port: u32,
    payload: Box<[u8]>,
    since: Instant,
    now: Instant,
}

#[derive(Debug)]
pub(super) struct State {
    wanted: Objects,
    ruleset: Ruleset,
    generation: Option<u32>,
    /// Since the last commit was complete.
    open: Vec<Kept>,
    open_len: usize,
    /// What must be read (again): everything, or some sets.
    all_stale: bool,
    stale: BTreeSet<SetName>,
    phase: Phase,
    attempts: u32,
    pending: VecDeque<Event>,
}

impl State {
    pub(super) fn new(wanted: Objects) -> Self {
        Self {
            wanted,
            ruleset: Ruleset::new(wanted),
            generation: None,
            open: Vec::new(),
            open_len: 0,
            all_stale: true,
            stale: BTreeSet::new(),
            phase: Phase::Idle,
            attempts: 0,
            pending: VecDeque::new(),
        }
    }

    pub(super) fn objects(&self) -> impl Iterator<Item = Object> + '_ {
        let wanted = self.wanted;
        self.ruleset
            .objects()
            .filter(move |object| wanted.contains(object.kind()))
    }

    pub(super) fn generation(&self) -> Option<u32> {
        self.generation
    }

    pub(super) fn step(&mut self, now: Instant) -> Result<Step, Error> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Ok(Step::Deliver(event));
            }
            if self.attempts >= ATTEMPTS {
                self.attempts = 0;
                self.phase = Phase::Idle;
                return Err(Error::Interrupted);
            }
            match &mut self.phase {
                Phase::Idle if self.all_stale || !self.stale.is_empty() => {
                    self.phase = Phase::Gathering;
                }
                Phase::Idle => {
                    self.expire(now);
                    let idle = !self.all_stale && self.stale.is_empty();
                    if idle && self.pending.is_empty() {
                        return Ok(Step::Wait(self.ruleset.next_due()));
                    }
                }
                Phase::Gathering => return Ok(Step::Drain),
                Phase::Starting => return Ok(Step::AskGeneration),
                Phase::Stopping(generation) => return Ok(Step::Barrier(*generation)),
                Phase::Listing(reading) => {
                    if let Some(listing) = reading.lists.front() {
                        return Ok(Step::List(listing.clone()));
                    }
                    let Phase::Listing(reading) = std::mem::replace(&mut self.phase, Phase::Idle)
                    else {
                        continue;
                    };
                    self.phase = Phase::Checking(reading);
                }
                Phase::Checking(_) => return Ok(Step::AskGeneration),
            }
        }
    }

    /// Elements whose time is over are gone, without being told.
    fn expire(&mut self, now: Instant) {
        let mut news = News {
            wanted: self.wanted,
            pending: &mut self.pending,
            port: 0,
        };
        loop {
            match self.ruleset.expire(now, &mut news) {
                Ok(true) => {}
                Ok(false) => return,
                Err(Doubt::Set(set)) => {
                    self.stale.insert(set);
                }
                Err(Doubt::Everything) => self.all_stale = true,
            }
        }
    }

    /// Whether a drain goes on. What is not kept anyway is taken to the end: only then does the kernel queue again
    /// after an overrun.
    pub(super) fn takes_more(&self) -> bool {
        self.all_stale || self.pending.len() < BACKLOG
    }

    /// Nothing is queued any more.
    pub(super) fn drained(&mut self) {
        if !matches!(self.phase, Phase::Gathering) {
            return;
        }
        self.phase = match self.generation {
            _ if self.all_stale => Phase::Starting,
            Some(generation) if !self.stale.is_empty() => Phase::Stopping(generation),
            _ => Phase::Idle,
        };
    }

    /// What the kernel says that the generation is.
    pub(super) fn generation_is(&mut self, generation: u32) {
        match std::mem::replace(&mut self.phase, Phase::Gathering) {
            Phase::Starting => self.phase = Phase::Stopping(generation),
            Phase::Checking(reading) if reading.generation == generation && !reading.doubtful => {
                self.finish(reading);
            }
            Phase::Checking(mut reading) => {
                self.stale.extend(reading.set.take());
                self.attempts += 1;
            }
            _ => {}
        }
    }

    /// Whether the kernel took the empty batch.
    pub(super) fn barrier(&mut self, taken: bool) {
        let Phase::Stopping(generation) = self.phase else {
            return;
        };
        if !taken {
            self.phase = Phase::Gathering;
            self.attempts += 1;
            return;
        }
        let mut reading = Reading {
            generation,
            next: Ruleset::new(self.wanted),
            set: None,
            lists: VecDeque::new(),
            doubtful: false,
        };
        if self.all_stale {
            reading.lists.extend([
                Listing::Tables,
                Listing::Stateful,
                Listing::Flowtables,
                Listing::Chains,
                Listing::Sets,
            ]);
            if self.wanted.contains(Objects::RULES) {
                reading.lists.push_back(Listing::Rules);
            }
        } else if let Some(set) = self.stale.pop_first() {
            if let Some(next) = self.ruleset.only(&set) {
                reading.next = next;
                reading.lists.push_back(Listing::Elements(set.clone()));
            }
            reading.set = Some(set);
        }
        self.phase = Phase::Listing(reading);
    }

    /// An object of the list that is read.
    pub(super) fn listed(&mut self, message_type: u16, payload: &[u8], now: Instant) {
        let Phase::Listing(reading) = &mut self.phase else {
            return;
        };
        let told = Told {
            message_type,
            // Rules come in order, and each says what is before it.
            flags: 0,
            payload,
            since: now,
            now,
        };
        let mut news = News {
            wanted: Objects::empty(),
            pending: &mut VecDeque::new(),
            port: 0,
        };
        let listing = reading.lists.front().map(Listing::message_type);
        let mut commit = Commit::default();
        if listing == Some(message_type)
            && (reading.next.apply(&told, &mut commit, &mut news).is_err()
                || !commit.waiting.is_empty())
        {
            reading.doubtful = true;
        }
    }

    /// The list is at its end.
    pub(super) fn list_done(&mut self, interrupted: bool) {
        let Phase::Listing(reading) = &mut self.phase else {
            return;
        };
        reading.doubtful |= interrupted;
        match reading.lists.pop_front() {
            Some(Listing::Sets) if self.wanted.contains(Objects::ELEMENTS) => {
                let sets = reading.next.sets().cloned().map(Listing::Elements);
                reading.lists.extend(sets);
            }
            Some(Listing::Elements(name)) => {
                if let Some(set) = reading.next.set_mut(&name) {
                    set.listed();
                }
            }
            _ => {}
        }
        if reading.doubtful {
            reading.lists.clear();
        }
    }

    /// Something could not be read; it is asked for again with the next step.
    pub(super) fn failed(&mut self) {
        if let Phase::Listing(reading) | Phase::Checking(reading) = &mut self.phase {
            self.stale.extend(reading.set.take());
        }
        self.phase = Phase::Idle;
    }

    fn finish(&mut self, reading: Reading) {
        self.attempts = 0;
        let mut news = News {
            wanted: self.wanted,
            pending: &mut self.pending,
            port: 0,
        };
        if let Some(set) = &reading.set {
            self.ruleset.reread(set, &reading.next, &mut news);
            return;
        }
        difference::rulesets(&self.ruleset, &reading.next, &mut news);
        let generation = reading.generation;
        self.ruleset = reading.next;
        self.generation = Some(generation);
        self.all_stale = false;
        self.stale.clear();
        self.phase = Phase::Idle;
        self.pending.push_back(Event::Synced { generation });
    }

    /// Takes what the subscription received, which was queued not before `since`.
    pub(super) fn notified(
        &mut self,
        notification: &Notification<'_>,
        since: Instant,
        now: Instant,
    ) {
        let Notification::Event {
            message,
            nsid: None,
        } = notification
        else {
            // Of another namespace, or that some are lost.
            if !matches!(notification, Notification::Event { .. }) {
                self.lost();
            }
            return;
        };
        if self.all_stale {
            // What is told now is part of what is going to be listed.
            return;
        }
        let port = message.header.port.get();
        if message.message_type() == NFT_MSG_NEWGEN {
            return match GenView::parse(message.payload) {
                Ok(view) => self.committed(&view, port),
                Err(_) => self.lost(),
            };
        }
        let kept = Kept {
            message_type: message.message_type(),
            flags: message.flags(),
            port,
            payload: message.payload.into(),
            since,
            now,
        };
        // A quota that is used up is told at once, and not as part of a commit.
        if port == 0 && message.header.seq.get() == 0 && kept.message_type == NFT_MSG_NEWOBJ {
            self.used_up(&kept);
            return;
        }
        self.open_len += size_of::<Kept>() + kept.payload.len();
        self.open.push(kept);
        if self.open_len > LONGEST_COMMIT {
            self.lost();
        }
    }

    /// Events are lost; everything must be read again.
    pub(super) fn lost(&mut self) {
        self.pending.push_back(Event::Overrun);
        self.read_again();
    }

    /// Everything is to be read again, and from the start: what of a list was read before says nothing about now.
    pub(super) fn read_again(&mut self) {
        self.all_stale = true;
        self.drop_open();
        if let Phase::Listing(_) | Phase::Checking(_) = self.phase {
            self.phase = Phase::Idle;
        }
        // Nothing is told behind a mark that was not handed out yet: the next one is for both.
        if let Some(Event::Synced { .. }) = self.pending.back() {
            self.pending.pop_back();
        }
    }

    fn drop_open(&mut self) {
        self.open = Vec::new();
        self.open_len = 0;
    }

    /// The events since the last commit are one more.
    fn committed(&mut self, view: &GenView<'_>, port: u32) {
        let Some((generation, known)) = view.id().zip(self.generation) else {
            return self.lost();
        };
        let ahead = generation.wrapping_sub(known);
        if ahead == 0 || ahead > u32::MAX / 2 {
            // It was there when everything was listed.
            return self.drop_open();
        }
        if generation != next(known) {
            return self.lost();
        }
        self.generation = Some(generation);
        self.open_len = 0;
        let mut commit = Commit::default();
        let mut news = News {
            wanted: self.wanted,
            pending: &mut self.pending,
            port,
        };
        let mut doubts = Vec::new();
        for kept in std::mem::take(&mut self.open) {
            news.port = kept.port;
            let told = kept.told();
            doubts.extend(self.ruleset.apply(&told, &mut commit, &mut news).err());
        }
        news.port = port;
        doubts.extend(self.ruleset.complete(commit, &mut news).err());
        for doubt in doubts {
            match doubt {
                Doubt::Everything => self.all_stale = true,
                Doubt::Set(set) => {
                    self.stale.insert(set);
                }
            }
        }
        if !self.all_stale {
            self.pending.push_back(Event::Committed {
                generation,
                process: view.process().unwrap_or_default(),
                process_name: view.process_name().unwrap_or_default().to_owned(),
                port,
            });
        }
    }

    /// For the fuzz targets: a commit of messages with one payload.
    pub(super) fn feed(&mut self, message_types: &[u16], payload: &[u8]) {
        let now = Instant::now();
        let mut news = News {
            wanted: self.wanted,
            pending: &mut self.pending,
            port: 0,
        };
        let mut commit = Commit::default();
        for &message_type in message_types {
            let told = Told {
                message_type,
                flags: 0,
                payload,
                since: now,
                now,
            };
            let _ = self.ruleset.apply(&told, &mut commit, &mut news);
        }
        let _ = self.ruleset.complete(commit, &mut news);
        self.expire(now);
    }

    fn used_up(&mut self, kept: &Kept) {
        let mut news = News {
            wanted: self.wanted,
            pending: &mut self.pending,
            port: 0,
        };
        if self.ruleset.used_up(&kept.payload, &mut news).is_err() {
            self.read_again();
        }
    }
}

impl Kept {
    fn told(&self) -> Told<'_> {
        Told {
            message_type: self.message_type,
            flags: self.flags,
            payload: &self.payload,
            since: self.since,
            now: self.now,
        }
    }
}

/// The number of the generation that follows: 0 is none.
fn next(generation: u32) -> u32 {
    generation.checked_add(1).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use nl_core::{Header, Message};

    use super::*;
    use crate::batch::GenWriter;
    use crate::nfgen::Family;
    use crate::table::TableWriter;

    /// A state that has listed an empty ruleset of this generation.
    fn synced(generation: u32) -> State {
        let mut state = State::new(Objects::all());
        let now = Instant::now();
        loop {
            match state.step(now).unwrap() {
                Step::Deliver(Event::Synced { generation: at }) => {
                    assert_eq!(at, generation);
                    return state;
                }
                Step::Drain => state.drained(),
                Step::AskGeneration => state.generation_is(generation),
                Step::Barrier(at) => state.barrier(at == generation),
                Step::List(_) => state.list_done(false),
                other => panic!("{other:?}"),
            }
        }
    }

    fn tell(state: &mut State, message_type: u16, write: impl FnOnce(&mut Writer)) {
        let mut payload = Writer::new();
        write(&mut payload);
        let header = Header {
            message_type: message_type.into(),
            ..Header::default()
        };
        let message = Message {
            header: &header,
            payload: payload.bytes(),
        };
        let now = Instant::now();
        let told = Notification::Event {
            message,
            nsid: None,
        };
        state.notified(&told, now, now);
    }

    fn tell_table(state: &mut State, name: &str) {
        tell(state, NFT_MSG_NEWTABLE, |out| {
            TableWriter::new(out, &NfGenMsg::new(Family::INET))
                .name(name)
                .handle(1);
        });
    }

    fn tell_generation(state: &mut State, id: u32) {
        tell(state, NFT_MSG_NEWGEN, |out| {
            GenWriter::new(out, &NfGenMsg::new(Family::UNSPEC)).id(id);
        });
    }

    fn delivered(state: &mut State) -> Vec<String> {
        let mut events = Vec::new();
        while let Ok(Step::Deliver(event)) = state.step(Instant::now()) {
            let text = format!("{event:?}");
            events.push(text.split([' ', '{']).next().unwrap().to_owned());
        }
        events
    }

    #[test]
    fn nothing_is_told_before_the_commit_is_complete() {
        let mut state = synced(7);
        tell_table(&mut state, "a");
        assert_eq!(delivered(&mut state), [""; 0]);
        tell_generation(&mut state, 8);
        assert_eq!(delivered(&mut state), ["Added", "Committed"]);
    }

    #[test]
    fn behind_the_last_generation_comes_the_first() {
        let mut state = synced(u32::MAX);
        tell_table(&mut state, "a");
        tell_generation(&mut state, 1);
        assert_eq!(delivered(&mut state), ["Added", "Committed"]);
        assert_eq!(state.generation(), Some(1));
    }

    #[test]
    fn a_commit_that_was_listed_already_is_none() {
        for (listed, told) in [(7, 7), (7, 6), (1, u32::MAX), (2, u32::MAX - 9)] {
            let mut state = synced(listed);
            tell_table(&mut state, "a");
            tell_generation(&mut state, told);
            assert_eq!(delivered(&mut state), [""; 0], "{listed} {told}");
            assert_eq!(state.objects().count(), 0);
        }
    }

    #[test]
    fn a_commit_too_many_is_a_loss() {
        for (listed, told) in [(7, 9), (u32::MAX, 2), (u32::MAX - 1, 1)] {
            let mut state = synced(listed);
            tell_table(&mut state, "a");
            tell_generation(&mut state, told);
            assert_eq!(delivered(&mut state), ["Overrun"], "{listed} {told}");
            assert!(matches!(state.step(Instant::now()), Ok(Step::Drain)));
        }
    }

    /// Lists up to the next mark, but does only so many steps; what was listed.
    fn list(state: &mut State, steps: usize) -> (Vec<Listing>, bool) {
        let mut lists = Vec::new();
        for _ in 0..steps {
            match state.step(Instant::now()).unwrap() {
                Step::Deliver(Event::Synced { .. }) => return (lists, true),
                Step::Drain => state.drained(),
                Step::AskGeneration => state.generation_is(7),
                Step::Barrier(_) => state.barrier(true),
                Step::List(listing) => {
                    lists.push(listing);
                    state.list_done(false);
                }
                other => panic!("{other:?}"),
            }
        }
        (lists, false)
    }

    /// A future that was dropped can have left one unfinished.
    #[test]
    fn a_list_that_began_before_is_not_what_is_read_again() {
        let mut complete = 0;
        for steps in 0.. {
            let mut state = State::new(Objects::all());
            let (_, synced) = list(&mut state, steps);
            state.read_again();
            let (lists, again) = list(&mut state, usize::MAX);
            assert!(again);
            let first = lists.first();
            assert!(matches!(first, Some(Listing::Tables)), "{steps}: {lists:?}");
            if synced {
                break;
            }
            complete = steps;
        }
        assert!(complete > 8);
    }

    #[test]
    fn who_never_gets_to_list_is_told_so() {
        let mut state = State::new(Objects::all());
        let mut generation = 1;
        let error = loop {
            match state.step(Instant::now()) {
                Ok(Step::Drain) => state.drained(),
                Ok(Step::AskGeneration) => {
                    generation += 1;
                    state.generation_is(generation);
                }
                Ok(Step::Barrier(_)) => state.barrier(true),
                Ok(Step::List(_)) => state.list_done(false),
                Ok(other) => panic!("{other:?}"),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Error::Interrupted));
        assert!(generation > ATTEMPTS);
        // And it goes on from there.
        assert!(matches!(state.step(Instant::now()), Ok(Step::Drain)));
    }
}
